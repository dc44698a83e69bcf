//! The hooks of a mode, those that need attention first.

use chrono::TimeDelta;

use super::health::Standing;
use super::unused;
use crate::domain::hook::{Hook, HookState};
use crate::domain::ids::HookId;
use crate::domain::mode::Mode;
use crate::domain::rotation;
use crate::store::hook::Unreadable;
use crate::store::log::LogFilter;
use crate::store::page::Slice;
use crate::web::chart::Histogram;
use crate::web::prelude::*;
use crate::web::words::{first, percent, up_to};

/// How far back the list looks.
const WINDOW: TimeDelta = TimeDelta::days(7);
/// How many bars the small chart has: six hours each.
const BARS: usize = 28;

/// Shows the list.
pub async fn show(visit: Visit) -> Answer {
    let now = visit.now;
    let rule = visit.app.engine.rule();
    let (rows, unreadable) = visit
        .read(move |conn, viewer| {
            let store::hook::Listed { hooks, unreadable } =
                store::hook::list(conn, &viewer.organisation.id, viewer.mode)?;
            let mut rows = Vec::with_capacity(hooks.len());
            let ids: Vec<HookId> = hooks.iter().map(|hook| hook.id.clone()).collect();
            let mut health = store::health::of_hooks(conn, &ids)?;
            for hook in hooks {
                let filter = LogFilter { hook: Some(hook.id.clone()), ..LogFilter::default() };
                let page = store::log::page(conn, &viewer.organisation.id, viewer.mode, &filter, &Slice::Newest, 1)?;
                let last = page.lines.into_iter().next().map(|line| line.delivery);
                let recent = store::delivery::recent_statuses(
                    conn,
                    &viewer.organisation.id,
                    viewer.mode,
                    Some(&hook.id),
                    now - WINDOW,
                )?;
                let ended = recent.iter().map(|(_, status, at)| (*status, at));
                let counts = Histogram::of(ended, now, WINDOW, BARS);
                let standing = Standing { health: health.remove(&hook.id), rule, missed: (0, false) };
                let is_rotating = rotation::is_under_way(&store::credential::live(conn, &hook.id, now)?, now);
                let is_paused = hook.state == HookState::Paused;
                let held = if is_paused { store::delivery::count_owed_to(conn, &hook.id)? } else { (0, false) };
                let is_failing = standing.is_failing(&hook, recent.iter().map(|(_, status, _)| *status));
                rows.push(Row { hook, counts, last, standing, is_failing, is_rotating, held });
            }
            rows.sort_by_key(|row| (row.rank(), row.hook.name.to_lowercase()));
            Ok((rows, unreadable))
        })
        .await?;
    let view = ListView { rows: &rows, unreadable: &unreadable, viewer: &visit.viewer, time: visit.time() };
    Ok(visit.page("Webhooks", Nav::Webhooks, view).ok())
}

struct Row {
    hook: Hook,
    counts: Histogram,
    last: Option<crate::domain::delivery::Delivery>,
    standing: Standing,
    is_failing: bool,
    is_rotating: bool,
    /// How much is held for it, and whether counting stopped there; nothing unless it is paused.
    held: (usize, bool),
}

impl Row {
    fn rank(&self) -> u8 {
        match self.hook.state {
            _ if self.is_failing => 1,
            HookState::Disabled => 0,
            HookState::Paused => 2,
            _ => 3,
        }
    }
}

struct ListView<'a> {
    rows: &'a [Row],
    /// Those that this version cannot read.
    unreadable: &'a [Unreadable],
    viewer: &'a Viewer,
    time: LocalTime,
}

impl Render for ListView<'_> {
    fn render(&self) -> Markup {
        let manages = self.viewer.role.may(Permission::ManageHooks);
        let create = html! { @if manages { a.btn.main href=(paths::NEW_WEBHOOK) { "Create Webhook" } } };
        let head = Head::of(Nav::Webhooks, "Webhooks");
        if self.rows.is_empty() && self.unreadable.is_empty() {
            return html! { (head) (self.empty(&create)) };
        }
        html! {
            (head.acts(create).lede(self.summary()))
            (Table::pairs(["Name and host", "State", "Last 7 days"]).numbers("Succeeded").columns(["Last delivery"]).roomy()
                .captioned(html! { "Webhooks in " (self.viewer.mode) " mode, those that need attention first" })
                .rows(html! {
                    @for hook in self.unreadable { (unreadable(hook)) }
                    @for row in self.rows { (self.row(row)) }
                }))
            p.small.soft { "Above the line: succeeded. Below: failed. Each bar is six hours." }
        }
    }
}

impl ListView<'_> {
    fn summary(&self) -> String {
        let count = self.rows.len() + self.unreadable.len();
        let noun = if count == 1 { "webhook" } else { "webhooks" };
        let failing = self.rows.iter().filter(|row| row.is_failing).count();
        let disabled = self.rows.iter().filter(|row| row.hook.state == HookState::Disabled).count();
        let paused = self.rows.iter().filter(|row| row.hook.state == HookState::Paused).count();
        let told = |count: usize, what: &str| match count {
            0 => String::new(),
            1 => format!(" One {what}."),
            many => format!(" {} {}.", first(many), what.replacen("is", "are", 1).replacen("was", "were", 1)),
        };
        format!(
            "{} {noun} in {} mode.{}{}{}",
            first(count),
            self.viewer.mode,
            told(disabled, "is disabled"),
            told(failing, "is failing"),
            told(paused, "is paused")
        )
    }

    fn row(&self, row: &Row) -> Markup {
        let (succeeded, failed) = row.counts.totals();
        let all = succeeded + failed;
        let address = row.hook.url.shown_to(self.viewer.role);
        let address = address.trim_start_matches("https://");
        let label = format!("{}, last 7 days: {succeeded} of {all} succeeded", row.hook.name);
        let state = if row.is_failing { State::FAILING } else { State::of_hook(&row.hook) };
        html! {
            tr {
                th scope="row" {
                    a href=(paths::webhook(&row.hook.id)) { bdi { (row.hook.name) } }
                    @if row.hook.is_default { " " span.tag { "Default" } }
                    @if row.hook.interview().is_some() { " " span.tag { "Interview" } }
                    @if row.is_rotating { " " span.tag { "Rotating" } }
                    span.sub.mono { (address) }
                    @if let Some(note) = &row.hook.note { span.sub { bdi { (note) } } }
                }
                td { (state.plain()) (self.standing(row)) }
                td { (row.counts.spark(&label)) }
                td.num data-l="Succeeded" {
                    span.fixed { (percent(succeeded, all)) }
                    span.sub.fixed { "of " (all) }
                }
                td data-l="Last delivery" {
                    @match &row.last {
                        Some(last) => {
                            span.fixed { (State::of_delivery(last).plain()) " " @if let Some(status) = last.response_status { code { (status) } } }
                            span.sub { (self.time.near(last.sent_at.unwrap_or(last.created_at))) }
                        }
                        None => span.soft { "nothing sent yet" },
                    }
                    @if row.held.0 > 0 { span.sub { (up_to(row.held)) " held" } }
                    @if unused::since(&row.hook, row.last.as_ref().map(|last| last.created_at), self.time.now).is_some() {
                        span.sub { "unused for 30 days" }
                    }
                }
            }
        }
    }

    /// Under the state: until when it may fail, or since when nothing is sent to it.
    fn standing(&self, row: &Row) -> Markup {
        let near = |at| self.time.near(at);
        let disabled = row.standing.health.and_then(|health| health.disabled).map(|(_, at)| at);
        html! {
            @if let Some(end) = row.standing.ends(&row.hook) {
                span.sub { "will be disabled " (self.time.on(end)) (near(end)) " unless a delivery succeeds" }
            } @else if let Some(at) = disabled.filter(|_| row.hook.state == HookState::Disabled) {
                span.sub { "since " (near(at)) }
            }
        }
    }

    fn empty(&self, create: &Markup) -> Markup {
        let mode = self.viewer.mode;
        html! {
            section.empty {
                h2 { "No webhook in " (mode) " mode yet." }
                p {
                    "A webhook is an address of yours that Hirewire calls when something happens: a candidate is exported, an interview is completed, a job changes. "
                    "The first one you create becomes the default and gets every event, unless you tick some."
                }
                @if create.0.is_empty() { p { "An Organisation Admin can create one." } } @else { p { (create) } }
                (code::figure("Example payload", html! { strong { "Example request" } " shortened" }, code::json(EXAMPLE.as_bytes()), false))
                p { a href=(paths::RECEIVING) { "How to receive and verify a delivery" } }
                @if mode == Mode::Live { p.small.soft { "Just trying things out? Switch to Test above. Nothing in test mode reaches a live receiver." } }
            }
        }
    }
}

fn unreadable(hook: &Unreadable) -> Markup {
    html! {
        tr {
            th scope="row" { bdi { (hook.name) } span.sub.mono { (hook.id) } }
            td colspan="4" {
                "unreadable: written by a newer version"
                span.sub { "What happens is held for it until this server runs that version." }
            }
        }
    }
}

const EXAMPLE: &str = r#"{"id":"evt_01KAGZ7Q1FM8XW4T0R9B5YHC3N","event":"interview.completed","timestamp":"2026-11-20T09:30:00.000Z","data":{"candidate":{"fullName":"Nguyễn Thị Ánh"},"scores":{"overall":87}}}"#;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::health::Rule;
    use crate::web::samples::{hook, now, time, viewer};

    fn shown(rows: &[Row]) -> String {
        ListView { rows, unreadable: &[], viewer: &viewer(Role::Admin), time: time() }.render().into_string()
    }

    fn row(hook: Hook, held: usize) -> Row {
        let standing = Standing { health: None, rule: Rule::default(), missed: (0, false) };
        Row {
            hook,
            counts: Histogram::of([], now(), WINDOW, BARS),
            last: None,
            standing,
            is_failing: false,
            is_rotating: false,
            held: (held, false),
        }
    }

    #[test]
    fn a_row_tells_its_note_what_is_held_and_that_it_lies_idle() {
        let paused = Hook { state: HookState::Paused, note: Some("Ask O'Brien <b>".into()), ..hook("HRIS") };
        let idle = Hook { created_at: now() - TimeDelta::days(31), ..hook("Payroll") };
        let page = shown(&[row(paused, 23), row(idle, 0)]);
        assert!(page.contains("<bdi>Ask O'Brien &lt;b&gt;</bdi>") && page.contains("23 held"), "{page}");
        assert_eq!(page.matches("unused for 30 days").count(), 1, "{page}");
        assert!(page.contains("Two webhooks in live mode. One is paused."), "{page}");
    }

    #[test]
    fn the_summary_counts_in_words() {
        let failing = |name| Row { is_failing: true, ..row(hook(name), 0) };
        let page = shown(&[failing("A"), failing("B"), failing("C"), failing("D")]);
        assert!(page.contains("Four webhooks in live mode. Four are failing."), "{page}");
        assert!(shown(&[failing("A")]).contains("One webhook in live mode. One is failing."));
    }

    #[test]
    fn an_empty_list_says_what_a_webhook_is_and_how_to_make_one() {
        let page = shown(&[]);
        assert!(page.contains("No webhook in live mode yet.") && page.contains(paths::NEW_WEBHOOK), "{page}");
        assert!(page.contains("Example payload") && page.contains("How to receive and verify"), "{page}");
    }
}
