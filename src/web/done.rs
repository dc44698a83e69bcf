//! What was done a moment ago, said once on the page that follows an act.
//!
//! The act's answer carries the sentence ([`see_other`]); [`super::gate::rules`] gives it to the browser as a signed cookie,
//! and takes it back when a page has shown it. Nothing depends on it: a browser that loses it shows one line less.

use actix_web::cookie::{Cookie, CookieJar, Key, SameSite, time::Duration};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{HeaderName, SET_COOKIE};
use actix_web::{HttpResponse, web};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;

use crate::actions::Context;
use crate::config::Config;
use crate::web::redirect;
use crate::web::session::cookie_name;

/// How long the sentence waits for its page.
const MAX_AGE: Duration = Duration::minutes(1);
/// The script looks again at pages that are open; what they fetch shows nothing new.
const LIVE: HeaderName = HeaderName::from_static("x-live");

/// What was done, one sentence.
struct Done(String);

/// Leads to another page, which says what was done.
pub fn see_other(target: impl Into<String>, done: impl Into<String>) -> HttpResponse {
    let mut answer = redirect::see_other(target);
    answer.extensions_mut().insert(Done(done.into()));
    answer
}

/// Carries the sentence of one visitor.
pub(super) struct Carrier {
    name: String,
    key: Key,
    https: bool,
}

impl Carrier {
    pub(super) fn of(request: &ServiceRequest) -> Option<Self> {
        let context = request.app_data::<web::Data<Context>>()?;
        let https = request.app_data::<web::Data<Config>>().is_some_and(|config| config.is_https());
        let key = Key::derive_from(&context.sealing.derive("what was done a moment ago"));
        Some(Self { name: cookie_name("done", https), key, https })
    }

    /// The sentence that waits to be shown on the page that is asked for.
    pub(super) fn waiting(&self, request: &ServiceRequest) -> Option<String> {
        let found = request.cookie(&self.name).filter(|_| !request.headers().contains_key(LIVE))?;
        let mut jar = CookieJar::new();
        jar.add_original(found);
        let signed = jar.signed(&self.key).get(&self.name)?;
        String::from_utf8(BASE64.decode(signed.value()).ok()?).ok()
    }

    /// Gives the browser what an answer carries, or takes back what a page has shown.
    pub(super) fn pass_on<B>(&self, response: &mut ServiceResponse<B>, was_waiting: bool) {
        let done = response.response_mut().extensions_mut().remove::<Done>();
        let is_page = response.status().is_success();
        let cookie = match done {
            Some(Done(words)) => self.cookie(&words),
            None if was_waiting && is_page => {
                let mut gone = self.built(String::new());
                gone.make_removal();
                gone
            }
            None => return,
        };
        if let Ok(line) = cookie.to_string().parse() {
            response.headers_mut().append(SET_COOKIE, line);
        }
    }

    fn cookie(&self, words: &str) -> Cookie<'static> {
        // A cookie's value is read with its percent signs resolved, and would no longer be what was signed.
        let words = BASE64.encode(words);
        let mut jar = CookieJar::new();
        jar.signed_mut(&self.key).add(self.built(words));
        // Signing changes nothing but the value, and adds what it was given.
        jar.get(&self.name).cloned().unwrap_or_else(|| self.built(String::new()))
    }

    fn built(&self, value: String) -> Cookie<'static> {
        Cookie::build(self.name.clone(), value)
            .path("/")
            .http_only(true)
            .same_site(SameSite::Lax)
            .secure(self.https)
            .max_age(MAX_AGE)
            .finish()
    }
}
