// Holds one delivery against the verification libraries of Node, unchanged, as a receiver would use them.
//
// stdin:  {"headers": {name: value}, "body_b64": "…", "secret": "whsec_…", "key": "whk_…" | null, "now": unix seconds, optional}
// stdout: {"verified": ["stripe 1.2.3 X-TalentSprout-Signature", …], "refused": {"standardwebhooks 1.1.1": "why", …}}
// Exit code 0 when nothing refused, 1 when something did, 2 when the question makes no sense.

import crypto from "node:crypto";
import { readFileSync } from "node:fs";

import { verify as verifyGitHub } from "@octokit/webhooks-methods";
import { Webhook as StandardWebhook } from "standardwebhooks";
import Stripe from "stripe";
import { Webhook as SvixWebhook } from "svix";

// As TalentSprout prints it.
function verifyWebhook(body, signatureHeader, secret) {
  const parts = Object.fromEntries(
    signatureHeader.split(',').map(p => p.split('='))
  );
  const timestamp = parts.t;
  const expectedSig = parts.v1;

  const signedPayload = `${timestamp}.${body}`;
  const computedSig = crypto
    .createHmac('sha256', secret)
    .update(signedPayload)
    .digest('hex');

  return computedSig === expectedSig;
}

function input() {
  try {
    const { headers, body_b64, secret, key = null, now } = JSON.parse(readFileSync(0, "utf8"));
    const lower = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
    return { headers: lower, body: Buffer.from(body_b64, "base64"), secret, key, now };
  } catch (error) {
    console.error(`cannot read the question: ${error.message}`);
    process.exit(2);
  }
}

// The libraries refuse old timestamps, so a delivery of another day needs a clock of that day.
function pretend(unix) {
  const now = unix * 1000;
  globalThis.Date = class extends Date {
    constructor(...given) {
      super(...(given.length ? given : [now]));
    }
    static now() {
      return now;
    }
  };
}

function versionOf(library) {
  const manifest = new URL(`./node_modules/${library}/package.json`, import.meta.url);
  return `${library} ${JSON.parse(readFileSync(manifest, "utf8")).version}`;
}

function need(answer) {
  if (answer === false) throw new Error("the signature does not match");
}

const { headers, body, secret, key, now } = input();
if (now != null) pretend(now);
const text = body.toString("utf8");
const stripe = new Stripe("sk_test_unused");

const receivers = {
  [`${versionOf("stripe")} X-TalentSprout-Signature`]: () =>
    stripe.webhooks.constructEvent(body, headers["x-talentsprout-signature"], secret),
  [`${versionOf("stripe")} X-Webhook-Signature`]: () =>
    stripe.webhooks.constructEvent(body, headers["x-webhook-signature"], secret),
  [versionOf("standardwebhooks")]: () => new StandardWebhook(secret).verify(body, headers),
  [versionOf("svix")]: () => new SvixWebhook(secret).verify(body, headers),
  [versionOf("@octokit/webhooks-methods")]: async () =>
    need(await verifyGitHub(secret, text, headers["x-hub-signature-256"])),
  "TalentSprout's snippet": () => need(verifyWebhook(text, headers["x-talentsprout-signature"], secret)),
  // A receiver whose framework has parsed the body already signs what it prints again.
  "TalentSprout's snippet on JSON.stringify(JSON.parse(body))": () => {
    const printed = JSON.stringify(JSON.parse(text));
    if (printed !== text) throw new Error("JSON.stringify(JSON.parse(body)) differs from the body");
    need(verifyWebhook(printed, headers["x-talentsprout-signature"], secret));
  },
};

const verified = [];
const refused = {};
for (const [name, receive] of Object.entries(receivers)) {
  try {
    await receive();
    verified.push(name);
  } catch (error) {
    refused[name] = String(error.message).split("\n")[0];
  }
}
if ((headers["x-webhook-key"] ?? null) !== key) refused["X-Webhook-Key"] = "is not the hook's key";

console.log(JSON.stringify({ verified, refused }));
process.exitCode = Object.keys(refused).length ? 1 : 0;
