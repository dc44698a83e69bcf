//! One delivery: what happened, what comes next, and the proof (T9, B5, B6).

use chrono::{DateTime, Utc};
use maud::PreEscaped;

use crate::domain::delivery::{Delivery, DeliveryState};
use crate::domain::hook::HookState;
use crate::domain::ids::DeliveryId;
use crate::web::logs::detail::Detail;
use crate::web::logs::explain::notice;
use crate::web::logs::{facts, payload, says, tries};
use crate::web::prelude::*;

/// The page of a delivery.
pub async fn show(visit: Visit, Path(id): Path<DeliveryId>) -> Answer {
    let now = visit.now;
    let detail = visit.find(move |conn, viewer| Detail::read(conn, viewer, &id, now)).await?;
    let body = Sheet { detail: &detail, viewer: &visit.viewer, time: visit.time() }.render();
    Ok(visit
        .page(detail.delivery.kind.as_str(), Nav::Logs, body)
        .in_mode(detail.delivery.mode)
        .refreshed(Pulse::of(&detail.delivery, now).map(|pulse| pulse.without_script))
        .ok())
}

/// How often a page that still changes looks again.
struct Pulse {
    script: &'static str,
    without_script: u32,
}

impl Pulse {
    fn of(delivery: &Delivery, now: DateTime<Utc>) -> Option<Self> {
        let soon = delivery.state.due().is_some_and(|due| due - now < chrono::TimeDelta::seconds(60));
        match (delivery.state.is_owed(), soon) {
            (false, _) => None,
            (true, true) => Some(Self { script: "1000", without_script: 3 }),
            // Held, or hours away: only someone else's act can change it sooner.
            (true, false) => Some(Self { script: "5000", without_script: 30 }),
        }
    }
}

/// The page's sheet.
pub struct Sheet<'a> {
    /// What it tells.
    pub detail: &'a Detail,
    /// Who looks.
    pub viewer: &'a Viewer,
    /// When.
    pub time: LocalTime,
}

impl Render for Sheet<'_> {
    fn render(&self) -> Markup {
        let detail = self.detail;
        html! {
            div.live #delivery data-live=[Pulse::of(&detail.delivery, self.time.now).map(|pulse| pulse.script)] {
                (self.head())
                p.says { (says::sentence(detail, self.time)) }
                (notice(detail, self.viewer))
                (self.acts())
                (part("Facts", html! {}, facts::list(detail, self.viewer, self.time)))
                (part("Tries", html! { "Newest first, as sent and as received" }, tries::list(detail, self.time)))
                (part("Payload", html! {}, payload::figure(detail)))
                (part("Signature", html! { "What was signed, and by which secret" }, payload::signature(detail, self.viewer)))
            }
        }
    }
}

impl Sheet<'_> {
    fn head(&self) -> Markup {
        let detail = self.detail;
        Head::below(Nav::Logs, breakable(detail.delivery.kind.as_str()))
            .state(html! {
                (State::of_delivery(&detail.delivery).pill())
                @if detail.delivery.probe { " " span.tag.probe { "Test" } }
            })
            .acts(html! {
                @if let Some(newer) = &detail.newer { a.btn rel="prev" href=(paths::log(newer)) { "Newer" } " " }
                @if let Some(older) = &detail.older { a.btn rel="next" href=(paths::log(older)) { "Older" } }
            })
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
