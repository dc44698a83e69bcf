import hashlib
import hmac
import re
import time

TOLERANCE = 300  # seconds


# raw_body: the bytes as they came. header: the value of X-Webhook-Signature.
def verify(raw_body, header, secret):
    parts = [part.strip().partition("=") for part in header.split(",")]
    t = next((value for name, _, value in parts if name == "t"), "")
    if not re.fullmatch("[0-9]{1,12}", t) or abs(time.time() - int(t)) > TOLERANCE:
        return False

    signed = t.encode() + b"." + raw_body
    expected = hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest().encode()
    return any(name == "v1" and hmac.compare_digest(expected, given.encode()) for name, _, given in parts)
