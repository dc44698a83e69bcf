import { createHmac, timingSafeEqual } from "node:crypto";

const TOLERANCE = 300; // seconds

// rawBody: a Buffer with the bytes as they came. header: the value of X-Webhook-Signature.
export function verify(rawBody, header, secret) {
  const parts = header.split(",").map((part) => part.trim().split("="));
  const t = parts.find(([name]) => name === "t")?.[1] ?? "";
  if (!/^\d{1,12}$/.test(t) || Math.abs(Date.now() / 1000 - Number(t)) > TOLERANCE) return false;

  const expected = createHmac("sha256", secret).update(`${t}.`).update(rawBody).digest();
  return parts
    .filter(([name]) => name === "v1")
    .map(([, hex]) => Buffer.from(hex ?? "", "hex"))
    .some((given) => given.length === expected.length && timingSafeEqual(given, expected));
}
