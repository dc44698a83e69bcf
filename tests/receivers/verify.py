"""Holds one delivery against the verification libraries of Python, unchanged, as a receiver would use them.

stdin:  {"headers": {name: value}, "body_b64": "…", "secret": "whsec_…", "key": "whk_…" or null, "now": unix seconds, optional}
stdout: {"verified": ["stripe 1.2.3 X-TalentSprout-Signature", …], "refused": {"standardwebhooks 1.1.0": "why", …}}
Exit code 0 when nothing refused, 1 when something did, 2 when the question makes no sense.
"""

import base64
import json
import sys
import time
from datetime import datetime
from importlib.metadata import version

import standardwebhooks.webhooks
import stripe
import svix.webhooks


def pretend(unix):
    """The libraries refuse old timestamps, so a delivery of another day needs a clock of that day."""

    class Then(datetime):
        @classmethod
        def now(cls, tz=None):
            return cls.fromtimestamp(unix, tz)

    standardwebhooks.webhooks.datetime = Then
    time.time = lambda: float(unix)


def name(library, *rest):
    return " ".join([library, version(library), *rest])


def main():
    try:
        question = json.load(sys.stdin)
        headers = {header.lower(): value for header, value in question["headers"].items()}
        body = base64.b64decode(question["body_b64"])
        secret, key, now = question["secret"], question.get("key"), question.get("now")
    except (ValueError, KeyError, AttributeError) as error:
        print(f"cannot read the question: {error!r}", file=sys.stderr)
        return 2
    if now is not None:
        pretend(now)

    def by_stripe(header):
        return lambda: stripe.Webhook.construct_event(body, headers.get(header), secret)

    receivers = {
        name("stripe", "X-TalentSprout-Signature"): by_stripe("x-talentsprout-signature"),
        name("stripe", "X-Webhook-Signature"): by_stripe("x-webhook-signature"),
        name("standardwebhooks"): lambda: standardwebhooks.webhooks.Webhook(secret).verify(body, headers),
        name("svix"): lambda: svix.webhooks.Webhook(secret).verify(body, headers),
    }
    verified, refused = [], {}
    for receiver, receive in receivers.items():
        try:
            receive()
            verified.append(receiver)
        except Exception as error:  # whatever a library raises, it did not accept the delivery
            refused[receiver] = str(error).split("\n")[0] or type(error).__name__
    if headers.get("x-webhook-key") != key:
        refused["X-Webhook-Key"] = "is not the hook's key"

    print(json.dumps({"verified": verified, "refused": refused}))
    return 1 if refused else 0


if __name__ == "__main__":
    sys.exit(main())
