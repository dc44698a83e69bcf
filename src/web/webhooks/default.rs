//! The default webhook of a mode, as pages show it that others' guides send a reader to.

use crate::domain::hook::{Credential, Hook, HookState};
use crate::domain::mode::Mode;
use crate::domain::rotation;
use crate::domain::secret::CredentialKind;
use crate::web::prelude::*;

/// The default webhook of the viewer's mode with its key and secret.
pub struct DefaultHook {
    mode: Mode,
    /// `None` when the mode has none.
    pub hook: Option<Hook>,
    credentials: Vec<Credential>,
    time: LocalTime,
}

impl DefaultHook {
    /// Reads it.
    pub fn read(conn: &mut Conn, viewer: &Viewer, time: LocalTime) -> Result<Self, StoreError> {
        let hook = store::hook::default_of(conn, &viewer.organisation.id, viewer.mode)?;
        let credentials = match &hook {
            Some(hook) => store::credential::live(conn, &hook.id, time.now)?,
            None => Vec::new(),
        };
        Ok(Self { mode: viewer.mode, hook, credentials, time })
    }

    /// Which webhook it is; where there is none, what to do.
    pub fn address(&self, viewer: &Viewer) -> Markup {
        let may = |permission| viewer.role.may(permission);
        let Some(hook) = &self.hook else {
            return html! {
                p { "There is no default webhook in " (self.mode) " mode yet. The first webhook of a mode becomes its default." }
                @if may(Permission::ManageHooks) { p { a.btn href=(paths::NEW_WEBHOOK) { "Create Webhook" } } }
                @else { p.small.soft { "An Organisation Admin can create one." } }
            };
        };
        html! {
            // Others know webhooks by name and host.
            @if may(Permission::ManageHooks) { p.given.small { code.id { (hook.url) } (code::copy("webhook URL")) } }
            @else { p.given.small { code { (hook.url.host()) } } }
            p {
                "The default webhook of " (self.mode) " mode is "
                @if may(Permission::ViewHooks) { a href=(paths::webhook(&hook.id)) { bdi { (hook.name) } } } @else { bdi { (hook.name) } } "."
                @if hook.state != HookState::Active { " " (State::of_hook(hook).plain()) }
            }
        }
    }

    /// One of its credentials: its mask, or that there is none.
    pub fn credential(&self, kind: CredentialKind) -> Markup {
        html! {
            @match rotation::live(&self.credentials, kind, self.time.now).first() {
                Some(credential) => { code { (kind.mask()) } " " span.soft { "ends in " (credential.ends_in) } },
                None => span.soft { "none" },
            }
        }
    }

    /// Whether it has one of this kind.
    pub fn has(&self, kind: CredentialKind) -> bool {
        !rotation::live(&self.credentials, kind, self.time.now).is_empty()
    }
}
