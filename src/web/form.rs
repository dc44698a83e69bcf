//! Forms: what was typed, what is wrong with it, and how both stand on the page again.

use std::future::Future;
use std::pin::Pin;

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpMessage as _, HttpRequest, web};
use maud::{Markup, Render, html};
use rand::distr::{Alphanumeric, SampleString};

use crate::actions::FieldError;
use crate::body::{self, SMALL_BODY};
use crate::domain::role::Role;
use crate::web::bidi::isolated;
use crate::web::error::WebError;

/// A form has at most this many names and values.
const MAX_PAIRS: usize = 2_000;

/// A posted form or a query as it arrived, but for NULs: nobody types one, and PostgreSQL takes none in a text. Names may
/// repeat.
#[derive(Debug, Clone, Default)]
pub struct Fields(Vec<(String, String)>);

impl Fields {
    /// Reads an urlencoded text.
    pub fn parse(text: &[u8]) -> Self {
        let mut fields = Self::default();
        form_urlencoded::parse(text).for_each(|(name, value)| fields.push(name, value));
        fields
    }

    /// Reads a form that was posted.
    fn posted(text: &[u8]) -> Result<Self, WebError> {
        match text.iter().filter(|byte| **byte == b'&').count() {
            ..MAX_PAIRS => Ok(Self::parse(text)),
            _ => Err(WebError::TooManyFields),
        }
    }

    /// Adds a value.
    pub fn push(&mut self, name: impl Into<String>, value: impl Into<String>) {
        // No database takes a NUL. Dropped, it would make an address out of what was none, so something stands in its place.
        let mark = |text: String| if text.contains('\0') { text.replace('\0', "\u{fffd}") } else { text };
        self.0.push((mark(name.into()), mark(value.into())));
    }

    /// The first value of a name; empty when it is missing.
    pub fn one(&self, name: &str) -> &str {
        self.0.iter().find(|(key, _)| key == name).map_or("", |(_, value)| value)
    }

    /// Every value of a name.
    pub fn all(&self, name: &str) -> Vec<String> {
        self.0.iter().filter(|(key, _)| key == name).map(|(_, value)| value.clone()).collect()
    }

    /// Whether a box of this name was ticked.
    pub fn ticked(&self, name: &str) -> bool {
        self.0.iter().any(|(key, _)| key == name)
    }

    /// Every name and value.
    pub fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(key, value)| (key.as_str(), value.as_str()))
    }
}

/// How many bytes a form may have at most on the route that a request takes; [`super::gate::rules`] says it.
#[derive(Debug, Clone, Copy)]
pub struct Limit(pub usize);

impl FromRequest for Fields {
    type Error = WebError;
    type Future = Pin<Box<dyn Future<Output = Result<Self, WebError>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let largest = request.extensions().get().map_or(0, |Limit(largest)| *largest);
        let (payload, declared) = (payload.take(), body::declared(request.headers()));
        Box::pin(async move {
            let form = body::read(payload, declared, largest).await.map_err(|why| WebError::not_read(why, largest))?;
            if form.len() <= SMALL_BODY {
                return Self::posted(&form);
            }
            // What takes long is no work for the threads that serve pages.
            web::block(move || Self::posted(&form)).await.unwrap_or(Err(WebError::NoRoom))
        })
    }
}

/// A token that names one filling of a form: pressing its button twice makes one thing.
pub fn token() -> String {
    Alphanumeric.sample_string(&mut rand::rng(), 24)
}

/// The hidden field with the token.
pub fn token_field(token: &str) -> Markup {
    html! { input type="hidden" name="token" value=(token); }
}

/// What is wrong with a form, by field.
#[derive(Debug, Clone, Default)]
pub struct Errors(pub Vec<FieldError>);

impl Errors {
    /// What is wrong with one field.
    pub fn of(&self, field: &str) -> Option<&str> {
        self.0.iter().find(|error| error.field == field).map(|error| error.message.as_str())
    }

    /// Whether nothing is.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The box above the page's head: the very words of the fields, each a link to its field.
    pub fn summary(&self) -> Markup {
        html! {
            @if !self.0.is_empty() {
                div.notice.bad.error-summary role="alert" aria-labelledby="problem" tabindex="-1" {
                    h2 #problem { "There is a problem" }
                    ul { @for error in &self.0 { li { a href={ "#" (error.field) } { (error.message) } } } }
                }
            }
        }
    }
}

/// A labelled line of text with its hint and error.
pub struct TextField<'a> {
    /// The field's name and id.
    pub name: &'a str,
    /// Its label.
    pub label: &'a str,
    /// One line under the label; none when empty.
    pub hint: &'a str,
    /// What stands in it.
    pub value: &'a str,
    /// What is wrong with it.
    pub error: Option<&'a str>,
}

impl Render for TextField<'_> {
    fn render(&self) -> Markup {
        self.input(None, None)
    }
}

impl TextField<'_> {
    /// The same as an input of another type and with a name for what browsers fill in by themselves.
    pub fn input(&self, kind: Option<&str>, autocomplete: Option<&str>) -> Markup {
        html! {
            div.field {
                label for=(self.name) { (self.label) }
                @if !self.hint.is_empty() { p.soft.small id={ (self.name) "-hint" } { (self.hint) } }
                (wrong(self.name, self.error))
                input id=(self.name) name=(self.name) type=[kind] value=[(kind != Some("password")).then_some(self.value)]
                    autocomplete=[autocomplete] spellcheck=[kind.map(|_| "false")]
                    aria-invalid=[self.error.map(|_| "true")] aria-describedby=(describedby(self.name, self.hint, self.error));
            }
        }
    }
}

/// The address of a hook behind its fixed `https://` (S3).
pub struct UrlField<'a> {
    /// One line under the label.
    pub hint: &'a str,
    /// What was typed; shown without a pasted `https://`, so that it does not stand there twice.
    pub value: &'a str,
    /// What is wrong with it.
    pub error: Option<&'a str>,
}

impl Render for UrlField<'_> {
    fn render(&self) -> Markup {
        let typed = self.value.trim();
        let shown = typed.strip_prefix("https://").unwrap_or(typed);
        html! {
            div.field {
                label for="url" { "Webhook URL" }
                p.soft.small #url-hint { (self.hint) }
                (wrong("url", self.error))
                div.url {
                    span #url-prefix { "https://" }
                    input #url name="url" value=(shown) inputmode="url" spellcheck="false" autocapitalize="none" autocomplete="off"
                        aria-invalid=[self.error.map(|_| "true")]
                        aria-describedby={ "url-prefix " (describedby("url", self.hint, self.error)) };
                }
            }
        }
    }
}

/// A labelled choice from a list.
pub struct Choice<'a> {
    /// The field's name and id.
    pub name: &'a str,
    /// Its label.
    pub label: &'a str,
    /// One line under the label; none when empty.
    pub hint: &'a str,
    /// The value and words of each; the first is chosen when none is.
    pub options: &'a [(String, String)],
    /// The chosen value.
    pub value: &'a str,
    /// What is wrong with it.
    pub error: Option<&'a str>,
}

impl Render for Choice<'_> {
    fn render(&self) -> Markup {
        html! {
            div.field {
                label for=(self.name) { (self.label) }
                @if !self.hint.is_empty() { p.soft.small id={ (self.name) "-hint" } { (self.hint) } }
                (wrong(self.name, self.error))
                select id=(self.name) name=(self.name) aria-invalid=[self.error.map(|_| "true")]
                    aria-describedby=(describedby(self.name, self.hint, self.error)) {
                    @for (value, words) in self.options { option value=(value) selected[value == self.value] { (isolated(words)) } }
                }
            }
        }
    }
}

/// The roles to choose from, each with what it is for.
pub fn roles(chosen: &str, error: Option<&str>) -> Markup {
    html! {
        fieldset #role {
            legend { "Role" }
            (wrong("role", error))
            @for role in Role::ALL {
                label.pick.tick {
                    input type="radio" name="role" value=(role.as_str()) checked[chosen == role.as_str()];
                    strong { (role.label()) }
                    span.soft.small { (role.explanation()) }
                }
            }
        }
    }
}

/// The error beside a field.
pub fn wrong(name: &str, error: Option<&str>) -> Markup {
    html! {
        @if let Some(error) = error {
            p.wrong id={ (name) "-error" } { span.hush { "Error: " } (error) }
        }
    }
}

/// What describes a field to those who do not see it.
pub fn describedby(name: &str, hint: &str, error: Option<&str>) -> String {
    let hint = (!hint.is_empty()).then(|| format!("{name}-hint"));
    let error = error.map(|_| format!("{name}-error"));
    [hint, error].into_iter().flatten().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::{Fields, WebError};

    #[test]
    fn a_form_of_more_than_two_thousand_fields_is_refused() {
        let form = |pairs: usize| vec!["a=b"; pairs].join("&");
        assert_eq!(Fields::posted(form(2_000).as_bytes()).expect("a form").pairs().count(), 2_000);
        assert!(matches!(Fields::posted(form(2_001).as_bytes()), Err(WebError::TooManyFields)));
    }

    #[test]
    fn a_mark_stands_wherever_a_nul_stood() {
        let mut fields = Fields::parse(b"stage=%00&na%00me=a%00b&token=t");
        fields.push("file\0", "\0x");
        let pairs: Vec<_> = fields.pairs().collect();
        assert_eq!(
            pairs,
            [("stage", "\u{fffd}"), ("na\u{fffd}me", "a\u{fffd}b"), ("token", "t"), ("file\u{fffd}", "\u{fffd}x")]
        );
    }
}
