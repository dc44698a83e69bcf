// drive HEADER SECRET <body: says what the snippet on the page of the guide makes of a delivery.
package main

import (
	"fmt"
	"io"
	"os"

	"receiver/webhook"
)

func main() {
	body, err := io.ReadAll(os.Stdin)
	if err != nil {
		panic(err)
	}
	if webhook.Verify(body, os.Args[1], os.Args[2]) {
		fmt.Println("accepted")
	} else {
		fmt.Println("refused")
	}
}
