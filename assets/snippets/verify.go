package webhook

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"strconv"
	"strings"
	"time"
)

const tolerance = 300 // seconds

// Verify takes the bytes as they came, the value of X-Webhook-Signature and the secret.
func Verify(rawBody []byte, header, secret string) bool {
	var t string
	var given []string
	for _, part := range strings.Split(header, ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(part), "=")
		switch name {
		case "t":
			t = value
		case "v1":
			given = append(given, value)
		}
	}
	at, err := strconv.ParseInt(t, 10, 64)
	if age := time.Now().Unix() - at; err != nil || age > tolerance || age < -tolerance {
		return false
	}
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(t + "."))
	mac.Write(rawBody)
	expected := mac.Sum(nil)
	for _, signature := range given {
		sum, err := hex.DecodeString(signature)
		if err == nil && hmac.Equal(sum, expected) {
			return true
		}
	}
	return false
}
