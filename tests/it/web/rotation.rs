//! Rotating a webhook's key or secret in the console (B3).

use hirewire::actions::hook::NewHook;
use hirewire::domain::mode::Mode;
use hirewire::domain::role::Role;

use crate::support::{TestApp, Verifier, token};

on_both_databases!(an_admin_rotates_a_secret_and_the_pages_say_what_is_in_force, nobody_else_rotates_or_replaces);

fn part<'a>(body: &'a str, from: &str, to: &str) -> &'a str {
    let start = body.find(from).unwrap_or_else(|| panic!("no {from} in {body}"));
    &body[start..][..body[start..].find(to).unwrap_or(body.len() - start)]
}

/// What a hidden field of a page holds.
fn hidden(body: &str) -> &str {
    body.split("name=\"token\" value=\"").nth(1).and_then(|rest| rest.split('"').next()).expect("a token")
}

async fn an_admin_rotates_a_secret_and_the_pages_say_what_is_in_force(app: TestApp) {
    let team = app.an_organisation().await;
    let verifier = Verifier::holding(&[]).await;
    let form = NewHook { sign: true, name: "HRIS <script> محمد".into(), ..NewHook::default() };
    let hook = app.a_hook_with(&team.admin, &verifier.receiver.url(), form).await;
    let first = app.what_is_shown_once(&team.admin, hook.id.as_str()).await.remove(0).1;
    verifier.switch_to(&[&first]);
    let (key, _) = app.an_api_key(&team.admin, Mode::Live).await;
    let mut browser = app.browser().logged_in(&team.admin.member.email).await;
    let at = format!("/settings/webhooks/{}", hook.id);
    assert!(!browser.get(&at).await.body.contains("Rotating"));

    let asked = browser.get(&format!("{at}/secret")).await;
    assert!(asked.body.contains("value=\"24h\" checked") && asked.body.contains("At once"), "{}", asked.body);
    let filling = hidden(&asked.body).to_owned();
    let wrong = browser.post(&format!("{at}/secret"), &[("overlap", "a while"), ("token", &filling)]).await;
    assert_eq!(wrong.status, 422);
    assert!(wrong.body.contains("<title>Error: ") && wrong.body.contains("href=\"#overlap\""), "{}", wrong.body);
    let made = browser.post(&format!("{at}/secret"), &[("overlap", "24h"), ("token", &filling)]).await;
    assert_eq!((made.status, made.location()), (303, Some(format!("{at}/reveal").as_str())));
    let shown = browser.get(&format!("{at}/reveal")).await.body;
    let second = shown.split("whsec_").nth(1).map(|rest| format!("whsec_{}", &rest[..44])).expect("a secret");
    assert!(shown.contains("works beside it until") && second != first, "{shown}");
    assert!(!browser.get(&format!("{at}/reveal")).await.body.contains(&second), "shown once");

    let page = browser.get(&at).await.body;
    let (old, new) = (&first[first.len() - 4..], &second[second.len() - 4..]);
    assert!(page.contains("<span class=\"tag\">Rotating</span>"), "{page}");
    let rotation = part(&page, "<h2>Signing secret", "</section>");
    assert!(rotation.contains(&format!("ends in {new}")) && rotation.contains(&format!("ends in {old}")), "{rotation}");
    assert!(rotation.contains("carry that of <strong>the old one</strong>"), "{rotation}");
    assert!(rotation.contains("My receiver has switched") && rotation.contains("Revoke old now"), "{rotation}");
    assert!(!page.contains(&first) && !page.contains(&second) && !page.contains("<script> محمد"));
    assert!(browser.get("/settings/webhooks").await.body.contains("<span class=\"tag\">Rotating</span>"));

    // The receiver switches by itself; the log says how, and the page what is preferred now.
    verifier.switch_to(&[&second]);
    app.report(&key, "job.created").await;
    app.tick().await;
    app.tick().await;
    let delivery = app.the_delivery(&team.id, Mode::Live).await;
    let log = browser.get(&format!("/developers/logs/{}", delivery.id)).await.body;
    assert!(log.contains("rotation, with the new one"), "{log}");
    assert!(log.contains(&format!("signed with the secret ending in <code>{new}</code>")), "{log}");
    assert!(log.contains(&format!("signed with the secret ending in <code>{old}</code>")), "{log}");
    assert!(log.contains("0 of 3 automatic, 0 manual, 1 with the other secret"), "{log}");
    let page = browser.get(&at).await.body;
    assert!(page.contains("carry that of <strong>the new one</strong>"), "{page}");
    assert!(!page.contains("My receiver has switched"));

    let asked = browser.get(&format!("{at}/secret")).await.body;
    assert!(asked.contains("A rotation is under way"), "{asked}");
    let asked = browser.get(&format!("{at}/secret/revocation")).await.body;
    assert!(asked.contains(&format!("which ends in <code>{old}</code>, is deleted")), "{asked}");
    let revoked = browser.post(&format!("{at}/secret/revocation"), &[]).await;
    assert_eq!((revoked.status, revoked.location()), (303, Some(at.as_str())));
    let page = browser.get(&at).await.body;
    assert!(!page.contains("Rotating") && !page.contains(&format!("ends in {old}")), "{page}");
    assert_eq!(browser.get(&format!("{at}/secret/revocation")).await.location(), Some(at.as_str()));
}

async fn nobody_else_rotates_or_replaces(app: TestApp) {
    let admin = app.an_admin().await;
    let (hook, secret) = app.a_signed_hook(&admin, "127.0.0.1/in").await;
    let at = format!("/settings/webhooks/{}", hook.id);
    let mut browser = app.browser().logged_in(&admin.member.email).await;
    browser.post(&format!("{at}/secret"), &[("token", &token())]).await;
    let support = app.a_member(&admin.organisation.id, Role::Support).await;
    let mut browser = app.browser().logged_in(&support.member.email).await;
    let page = browser.get(&at).await.body;
    assert!(page.contains("Rotating") && page.contains(&format!("ends in {}", &secret[secret.len() - 4..])), "{page}");
    for button in ["My receiver has switched", "Revoke old now", "Regenerate secret", ">Replace<"] {
        assert!(!page.contains(button), "{button} is in {page}");
    }
    for act in ["switch", "secret", "secret/revocation", "replacement"] {
        assert_eq!(browser.post(&format!("{at}/{act}"), &[("url", "hooks.acme.com/in")]).await.status, 403, "{act}");
    }
}
