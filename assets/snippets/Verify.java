import static java.nio.charset.StandardCharsets.UTF_8;

import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

public final class Verify {
    private static final long TOLERANCE = 300; // seconds

    /** rawBody: the bytes as they came. header: the value of X-Webhook-Signature. */
    public static boolean verify(byte[] rawBody, String header, String secret) throws GeneralSecurityException {
        String t = "";
        List<byte[]> given = new ArrayList<>();
        for (String part : header.split(",")) {
            String[] pair = part.strip().split("=", 2);
            if (pair.length == 2 && pair[0].equals("t")) t = pair[1];
            if (pair.length == 2 && pair[0].equals("v1")) given.add(pair[1].getBytes(UTF_8));
        }
        long now = System.currentTimeMillis() / 1000;
        if (!t.matches("[0-9]{1,12}") || Math.abs(now - Long.parseLong(t)) > TOLERANCE) return false;

        Mac mac = Mac.getInstance("HmacSHA256");
        mac.init(new SecretKeySpec(secret.getBytes(UTF_8), "HmacSHA256"));
        mac.update((t + ".").getBytes(UTF_8));
        byte[] expected = HexFormat.of().formatHex(mac.doFinal(rawBody)).getBytes(UTF_8);
        return given.stream().anyMatch(signature -> MessageDigest.isEqual(expected, signature));
    }
}
