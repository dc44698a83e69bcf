//! Destroys the keys and secrets whose overlap is over. They have not been used since: every attempt asks for itself whether
//! they work.

use std::time::Duration;

use super::Chore;
use crate::actions::Context;
use crate::domain::act::Act;
use crate::domain::hook::HookState;
use crate::domain::secret::CredentialKind;
use crate::store::audit::Entry;
use crate::store::{self, Conn, StoreError};

/// See the module's docs.
pub struct Rotations;

impl Chore for Rotations {
    const NAME: &'static str = "rotations";
    const INTERVAL: Duration = Duration::from_secs(15);
    const IS_FINAL: bool = true;

    async fn run_once(&self, context: &Context) -> Result<(), StoreError> {
        let now = context.clock.now();
        let ended = move |conn: &mut Conn| {
            for credential in store::credential::remove_ended(conn, now)? {
                let hook = store::hook::by_ids(conn, std::slice::from_ref(&credential.hook_id))?.pop();
                let Some(hook) = hook.filter(|hook| hook.state != HookState::Deleted) else { continue };
                let (webhook, ends_in) = (hook.name.as_str(), credential.ends_in.as_str());
                let act = match credential.kind {
                    CredentialKind::Secret => Act::SecretEnded { webhook, ends_in },
                    CredentialKind::Key => Act::KeyEnded { webhook, ends_in },
                };
                let (organisation, object) = (Some(&hook.organisation_id), Some(hook.id.as_str()));
                store::audit::record(conn, &Entry { organisation, member: None, act, object }, now)?;
            }
            Ok::<_, StoreError>(())
        };
        context.store.write(ended).await
    }
}
