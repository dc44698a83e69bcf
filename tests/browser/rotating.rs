//! An admin rotates a secret in a browser, and public verification libraries go on accepting what comes.

use crate::browser::{Browser, Script};
use crate::demo::{Demo, On};
use crate::story::{ADMIN, create_hook};
use crate::verifiers::verify;

#[tokio::test]
async fn public_verifiers_accept_a_delivery_while_its_secret_is_rotated() {
    let demo = Demo::start(On::Sqlite);
    let browser = Browser::start(Script::Off).await;
    browser.log_in(&demo, ADMIN).await;
    let (old, key) = create_hook(&browser, &demo, "Rotated", "/ok").await;
    browser.follow("I have stored them").await;
    browser.follow("Regenerate secret").await;
    browser.press("Regenerate secret").await;
    let new = browser.text("//pre[@aria-label='Signing secret']").await;
    assert_ne!(old, new);
    browser.follow("I have stored it").await;
    browser.until_it_says("Rotating").await;
    browser.press("Send Test").await;
    browser.until_it_says("Answered 200").await;
    let request = demo.received_of("webhook.test", 1).await.remove(0);

    // Whoever holds the old one verifies every header.
    let verdict = verify(&request, &old, &key);
    assert!(verdict.refused.is_empty(), "{verdict:?}");
    // Whoever holds the new one verifies those that carry both.
    let verdict = verify(&request, &new, &key);
    for (library, several) in [("stripe", "X-Webhook-Signature"), ("standardwebhooks", ""), ("svix", "")] {
        let accepts = |name: &&String| name.starts_with(library) && name.contains(several);
        assert!(verdict.accepted.iter().filter(accepts).count() >= 2, "{library} in Node and in Python: {verdict:?}");
    }
    assert!(verdict.refused.iter().any(|name| name.contains("X-TalentSprout-Signature")), "{verdict:?}");

    // Once the receiver has switched, whoever holds the new one verifies every header.
    browser.press("My receiver has switched").await;
    browser.press("Send Test").await;
    browser.until_it_says("Answered 200").await;
    let requests = demo.received_of("webhook.test", 2).await;
    let latest = requests.iter().find(|other| other.body["id"] != request.body["id"]);
    let verdict = verify(latest.expect("a second test"), &new, &key);
    assert!(verdict.refused.is_empty(), "{verdict:?}");
}
