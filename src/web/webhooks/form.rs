//! The form of a hook: what is the same when it is made and when it is changed.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;

use crate::actions::hook::NewHook;
use crate::actions::hook_settings::stamp;
use crate::domain::catalogue;
use crate::domain::hook::{FieldSet, Hook, Subscription};
use crate::domain::hook_header::{self, HeaderName};
use crate::domain::mode::Mode;
use crate::domain::policy::Policy;
use crate::domain::rate::Per;
use crate::domain::secret::{DOTS, Plain};
use crate::web::form::{TextField, describedby, wrong};
use crate::web::prelude::*;

/// So many rows for headers are there to be filled in; *Add another* brings as many again.
const SPARE_ROWS: usize = 3;

/// Reads what was typed. A value of a header that was not typed again is the one that was kept for it ([`kept_values`]).
pub(super) fn read(visit: &Visit, fields: &Fields) -> NewHook {
    let (names, values, kept) = (fields.all("header-name"), fields.all("header-value"), fields.all("header-kept"));
    let kept = kept.into_iter().chain(std::iter::repeat(String::new()));
    let rows = names.into_iter().zip(values).zip(kept);
    let headers = rows.map(|((name, typed), kept)| {
        // Whoever empties both removes the header.
        let is_gone = name.trim().is_empty();
        let value = if typed.is_empty() && !is_gone { opened(visit, &kept).unwrap_or(typed) } else { typed };
        (name, value)
    });
    NewHook {
        name: fields.one("name").to_owned(),
        note: fields.one("note").to_owned(),
        url: fields.one("url").to_owned(),
        policy: fields.one("policy").to_owned(),
        events: fields.all("events"),
        field_set: fields.one("field_set").to_owned(),
        rate: fields.one("rate").to_owned(),
        rate_per: fields.one("rate_per").to_owned(),
        default: fields.ticked("default"),
        headers: headers.collect(),
        sign: fields.ticked("sign"),
        key: fields.ticked("key"),
        token: fields.one("token").to_owned(),
    }
}

/// The values of the headers that were typed, row by row, sealed for this viewer's session: so a form that is shown again
/// holds none in clear, and none has to be typed twice. Empty where there is none, or what there was is wrong.
pub(super) fn kept_values(visit: &Visit, form: &NewHook, errors: &Errors) -> Vec<String> {
    let rows = form.headers.iter().enumerate();
    rows.map(|(at, (_, value))| {
        if value.is_empty() || errors.of(&format!("header-value-{at}")).is_some() {
            return String::new();
        }
        BASE64.encode(visit.app.sealing.seal(&Plain::new(value.clone()), &place(&visit.viewer)))
    })
    .collect()
}

fn opened(visit: &Visit, kept: &str) -> Option<String> {
    let sealed = BASE64.decode(kept).ok()?;
    visit.app.sealing.open(&sealed, &place(&visit.viewer)).ok().map(|plain| plain.reveal().to_owned())
}

fn place(viewer: &Viewer) -> String {
    format!("a header that was typed/{}/{}", viewer.member.id, viewer.session)
}

/// Whether *Add another* was pressed instead of the form's own button.
pub(super) fn asks_for_rows(fields: &Fields) -> bool {
    fields.ticked("more")
}

/// The form with more empty rows.
pub(super) fn with_more_rows(mut form: NewHook) -> NewHook {
    form.headers.extend(std::iter::repeat_n((String::new(), String::new()), SPARE_ROWS));
    form.headers.truncate(hook_header::MAX_HEADERS);
    form
}

/// The form as it stands for a hook that is there; the values of its headers are not told.
pub(super) fn of_hook(hook: &Hook, headers: &[HeaderName]) -> NewHook {
    NewHook {
        name: hook.name.clone(),
        note: hook.note.clone().unwrap_or_default(),
        policy: hook.policy.as_str().to_owned(),
        events: match &hook.subscription {
            Subscription::All => Vec::new(),
            Subscription::Only(kinds) => kinds.iter().map(ToString::to_string).collect(),
        },
        field_set: hook.field_set.as_str().to_owned(),
        rate: hook.rate.map(|rate| rate.requests().to_string()).unwrap_or_default(),
        rate_per: hook.rate.map(|rate| rate.per().as_str().to_owned()).unwrap_or_default(),
        default: hook.is_default,
        headers: headers.iter().map(|name| (name.as_str().to_owned(), String::new())).collect(),
        token: stamp(hook),
        ..NewHook::default()
    }
}

/// The fields of a hook, its address and its credentials left aside.
pub(super) struct HookFields<'a> {
    pub(super) form: &'a NewHook,
    pub(super) errors: &'a Errors,
    pub(super) mode: Mode,
    /// The headers whose values may be kept.
    pub(super) had: &'a [HeaderName],
    /// Their values as far as they were typed, row by row, see [`kept_values`].
    pub(super) kept: &'a [String],
    /// The name of the mode's default when that is another hook.
    pub(super) other_default: Option<&'a str>,
    /// Where the form goes.
    pub(super) action: &'a str,
}

impl HookFields<'_> {
    /// What the Enter key presses: the form's own button, and not *Add another*, which stands before it.
    pub(super) fn enter(&self) -> Markup {
        html! { button hidden tabindex="-1" aria-hidden="true" {} }
    }

    /// What few webhooks need: folded until something of it is set or wrong.
    pub(super) fn more(&self, content: Markup) -> Markup {
        let form = self.form;
        let is_set = !form.note.is_empty()
            || !form.rate.is_empty()
            || form.headers.iter().any(|(name, value)| !(name.is_empty() && value.is_empty()))
            || !["", FieldSet::Standard.as_str()].contains(&form.field_set.as_str())
            || (form.default && self.other_default.is_some());
        let is_open = is_set || !form.headers.is_empty() || !self.errors.is_empty();
        html! {
            details.more open[is_open] {
                summary { strong { "More settings" } span.soft.small { " Note, field set, default, rate limit, custom headers" } }
                div.stack { (content) }
            }
        }
    }

    pub(super) fn name(&self) -> Markup {
        html! {
            (TextField {
                name: "name", label: "Name", hint: "What your team calls this receiver. If empty, we use its host name.",
                value: &self.form.name, error: self.errors.of("name"),
            })
        }
    }

    pub(super) fn note(&self) -> Markup {
        html! {
            (TextField {
                name: "note", label: "Note", hint: "What it is for, and whom to ask about it. Only your team sees it.",
                value: &self.form.note, error: self.errors.of("note"),
            })
        }
    }

    pub(super) fn policies(&self) -> Markup {
        html! {
            fieldset #policy {
                legend { "Delivery policy" }
                (wrong("policy", self.errors.of("policy")))
                @for policy in Policy::ALL {
                    label.pick.tick {
                        input type="radio" name="policy" value=(policy.as_str()) checked[self.form.policy == policy.as_str()];
                        strong { (policy.label()) }
                        span.soft.small { (policy.explanation()) }
                    }
                }
            }
        }
    }

    pub(super) fn events(&self) -> Markup {
        html! {
            fieldset #events aria-describedby="events-hint" {
                legend { "Events" }
                p.soft.small #events-hint { "Tick none to receive every event, including new ones. Exports are sent only when someone starts one. Interviews cause their events themselves; the others come from partner systems." }
                (wrong("events", self.errors.of("events")))
                div.ticks {
                    @for kind in catalogue::subscribable() {
                        label.tick {
                            input type="checkbox" name="events" value=(kind) checked[self.form.events.iter().any(|name| name == kind.as_str())];
                            code { (kind) }
                        }
                    }
                }
            }
        }
    }

    pub(super) fn field_sets(&self) -> Markup {
        let (hint, error) =
            ("How much candidate data is sent. Give a receiver no more than it needs.", self.errors.of("field_set"));
        html! {
            div.field {
                label for="field_set" { "Field set" }
                p.soft.small #field_set-hint { (hint) }
                (wrong("field_set", error))
                select #field_set name="field_set" aria-invalid=[error.map(|_| "true")] aria-describedby=(describedby("field_set", hint, error)) {
                    @for set in FieldSet::ALL {
                        option value=(set.as_str()) selected[self.form.field_set == set.as_str()] { (set.label()) ": " (set.explanation()) }
                    }
                }
            }
        }
    }

    pub(super) fn default(&self) -> Markup {
        html! {
            fieldset #default {
                legend { "Default" }
                p.soft.small {
                    "Each mode has one default webhook. An interview with a webhook of its own sends there in place of the default."
                }
                label.tick {
                    input type="checkbox" name="default" checked[self.form.default];
                    span { "Make it the default of " (self.mode) " mode" }
                    span.soft.small {
                        @match self.other_default {
                            Some(other) => { "It takes this over from " bdi { (other) } "." },
                            None => { "There is no other default webhook of " (self.mode) " mode." }
                        }
                    }
                }
            }
        }
    }

    pub(super) fn rate(&self) -> Markup {
        let (hint, error) = (
            "Rate limit. Requests above it wait and do not count as failures. Leave empty for no limit.",
            self.errors.of("rate"),
        );
        html! {
            div.field {
                label for="rate" { "Requests at most" }
                p.soft.small #rate-hint { (hint) }
                (wrong("rate", error))
                div.row {
                    input #rate name="rate" value=(self.form.rate) inputmode="numeric" size="6" autocomplete="off"
                        aria-invalid=[error.map(|_| "true")] aria-describedby=(describedby("rate", hint, error));
                    select name="rate_per" aria-label="In which span" {
                        @for per in Per::ALL {
                            option value=(per.as_str()) selected[self.form.rate_per == per.as_str()] { "a " (per.as_str()) }
                        }
                    }
                }
            }
        }
    }

    pub(super) fn headers(&self) -> Markup {
        let filled = self.form.headers.len();
        let typed = self.form.headers.iter().filter(|(name, value)| !(name.is_empty() && value.is_empty())).count();
        let rows = filled.max(typed + SPARE_ROWS).min(hook_header::MAX_HEADERS.max(filled));
        html! {
            fieldset #headers aria-describedby="headers-hint" {
                legend { "Custom headers" }
                p.soft.small #headers-hint {
                    "Sent with every request, for receivers that ask for a token or a tenant. Values are stored encrypted and never shown again. "
                    @if !self.had.is_empty() { "Leave a value empty to keep it; empty both to remove the header." }
                    @else if self.kept.iter().any(|kept| !kept.is_empty()) { "What you typed is kept: leave a value empty to use it." }
                }
                div.stack {
                    @for at in 0..rows { (self.header(at)) }
                    @if rows < hook_header::MAX_HEADERS {
                        button.btn name="more" value="1" formaction={ (self.action) "#headers" } formnovalidate { "Add another" }
                    }
                }
            }
        }
    }

    fn header(&self, at: usize) -> Markup {
        let empty = (String::new(), String::new());
        let (name, value) = self.form.headers.get(at).unwrap_or(&empty);
        let sealed = self.kept.get(at).map(String::as_str).unwrap_or_default();
        let had = HeaderName::parse(name).is_ok_and(|name| self.had.iter().any(|had| had.is(&name)));
        let is_kept = value.is_empty() && had || !sealed.is_empty();
        let cell = |field: &str, label: &str, input: &dyn Fn(&str, Option<&str>) -> Markup| {
            let id = format!("{field}-{at}");
            let error = self.errors.of(&id);
            html! {
                div.field {
                    label for=(id) { (label) span.hush { " " (at + 1) } }
                    (wrong(&id, error))
                    (input(&id, error))
                }
            }
        };
        let name = |id: &str, error: Option<&str>| {
            html! {
                input id=(id) name="header-name" value=(name) autocomplete="off" spellcheck="false" autocapitalize="none"
                    aria-invalid=[error.map(|_| "true")] aria-describedby=[error.map(|_| describedby(id, "", error))];
            }
        };
        // A value is a secret: it is shown to nobody who looks over a shoulder, and stands in no answer.
        let value = |id: &str, error: Option<&str>| {
            html! {
                input id=(id) name="header-value" type="password" autocomplete="off" placeholder=[is_kept.then_some(DOTS)]
                    aria-invalid=[error.map(|_| "true")] aria-describedby=[error.map(|_| describedby(id, "", error))];
                input type="hidden" name="header-kept" value=(sealed);
            }
        };
        html! {
            div.filters.row {
                (cell("header-name", "Header", &name))
                (cell("header-value", "Value", &value))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::actions::FieldError;
    use crate::domain::rate::RateLimit;
    use crate::web::samples;

    fn fields<'a>(form: &'a NewHook, errors: &'a Errors, had: &'a [HeaderName]) -> HookFields<'a> {
        HookFields {
            form,
            errors,
            mode: Mode::Test,
            had,
            kept: &[],
            other_default: Some("O'Brien <b>"),
            action: "/here",
        }
    }

    #[test]
    fn the_form_of_a_hook_tells_its_settings_and_no_value_of_its_headers() {
        let hook = Hook {
            note: Some("Nguyễn Thị Ánh knows <script>".into()),
            rate: RateLimit::parse("20/minute"),
            subscription: Subscription::Only(vec![
                crate::domain::event::EventType::parse("job.created").expect("a type"),
            ]),
            ..samples::hook("HRIS")
        };
        let had = [HeaderName::parse("Authorization").expect("a name")];
        let (form, errors) = (of_hook(&hook, &had), Errors::default());
        let fields = fields(&form, &errors, &had);
        let note = fields.note().into_string();
        assert!(note.contains("value=\"Nguyễn Thị Ánh knows &lt;script&gt;\""), "{note}");
        assert!(fields.policies().into_string().contains("value=\"patient\" checked"));
        assert!(fields.events().into_string().contains("value=\"job.created\" checked"));
        assert!(fields.field_sets().into_string().contains("value=\"standard\" selected"));
        let rate = fields.rate().into_string();
        assert!(rate.contains("value=\"20\"") && rate.contains("value=\"minute\" selected"), "{rate}");
        assert!(fields.default().into_string().contains("<bdi>O'Brien &lt;b&gt;</bdi>"));
        let headers = fields.headers().into_string();
        assert!(
            headers.contains("value=\"Authorization\"") && headers.contains("placeholder=\"••••••••\""),
            "{headers}"
        );
        assert_eq!(headers.matches("name=\"header-name\"").count(), 4, "{headers}");
    }

    #[test]
    fn a_refused_row_keeps_its_name_and_its_value_sealed_and_says_what_is_wrong_beside_it() {
        let form = NewHook { headers: vec![("Host".into(), "a\"b".into())], ..NewHook::default() };
        let errors = Errors(vec![FieldError::new("header-name-0", "Host is set by Hirewire")]);
        let kept = ["c2VhbGVk".to_owned()];
        let headers = HookFields { kept: &kept, ..fields(&form, &errors, &[]) }.headers().into_string();
        assert!(headers.contains("value=\"Host\"") && headers.contains("value=\"c2VhbGVk\""), "{headers}");
        assert!(!headers.contains("a&quot;b") && headers.contains("What you typed is kept"), "{headers}");
        assert_eq!(headers.matches("type=\"password\"").count(), 4, "{headers}");
        assert!(
            headers.contains("id=\"header-name-0-error\"") && headers.contains("aria-invalid=\"true\""),
            "{headers}"
        );
    }

    #[test]
    fn rows_are_added_up_to_the_most_a_hook_may_have() {
        let errors = Errors::default();
        let rows = |form: &NewHook| fields(form, &errors, &[]).headers().into_string();
        let form = with_more_rows(with_more_rows(NewHook::default()));
        assert_eq!(rows(&form).matches("name=\"header-value\"").count(), 6);
        let form = with_more_rows(with_more_rows(with_more_rows(form)));
        let full = rows(&form);
        assert_eq!(full.matches("name=\"header-value\"").count(), 10);
        assert!(!full.contains("Add another"), "{full}");
    }
}
