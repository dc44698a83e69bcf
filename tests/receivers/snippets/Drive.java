/** java Drive HEADER SECRET <body: says what the snippet on the page of the guide makes of a delivery. */
public final class Drive {
    public static void main(String[] given) throws Exception {
        byte[] body = System.in.readAllBytes();
        System.out.println(Verify.verify(body, given[0], given[1]) ? "accepted" : "refused");
    }
}
