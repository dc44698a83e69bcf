//! The list: filters, tabs with counts, a page of deliveries.

use actix_web::HttpRequest;

use super::empty::{Nothing, none_match, nothing_sent};
use super::filter::Filters;
use super::own_exports_only;
use crate::domain::delivery::Status;
use crate::domain::hook::{Hook, HookState};
use crate::store::log::LogLine;
use crate::store::page::{Cursor, Page as LogPage, Slice};
use crate::web::prelude::*;
use crate::web::status::response;
use crate::web::ui::Tabs;
use crate::web::words::grouped;

/// How many deliveries a page holds.
const PAGE: usize = 50;
/// How often, in milliseconds, the newest page looks again.
const LIVE: &str = "3000";

/// A page of the log.
pub async fn show(visit: Visit, request: HttpRequest) -> Answer {
    let hooks = visit
        .read(move |conn, viewer| store::hook::list_with_deleted(conn, &viewer.organisation.id, viewer.mode))
        .await?;
    let today = visit.time().today();
    let filters = Filters::read(request.query_string(), &hooks, today);
    let page = |body: Markup| visit.page("Webhook Logs", Nav::Logs, body);
    if !filters.query.errors.is_empty() {
        return Ok(page(refused(&filters, &hooks)).refused());
    }
    let found = read(&visit, &filters, &hooks).await?;
    if matches!(filters.page, Slice::NewerThan(_)) && !found.page.has_newer {
        // The newest page again: the one that stays live.
        return Ok(see_other(filters.query.link(&[])));
    }
    Ok(page(
        List { filters: &filters, hooks: &hooks, viewer: &visit.viewer, found: &found, time: visit.time() }.render(),
    )
    .ok())
}

/// What the database holds for a page.
#[derive(Debug, Default)]
pub struct Found {
    /// The lines.
    pub page: LogPage<LogLine>,
    /// How many there are in each status, the filter by status left aside.
    pub counts: [u64; 4],
    /// Whether counting stopped before the end.
    pub capped: bool,
    /// Read only when there is no line.
    pub nothing: Nothing,
}

async fn read(visit: &Visit, filters: &Filters, hooks: &[Hook]) -> Result<Found, WebError> {
    let filter = filters.log_filter(visit.viewer.organisation.time_zone, own_exports_only(&visit.viewer));
    let wanted = filters.page.clone();
    let has_hook = hooks.iter().any(|hook| hook.state != HookState::Deleted);
    visit
        .read(move |conn, viewer| {
            let page = store::log::page(conn, &viewer.organisation.id, viewer.mode, &filter, &wanted, PAGE)?;
            let (counts, capped) = store::log::counts(conn, &viewer.organisation.id, viewer.mode, &filter)?;
            let nothing = if page.lines.is_empty() {
                Nothing::read(conn, &viewer.organisation.id, viewer.mode, &filter, has_hook)?
            } else {
                Nothing::default()
            };
            Ok(Found { page, counts, capped, nothing })
        })
        .await
}

/// The page as it stands.
pub struct List<'a> {
    /// What was asked for.
    pub filters: &'a Filters,
    /// The hooks to choose from.
    pub hooks: &'a [Hook],
    /// Who looks.
    pub viewer: &'a Viewer,
    /// What was found.
    pub found: &'a Found,
    /// When.
    pub time: LocalTime,
}

fn head(lede: bool) -> Markup {
    Head::of(Nav::Logs, "Webhook Logs").lede(if lede { "Deliveries, newest first." } else { "" }).render()
}

fn refused(filters: &Filters, hooks: &[Hook]) -> Markup {
    html! {
        (filters.query.errors.summary())
        (head(true))
        div.stack {
            (filters.form(hooks))
            p { a href=(paths::LOGS) { "Clear all filters" } }
        }
    }
}

impl Render for List<'_> {
    fn render(&self) -> Markup {
        let nothing_at_all = self.found.nothing.in_mode == 0;
        let is_empty = self.found.page.lines.is_empty();
        if is_empty && nothing_at_all && !self.found.nothing.has_tests {
            return html! { (head(false)) (nothing_sent(&self.found.nothing, self.viewer)) };
        }
        let live = (self.filters.page == Slice::Newest).then_some(LIVE);
        html! {
            (head(true))
            div.stack {
                (self.filters.form(self.hooks))
                (self.filters.chips())
                div.stack #log data-live=[live] {
                    @if self.found.counts.iter().sum::<u64>() > 0 { (self.tabs()) }
                    @if is_empty {
                        (none_match(self.filters, &self.found.nothing, self.viewer, self.time))
                    } @else {
                        (self.summary())
                        (self.table())
                        (self.pages())
                    }
                }
            }
        }
    }
}

impl List<'_> {
    fn counted(&self, count: u64, whole: bool) -> String {
        match (self.found.capped, whole) {
            (true, true) => "10,000+".into(),
            (true, false) => format!("{}+", grouped(count)),
            _ => grouped(count),
        }
    }

    fn tabs(&self) -> Markup {
        let counts = &self.found.counts;
        let all = (None, self.counted(counts.iter().sum(), true));
        let each =
            Status::ALL.into_iter().zip(counts).map(|(status, count)| (Some(status), self.counted(*count, false)));
        let tab = |tabs: Tabs, (status, count): (Option<Status>, String)| {
            let words = html! { (status.map_or("All", Status::label)) " " span { (count) } };
            let href = self.filters.query.link(&[("status", status.map_or("", Status::as_str))]);
            tabs.tab(words, href, status == self.filters.status)
        };
        std::iter::once(all).chain(each).fold(Tabs::by("By outcome"), tab).render()
    }

    fn summary(&self) -> Markup {
        let at = |wanted: Status| Status::ALL.iter().position(|status| *status == wanted).unwrap_or_default();
        let count =
            self.filters.status.map_or_else(|| self.found.counts.iter().sum(), |status| self.found.counts[at(status)]);
        html! {
            div.row.apart.small {
                p.row {
                    strong {
                        (self.counted(count, self.filters.status.is_none()))
                        @if count == 1 && !self.found.capped { " delivery" } @else { " deliveries" }
                    }
                }
                p.row {
                    @if !self.filters.tests { a href=(self.filters.query.link(&[("tests", "1")])) { "Include tests" } " " }
                    @if !self.filters.only_tests { a href=(self.filters.query.link(&[("tests", "only")])) { "Only tests" } }
                }
            }
        }
    }

    fn table(&self) -> Markup {
        Table::of("cards logs", ["Timestamp", "Event", "Webhook", "Status", "Response"])
            .numbers("Retries")
            .captioned("Deliveries, newest first")
            .rows(html! { @for line in &self.found.page.lines { (self.line(line)) } })
    }

    fn line(&self, line: &LogLine) -> Markup {
        let delivery = &line.delivery;
        html! {
            tr {
                td { (self.time.short(delivery.sent_at.unwrap_or(delivery.created_at))) }
                td {
                    a href=(paths::log(&delivery.id)) { (delivery.kind) }
                    @if delivery.probe { " " span.tag.probe { "Test" } }
                    @if delivery.tries.manual > 0 { " " span.tag { "Resent" } }
                }
                td { bdi { (line.hook_name) } }
                td { (State::of_delivery(delivery).plain()) }
                td { (response(delivery)) }
                td.num data-l="Retries" { (delivery.tries.retries()) }
            }
        }
    }

    fn pages(&self) -> Markup {
        let page = &self.found.page;
        let (Some(first), Some(last)) = (page.lines.first(), page.lines.last()) else { return html! {} };
        let (newest, oldest) = (first.delivery.created_at, last.delivery.created_at);
        let one_day = self.time.date_of(newest) == self.time.date_of(oldest);
        let moment = |at| if one_day { self.time.clock(at) } else { self.time.short(at) };
        let shown = html! { (moment(newest)) @if newest != oldest { " to " (moment(oldest)) } };
        let place = |line: &LogLine| Cursor { created_at: line.delivery.created_at, id: line.delivery.id.clone() };
        self.filters.query.pager(page, place, shown).render()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::web::logs::sample;
    use crate::web::query::cursor_text;

    fn rendered(found: &Found, query: &str) -> String {
        let hooks = [sample::hook()];
        let filters = Filters::read(query, &hooks, sample::now().date_naive());
        let viewer = sample::viewer(Role::Admin);
        List { filters: &filters, hooks: &hooks, viewer: &viewer, found, time: sample::time() }.render().into_string()
    }

    fn found(lines: Vec<LogLine>) -> Found {
        Found {
            page: LogPage { lines, has_newer: false, has_older: true },
            counts: [0, 0, 8_702, 1],
            ..Found::default()
        }
    }

    #[test]
    fn a_line_says_when_what_where_and_how_it_went() {
        let line = LogLine { delivery: sample::delivery(), hook_name: "<script>".into() };
        let page = rendered(&found(vec![line]), "tests=1");
        for part in [
            "20 Nov, 14:42:11",
            ">candidate.stage_changed</a>",
            "<td><bdi>&lt;script&gt;</bdi></td>",
            "Failed",
            "<code>401</code> <span class=\"soft\">refused</span>",
            "data-l=\"Retries\">3</td>",
            "8,703 deliveries",
            "data-live=\"3000\"",
            "Older",
        ] {
            assert!(page.contains(part), "{part} is not in {page}");
        }
        assert!(!page.contains("Newest</a>"));
    }

    #[test]
    fn a_page_further_back_stays_as_it_is() {
        let cursor = cursor_text(&Cursor { created_at: sample::now(), id: sample::delivery().id.clone() });
        let line = LogLine { delivery: sample::delivery(), hook_name: "HRIS Sync".into() };
        let mut found = found(vec![line]);
        found.page.has_newer = true;
        found.capped = true;
        let page = rendered(&found, &format!("before={cursor}"));
        assert!(
            !page.contains("data-live")
                && page.contains("Newest</a>")
                && page.contains("after=")
                && page.contains("10,000+"),
            "{page}"
        );
    }
}
