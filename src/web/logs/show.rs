//! One delivery: what happened, what comes next, and the proof (T9, B5, B6).

use std::time::Duration;

use actix_web::{HttpResponse, web};
use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use maud::{Markup, PreEscaped, Render, html};

use super::super::error::WebError;
use super::super::gate::Organisations;
use super::super::icons::icon;
use super::super::layout::{Head, Nav, Page, part};
use super::super::paths;
use super::super::status::State;
use super::explain::notice;
use super::{facts, own_exports_only, payload, says, tries};
use crate::actions::{Context, Viewer};
use crate::domain::act::ActKind;
use crate::domain::attempt::{Attempt, ErrorClass, Trigger};
use crate::domain::delivery::{Delivery, DeliveryState};
use crate::domain::event::{Cause, Event};
use crate::domain::hook::{Hook, HookState};
use crate::domain::ids::{DeliveryId, ExportId};
use crate::domain::mask::{self, target::Target};
use crate::domain::role::Permission;
use crate::domain::secret::{CredentialKind, DOTS};
use crate::store::audit::Done;
use crate::store::log::LogFilter;
use crate::store::{self, Conn, StoreError};

/// The page of a delivery.
pub async fn show(
    context: web::Data<Context>,
    viewer: Viewer,
    organisations: Organisations,
    id: web::Path<String>,
) -> Result<HttpResponse, WebError> {
    let id: DeliveryId = id.parse().map_err(|_| WebError::NotFound)?;
    let reader = viewer.clone();
    let now = context.clock.now();
    let detail = context.store.read(move |conn| Detail::read(conn, &reader, &id, now)).await?;
    let detail = detail.ok_or(WebError::NotFound)?;
    let body = Sheet { detail: &detail, viewer: &viewer, now }.render();
    let page = Page::new(detail.delivery.kind.as_str(), Nav::Logs, &viewer, body)
        .in_mode(detail.delivery.mode)
        .refreshed(detail.pulse(now).map(|pulse| pulse.without_script));
    Ok(Page { organisations: organisations.0, ..page }.ok())
}

/// Everything the page tells of a delivery.
#[derive(Debug, Clone)]
pub struct Detail {
    /// The delivery.
    pub delivery: Delivery,
    /// To whom.
    pub hook: Hook,
    /// Their address, as this viewer may see it.
    pub address: String,
    /// What happened.
    pub event: Event,
    /// The name of the member or API key that caused it.
    pub client: Option<String>,
    /// The export it carries.
    pub export: Option<ExportId>,
    /// The frozen bytes, personal data masked for those who may not see it; `None` when they are gone.
    pub body: Option<Vec<u8>>,
    /// How many bytes went out.
    pub sent_bytes: usize,
    /// Whether personal data is masked.
    pub is_masked: bool,
    /// The tries, newest first.
    pub attempts: Vec<Attempt>,
    /// Which kinds of credentials the hook has now, and how each ends.
    pub credentials: Vec<(CredentialKind, String)>,
    /// What people did to it, oldest first.
    pub acts: Vec<Done>,
    /// The next newer delivery.
    pub newer: Option<DeliveryId>,
    /// The next older one.
    pub older: Option<DeliveryId>,
}

/// How often a page that still changes looks again.
struct Pulse {
    script: &'static str,
    without_script: u32,
}

impl Detail {
    /// Reads a delivery with all that belongs to it; `None` when there is none, or none that this viewer may see.
    pub(super) fn read(
        conn: &mut Conn,
        viewer: &Viewer,
        id: &DeliveryId,
        now: DateTime<Utc>,
    ) -> Result<Option<Self>, StoreError> {
        let organisation = &viewer.organisation.id;
        let Some(delivery) = store::delivery::find(conn, organisation, id)? else { return Ok(None) };
        let export = store::export::find_by_delivery(conn, organisation, id)?.map(|view| view.export);
        let own = own_exports_only(viewer);
        if own.is_some() && export.as_ref().map(|export| &export.requested_by) != own.as_ref() {
            return Ok(None);
        }
        let hook = store::hook::find(conn, organisation, &delivery.hook_id)?;
        let event = store::event::find(conn, organisation, &delivery.event_id)?;
        let (Some(hook), Some(event)) = (hook, event) else { return Ok(None) };
        let client = match &event.cause {
            Cause::Member(member) => store::member::find(conn, member)?.map(|member| member.name),
            Cause::ApiKey(key) => store::api_key::find(conn, organisation, key)?.map(|key| key.name),
            Cause::Clock => None,
        };
        let is_masked = !viewer.role.may(Permission::SeePersonalData);
        let body = store::event::body(conn, &delivery.event_id, delivery.field_set)?;
        let sent_bytes = body.as_ref().map_or(0, Vec::len);
        let neighbours = LogFilter { tests: delivery.probe, exported_by: own, ..LogFilter::default() };
        let (newer, older) = store::log::neighbours(conn, organisation, delivery.mode, &neighbours, &delivery)?;
        let cancelled = delivery.last_class == Some(ErrorClass::Cancelled);
        let by_hand = cancelled || delivery.tries.manual > 0 || delivery.trigger == Trigger::Manual;
        let mut attempts = store::attempt::of_delivery(conn, id)?;
        if !viewer.role.may(Permission::ManageHooks) {
            attempts.iter_mut().for_each(hide_target);
        }
        Ok(Some(Self {
            address: hook.url.shown_to(viewer.role),
            body: if is_masked { body.and_then(|body| mask::json::payload(event.kind, &body)) } else { body },
            sent_bytes,
            is_masked,
            attempts,
            credentials: credentials(conn, &hook, now)?,
            acts: if by_hand {
                store::audit::of_object(conn, organisation, id.as_str(), delivery.created_at)?
            } else {
                Vec::new()
            },
            client,
            export: export.map(|export| export.id),
            newer,
            older,
            delivery,
            hook,
            event,
        }))
    }

    /// The newest try.
    pub fn last(&self) -> Option<&Attempt> {
        self.attempts.first()
    }

    /// Who asked for the try that began at this time.
    pub fn retried_by(&self, began: DateTime<Utc>) -> Option<&str> {
        let mut asked = self.acts.iter().rev().filter(|done| done.act.is(ActKind::DeliveryRetried) && done.at <= began);
        asked.next().and_then(|done| done.by.as_deref())
    }

    /// Who cancelled it, if somebody did. Only sending it again opens a delivery that was cancelled: what ended it after that
    /// was no act of its own, but the end of its webhook.
    pub fn cancelled_by(&self) -> Option<&str> {
        let last = |kind| self.acts.iter().rev().find(|done| done.act.is(kind));
        let cancelled = last(ActKind::DeliveryCancelled)?;
        let is_reopened = last(ActKind::DeliveryRetried).is_some_and(|retried| retried.at > cancelled.at);
        if is_reopened { None } else { cancelled.by.as_deref() }
    }

    fn pulse(&self, now: DateTime<Utc>) -> Option<Pulse> {
        let soon = self.delivery.state.due().is_some_and(|due| due - now < chrono::TimeDelta::seconds(60));
        match (self.delivery.state.is_owed(), soon) {
            (false, _) => None,
            (true, true) => Some(Pulse { script: "1000", without_script: 3 }),
            // Held, or hours away: only someone else's act can change it sooner.
            (true, false) => Some(Pulse { script: "5000", without_script: 30 }),
        }
    }
}

/// Takes path and query of the address that was called out of a try: out of its request line, and of what the receiver
/// repeated of it.
fn hide_target(attempt: &mut Attempt) {
    let Some(request) = &mut attempt.request else { return };
    if request.target == "/" {
        return;
    }
    let target = Target::new(&std::mem::replace(&mut request.target, format!("/{DOTS}")));
    if let Some(response) = &mut attempt.response {
        let lines = response.headers.iter().map(|(name, value)| (name, target.hidden_in(value)));
        response.headers = lines.collect();
        response.body = target.hidden_in_bytes(std::mem::take(&mut response.body));
    }
    attempt.outcome.detail = attempt.outcome.detail.take().map(|detail| target.hidden_in(&detail));
}

fn credentials(conn: &mut Conn, hook: &Hook, now: DateTime<Utc>) -> Result<Vec<(CredentialKind, String)>, StoreError> {
    if hook.state == HookState::Deleted {
        return Ok(Vec::new());
    }
    let live = store::credential::in_use_by(conn, hook)?.into_iter().map(|sealed| sealed.credential);
    let live = live.filter(|credential| credential.is_live(now));
    Ok(live.map(|credential| (credential.kind, credential.ends_in)).collect())
}

/// The page's sheet.
pub struct Sheet<'a> {
    /// What it tells.
    pub detail: &'a Detail,
    /// Who looks.
    pub viewer: &'a Viewer,
    /// When.
    pub now: DateTime<Utc>,
}

impl Render for Sheet<'_> {
    fn render(&self) -> Markup {
        let (detail, zone) = (self.detail, self.zone());
        html! {
            div.live #delivery data-live=[detail.pulse(self.now).map(|pulse| pulse.script)] {
                (self.head())
                p.says { (says::sentence(detail, zone, self.now)) }
                (notice(detail, self.viewer))
                (self.acts())
                (part("Facts", html! {}, facts::list(detail, self.viewer, self.now)))
                (part("Tries", html! { "Newest first, as sent and as received" }, tries::list(detail, zone, self.now)))
                (part("Payload", html! {}, payload::figure(detail)))
                (part("Signature", html! { "What was signed, and by which secret" }, payload::signature(detail, self.viewer)))
            }
        }
    }
}

impl Sheet<'_> {
    fn zone(&self) -> Tz {
        self.viewer.organisation.time_zone
    }

    fn head(&self) -> Markup {
        let detail = self.detail;
        let crumbs = [("Developers", None), ("Webhook Logs", Some(paths::LOGS.to_owned()))];
        Head {
            state: html! {
                (State::of_delivery(&detail.delivery).pill())
                @if detail.delivery.probe { " " span.tag.probe { "Test" } }
            },
            acts: html! {
                @if let Some(newer) = &detail.newer { a.btn rel="prev" href=(paths::log(newer)) { "Newer" } " " }
                @if let Some(older) = &detail.older { a.btn rel="next" href=(paths::log(older)) { "Older" } }
            },
            ..Head::new(&crumbs, breakable(detail.delivery.kind.as_str()))
        }
        .render()
    }

    fn acts(&self) -> Markup {
        let (detail, id) = (self.detail, &self.detail.delivery.id);
        let may = self.viewer.role.may(Permission::Resend);
        let state = &detail.delivery.state;
        let untried = matches!(state, DeliveryState::Pending { .. });
        let may_retry = may && detail.hook.state == HookState::Active && !untried;
        let is_failed = !matches!(state, DeliveryState::Success { .. });
        html! {
            div.row.no-print {
                @if may_retry {
                    form method="post" action=(paths::log_retry(id)) {
                        button class={ "btn" @if is_failed { " main" } } { (icon("again")) @if is_failed { "Retry now" } @else { "Send again" } }
                    }
                }
                @if may && state.is_owed() {
                    form method="post" action=(paths::log_cancellation(id)) {
                        button.btn.risk { (icon("off")) "Cancel retries" }
                    }
                }
                button.btn type="button" hidden data-copy="curl" { (icon("copy")) "Copy as cURL" }
            }
        }
    }
}

/// An event type that may break after its dots and underscores.
fn breakable(name: &str) -> Markup {
    // Types come from the catalogue: letters, dots and underscores.
    PreEscaped(name.replace('.', ".<wbr>").replace('_', "_<wbr>"))
}

/// A duration of an attempt or between two of its times.
pub fn between(from: DateTime<Utc>, to: DateTime<Utc>) -> Duration {
    (to - from).to_std().unwrap_or_default()
}
