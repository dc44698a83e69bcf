//! A visit of somebody who is signed in: who came, what stands around their page, and what a handler works with.
//!
//! [`super::gate::rules`] makes it of every request that it lets through; a handler takes it, reads or acts, and answers with
//! [`Visit::page`], which cannot forget what belongs around a page.

use std::future::{Ready, ready};

use actix_session::Session;
use actix_web::dev::{Payload, ServiceRequest};
use actix_web::{FromRequest, HttpMessage as _, HttpRequest, web};
use chrono::{DateTime, Utc};
use maud::Render;
use serde::de::DeserializeOwned;

use crate::actions::{Context, Viewer};
use crate::config::Config;
use crate::domain::ids::{MemberId, OrganisationId};
use crate::domain::mode::Mode;
use crate::domain::organisation::Organisation;
use crate::domain::role::{Permission, Role};
use crate::store::{self, Conn, StoreError};
use crate::web::error::WebError;
use crate::web::layout::{Around, Nav, Page};
use crate::web::session;
use crate::web::time::LocalTime;

/// What the handler of a page is given.
#[derive(Clone)]
pub struct Visit {
    /// What actions work with.
    pub app: web::Data<Context>,
    /// Who came, in which of their organisations, in which mode.
    pub viewer: Viewer,
    /// When they came.
    pub now: DateTime<Utc>,
    around: Around,
}

impl Visit {
    /// The visit of whoever is signed in, if anybody is.
    pub async fn of(request: &ServiceRequest, session: &Session) -> Result<Option<Self>, StoreError> {
        let app = app_of(request)?;
        let now = app.clock.now();
        let remembered = |name: &str| session.get::<String>(name).ok().flatten();
        let Some(id) = remembered(session::MEMBER).and_then(|id| id.parse::<MemberId>().ok()) else { return Ok(None) };
        let wanted = remembered(session::ORGANISATION).and_then(|id| id.parse::<OrganisationId>().ok());
        let mode = remembered(session::MODE).and_then(|mode| Mode::parse(&mode)).unwrap_or(Mode::Live);
        let name = remembered(session::NAME).unwrap_or_default();
        let read = app.store.read(move |conn| {
            let Some(member) = store::member::find(conn, &id)? else { return Ok(None) };
            Ok::<_, StoreError>(Some((member, store::member::organisations_of(conn, &id)?)))
        });
        let Some((member, roles)) = read.await? else { return Ok(None) };
        let Some((organisation, role)) = chosen(&roles, wanted.as_ref()) else { return Ok(None) };
        if let Some(config) = request.app_data::<web::Data<Config>>() {
            note_use(session, session::slot(now, &config.sessions), &organisation);
        }
        let viewer = Viewer { member, organisation, role, mode, session: name };
        let organisations = roles.into_iter().map(|(organisation, _)| organisation).collect();
        Ok(Some(Self { app, viewer, now, around: Around { organisations, done: None } }))
    }

    /// The same visit, whose page says what was done a moment ago.
    pub fn saying(mut self, done: Option<String>) -> Self {
        self.around.done = done;
        self
    }

    /// Every organisation that the viewer belongs to.
    pub fn organisations(&self) -> &[Organisation] {
        &self.around.organisations
    }

    /// Whether the viewer's role has a permission.
    pub fn may(&self, permission: Permission) -> bool {
        self.viewer.role.may(permission)
    }

    /// Reads for the viewer.
    pub async fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Conn, &Viewer) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, WebError> {
        let viewer = self.viewer.clone();
        Ok(self.app.store.read(move |conn| work(conn, &viewer)).await?)
    }

    /// Reads something that may not be there: then there is no such page.
    pub async fn find<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Conn, &Viewer) -> Result<Option<T>, StoreError> + Send + 'static,
    ) -> Result<T, WebError> {
        self.read(work).await?.ok_or(WebError::NotFound)
    }

    /// How the page tells times: in the organisation's time zone, as of now.
    pub fn time(&self) -> LocalTime {
        LocalTime { zone: self.viewer.organisation.time_zone, now: self.now }
    }

    /// A page in the viewer's mode, with everything that belongs around it.
    pub fn page(&self, title: impl Into<String>, nav: Nav, body: impl Render) -> Page<'_> {
        Page::new(title, nav, &self.viewer, &self.around, body.render())
    }
}

/// The organisation last chosen, or else one that is not suspended, or else any.
fn chosen(roles: &[(Organisation, Role)], wanted: Option<&OrganisationId>) -> Option<(Organisation, Role)> {
    let last = roles.iter().find(|(organisation, _)| Some(&organisation.id) == wanted);
    let open = || roles.iter().find(|(organisation, _)| organisation.suspended_at.is_none());
    last.or_else(open).or(roles.first()).cloned()
}

/// Writes into the session that it is in use, and where. Once in a while is enough.
fn note_use(session: &Session, slot: i64, organisation: &Organisation) {
    if session.get::<i64>(session::SLOT).ok().flatten() != Some(slot) {
        let _ = session.insert(session::SLOT, slot);
        let _ = session.insert(session::ORGANISATION, organisation.id.as_str());
    }
}

/// What actions work with, as the server was given it.
pub fn app_of(request: &ServiceRequest) -> Result<web::Data<Context>, StoreError> {
    let app = request.app_data::<web::Data<Context>>().cloned();
    app.ok_or_else(|| StoreError::Unavailable("the console was started without its context".into()))
}

impl FromRequest for Visit {
    type Error = WebError;
    type Future = Ready<Result<Self, WebError>>;

    /// The visit that [`super::gate::rules`] let through; a route without such a rule has none.
    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(request.extensions().get().cloned().ok_or(WebError::NotFound))
    }
}

/// What an address names: an id, or one after the other. What cannot be one names nothing.
///
/// A handler that takes a form takes it before this: too large a body is refused as such, whatever it was sent to.
pub struct Path<T>(pub T);

impl<T: DeserializeOwned> FromRequest for Path<T> {
    type Error = WebError;
    type Future = Ready<Result<Self, WebError>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let named = <web::Path<T> as FromRequest>::from_request(request, payload).into_inner();
        ready(named.map(|named| Self(named.into_inner())).map_err(|_| WebError::NotFound))
    }
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;
    use crate::domain::ids::HookId;
    use crate::domain::secret::CredentialKind;
    use crate::web::samples::now;

    fn named<T: DeserializeOwned>(parts: &[(&'static str, &str)]) -> Result<T, WebError> {
        let empty = TestRequest::default();
        let request = parts.iter().fold(empty, |request, (name, part)| request.param(*name, (*part).to_owned()));
        Path::from_request(&request.to_http_request(), &mut Payload::None).into_inner().map(|Path(named)| named)
    }

    #[test]
    fn an_address_that_names_no_id_names_nothing() {
        let id = HookId::new(now());
        assert_eq!(named::<HookId>(&[("id", id.as_str())]).expect("an id"), id);
        let member = MemberId::new(now());
        for other in ["", "hk_1", member.as_str()] {
            assert!(matches!(named::<HookId>(&[("id", other)]), Err(WebError::NotFound)), "{other}");
        }
        let of = |kind| named::<(HookId, CredentialKind)>(&[("id", id.as_str()), ("kind", kind)]);
        assert_eq!(of("secret").expect("both").1, CredentialKind::Secret);
        for other in ["", "Secret", "deletion"] {
            assert!(matches!(of(other), Err(WebError::NotFound)), "{other}");
        }
    }
}
