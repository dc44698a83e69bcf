//! API Key Management: created, shown once, revoked.

use std::collections::HashMap;

use actix_web::http::StatusCode;

use crate::actions::api_key::{NewApiKey, create};
use crate::actions::reveal;
use crate::domain::api_key::{ApiKey, prefix};
use crate::domain::ids::ApiKeyId;
use crate::domain::mode::Mode;
use crate::domain::secret::{CredentialKind, DOTS};
use crate::web::form::{TextField, wrong};
use crate::web::prelude::*;
use crate::web::ui::{Confirm, one_time_value, stops};
use crate::web::webhooks::default::DefaultHook;

/// The keys, and the form of a new one.
pub async fn show(visit: Visit) -> Answer {
    let form = NewApiKey { mode: visit.viewer.mode.as_str().into(), token: token(), ..NewApiKey::default() };
    page(&visit, &form, &Errors::default(), StatusCode::OK).await
}

/// Creates a key, and leads to the page that shows it once.
pub async fn submit(visit: Visit, fields: Fields) -> Answer {
    let form = NewApiKey {
        name: fields.one("name").to_owned(),
        mode: fields.one("mode").to_owned(),
        token: fields.one("token").to_owned(),
    };
    match create(&visit.app, &visit.viewer, form.clone()).await {
        Ok(id) => Ok(see_other(paths::api_key_reveal(id))),
        Err(ActionError::Invalid(errors)) => {
            page(&visit, &form, &Errors(errors), StatusCode::UNPROCESSABLE_ENTITY).await
        }
        Err(error) => Err(error.into()),
    }
}

/// Shows a new key, once.
pub async fn reveal(visit: Visit, Path(id): Path<ApiKeyId>) -> Answer {
    let key = find(&visit, id).await?;
    let revealed = reveal::take(&visit.app, &visit.viewer, key.id.as_str()).await?;
    let title = if revealed.is_empty() { "Shown once already" } else { "Store this key now" };
    let body = html! {
        (Head::below(Nav::ApiKeys, title))
        @if revealed.is_empty() {
            p.says { "This key has been shown. Hirewire keeps only a hash of it." }
            p { code { (prefix(key.mode)) (DOTS) } " " span.soft { "ends in " (key.ends_in) } }
        } @else {
            p.says { "You see this only once. After a reload you see only its last four characters." }
            div.form {
                @for value in &revealed { (one_time_value("API key", "goes into the header Authorization: Bearer …", &value.value)) }
                div.notice.info {
                    h2 { "What it reaches" }
                    p { a href=(paths::API) { "How to report an event with it" } }
                    p { "Events of " (key.mode) " mode of " bdi { (visit.viewer.organisation.name) } ", and nothing of the other mode. Keep it in the partner system’s own secret store." }
                }
            }
        }
        p.row { a.btn.main href=(paths::API_KEYS) { @if revealed.is_empty() { "Back to the keys" } @else { "I have stored it" } } }
    };
    Ok(visit.page(title, Nav::ApiKeys, body).in_mode(key.mode).ok())
}

/// Asks before a key is revoked.
pub async fn show_revocation(visit: Visit, Path(id): Path<ApiKeyId>) -> Answer {
    let key = find(&visit, id).await?;
    let details = html! {
        (stops(html! { p { "Whatever uses this key can report nothing more. A revoked key cannot be brought back." } }))
        dl.facts {
            div { dt { "Key" } dd { code { (prefix(key.mode)) (DOTS) } " ends in " (key.ends_in) } }
            div { dt { "Last used" } dd { @match key.last_used_at { Some(at) => (visit.time().long(at)), None => "never" } } }
        }
    };
    let says = "Every request with it is refused with 401 from the moment you press the button.";
    let ask = Confirm::new(says, "Revoke API key", paths::api_key_revocation(&key.id), paths::API_KEYS);
    let head = Head::below(Nav::ApiKeys, html! { "Revoke " bdi { (key.name) } "?" });
    let body = html! { (head) (ask.details(details)) };
    Ok(visit.page(format!("Revoke {}", key.name), Nav::ApiKeys, body).in_mode(key.mode).ok())
}

/// Revokes a key.
pub async fn revoke(visit: Visit, Path(id): Path<ApiKeyId>) -> Answer {
    crate::actions::api_key::revoke(&visit.app, &visit.viewer, id).await?;
    Ok(done::see_other(paths::API_KEYS, "The API key was revoked."))
}

async fn find(visit: &Visit, id: ApiKeyId) -> Result<ApiKey, WebError> {
    visit.find(move |conn, viewer| store::api_key::find(conn, &viewer.organisation.id, &id)).await
}

async fn page(visit: &Visit, form: &NewApiKey, errors: &Errors, status: StatusCode) -> Answer {
    let time = visit.time();
    let (keys, names, default) = visit
        .read(move |conn, viewer| {
            let keys = store::api_key::list(conn, &viewer.organisation.id)?;
            let makers: Vec<String> = keys.iter().filter_map(|key| key.created_by.clone()).map(String::from).collect();
            Ok((keys, store::member::names(conn, &makers)?, DefaultHook::read(conn, viewer, time)?))
        })
        .await?;
    let view = KeysView {
        keys: &keys,
        names: &names,
        default: &default,
        form,
        errors,
        viewer: &visit.viewer,
        time: visit.time(),
    };
    let page = visit.page("API Key Management", Nav::ApiKeys, view);
    Ok(if status == StatusCode::OK { page.ok() } else { page.refused() })
}

struct KeysView<'a> {
    keys: &'a [ApiKey],
    names: &'a HashMap<String, String>,
    default: &'a DefaultHook,
    form: &'a NewApiKey,
    errors: &'a Errors,
    viewer: &'a Viewer,
    time: LocalTime,
}

impl Render for KeysView<'_> {
    fn render(&self) -> Markup {
        let head = Head::of(Nav::ApiKeys, "API Key Management").lede(html! {
            "Partner systems report events with a key. A key of test mode reaches only test webhooks, a live one only live webhooks. "
            a href=(paths::API) { "How to report an event" }
        });
        html! {
            (self.errors.summary())
            (head)
            (part("Create a key", html! { "It is shown once, on the page that follows." }, self.create()))
            (part("Keys", html! { "Of both modes" }, self.list()))
            (part("Webhook Configuration", html! { "Where events of " (self.viewer.mode) " mode are sent" }, self.webhook()))
        }
    }
}

impl KeysView<'_> {
    fn create(&self) -> Markup {
        let error = self.errors.of("mode");
        html! {
            form.form method="post" action=(paths::API_KEYS) novalidate {
                (token_field(&self.form.token))
                (TextField {
                    name: "name", label: "Name", hint: "Which system uses it.",
                    value: &self.form.name, error: self.errors.of("name"),
                })
                div.field {
                    label for="mode" { "Mode" }
                    (wrong("mode", error))
                    select #mode name="mode" aria-invalid=[error.map(|_| "true")] {
                        @for mode in [Mode::Test, Mode::Live] {
                            option value=(mode) selected[self.form.mode == mode.as_str()] { (mode.label()) }
                        }
                    }
                }
                div.row { button.btn.main { "Create API key" } }
            }
        }
    }

    /// The default webhook: others keep its address beside the keys.
    fn webhook(&self) -> Markup {
        let default = self.default;
        html! {
            (default.address(self.viewer))
            @if let Some(hook) = &default.hook {
                dl.facts {
                    div { dt { "Webhook key" } dd { (default.credential(CredentialKind::Key)) } }
                    div { dt { "Signing secret" } dd { (default.credential(CredentialKind::Secret)) } }
                }
                @if self.viewer.role.may(Permission::ManageHooks) {
                    div.row {
                        a.btn href=(paths::webhook(&hook.id)) { "Open the webhook" } " "
                        a.btn href=(paths::webhook_credential(&hook.id, CredentialKind::Key.as_str())) { @if default.has(CredentialKind::Key) { "Regenerate key" } @else { "Generate key" } }
                    }
                }
                p.small { a href=(paths::WEBHOOKS) { "All webhooks of " (self.viewer.mode) " mode" } }
            }
        }
    }

    fn list(&self) -> Markup {
        if self.keys.is_empty() {
            return html! { p.small.soft { "No partner system has a key yet." } };
        }
        Table::pairs(["Name", "Key", "Made", "Last used"])
            .unseen("Acts")
            .rows(html! { @for key in self.keys { (self.row(key)) } })
    }

    fn row(&self, key: &ApiKey) -> Markup {
        let maker = key.created_by.as_ref().and_then(|id| self.names.get(id.as_str()));
        html! {
            tr {
                th scope="row" { bdi { (key.name) } " " span.tag { (key.mode.label()) } span.sub.mono { (key.id) } }
                td { code { (prefix(key.mode)) (DOTS) } span.sub { "ends in " (key.ends_in) } }
                td data-l="Made" { (self.time.near(key.created_at)) @if let Some(name) = maker { span.sub { bdi { (name) } } } }
                td data-l="Last used" { @match key.last_used_at { Some(at) => (self.time.near(at)), None => span.soft { "never" } } }
                td {
                    @match key.revoked_at {
                        Some(at) => span.soft { "revoked " (self.time.near(at)) },
                        None => a href=(paths::api_key_revocation(&key.id)) { "Revoke" span.hush { " " bdi { (key.name) } } },
                    }
                }
            }
        }
    }
}
