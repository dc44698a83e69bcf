//! What members and partner systems do: one file a noun, used by the console and the partner API alike.
//!
//! An action takes the [`Context`] and who acts, checks what it is given, decides by the rules of [`crate::domain`], writes
//! everything in one [`transaction`], and only then hands what is owed to the engine. Reading for a page needs no action;
//! changing something does.

pub mod acceptance;
pub mod account;
pub mod api_key;
pub mod browser_proof;
pub mod credential;
pub mod delivery;
pub mod event;
pub mod export;
pub mod first_run;
pub mod health;
pub mod hold;
pub mod hook;
pub mod hook_settings;
pub mod import;
pub mod interview;
pub mod invitation;
pub mod mail;
pub mod member;
pub mod organisation;
pub mod password;
pub mod refusals;
pub mod replacement;
pub mod reveal;
pub mod sealing;
pub mod sign_in;
pub mod support;
pub mod test;
pub mod transaction;
pub mod vacancy;

use std::fmt;
use std::sync::Arc;

use crate::clock::Clock;
use crate::delivery::engine::Engine;
use crate::delivery::guard::Guard;
use crate::delivery::mend;
use crate::domain::ids::HookId;
use crate::domain::key_ring::KeyRing;
use crate::domain::member::Member;
use crate::domain::mode::Mode;
use crate::domain::organisation::Organisation;
use crate::domain::role::Role;
use crate::domain::unseen;
use crate::store::{Store, StoreError};

/// What actions work with. Cheap to clone.
#[derive(Clone)]
pub struct Context {
    /// The database.
    pub store: Store,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Who sends what is owed.
    pub engine: Arc<Engine>,
    /// Under which keys and secrets are sealed.
    pub sealing: KeyRing,
    /// Which addresses hooks may have.
    pub guard: Arc<Guard>,
    /// Password hashing, a few at a time.
    pub passwords: Arc<password::Hasher>,
    /// How many hooks an organisation may have in each mode.
    pub max_hooks: usize,
    /// How many API keys an organisation may have in each mode.
    pub max_api_keys: usize,
    /// How many interviews an organisation may have in each mode, and how many open sessions of them.
    pub max_interviews: usize,
    /// Who tried to sign in too often.
    pub throttle: Arc<sign_in::Throttle>,
    /// What is refused again and again, until it is written down.
    pub refusals: Arc<refusals::Refusals>,
    /// Whose turn it is to have a file read.
    pub imports: Arc<import::turns::Turns>,
    /// Who sends e-mail; `None` when no mail server is configured.
    pub mailer: Option<Arc<mail::Mailer>>,
}

/// Who acts in the console: a member, in one organisation, in one mode.
#[derive(Debug, Clone)]
pub struct Viewer {
    /// The member.
    pub member: Member,
    /// The organisation they act in.
    pub organisation: Organisation,
    /// What they are there.
    pub role: Role,
    /// The mode of the header switch.
    pub mode: Mode,
    /// Names this sign-in among the member's; what may be seen once belongs to it.
    pub session: String,
}

/// What is wrong with one field of a form or request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldError {
    /// The field's name in the form or its path in the request.
    pub field: String,
    /// What is wrong and what to do, for whoever typed it.
    pub message: String,
}

impl FieldError {
    /// An error of a field.
    pub fn new(field: impl Into<String>, message: impl fmt::Display) -> Self {
        Self { field: field.into(), message: message.to_string() }
    }
}

/// Why an action did not happen. Nothing of it did.
#[derive(Debug, thiserror::Error)]
pub enum ActionError {
    /// What was typed or sent cannot be taken; every field that is wrong.
    #[error("{}", list(.0))]
    Invalid(Vec<FieldError>),
    /// It cannot be done now; a sentence for whoever asked.
    #[error("{0}")]
    Refused(String),
    /// Somebody else has changed it meanwhile.
    #[error("It was changed at this very moment; look at it again")]
    ChangedMeanwhile,
    /// Somebody has not shown who they are.
    #[error(transparent)]
    NotSignedIn(#[from] sign_in::SignInError),
    /// There is no such thing in this organisation.
    #[error("there is no such thing")]
    NotFound,
    /// The database did not do it.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl ActionError {
    /// One field is wrong.
    pub fn field(field: impl Into<String>, message: impl fmt::Display) -> Self {
        ActionError::Invalid(vec![FieldError::new(field, message)])
    }
}

fn list(errors: &[FieldError]) -> String {
    errors.iter().map(|error| format!("{}: {}", error.field, error.message)).collect::<Vec<_>>().join("; ")
}

/// What an action answers.
pub type Result<T, E = ActionError> = std::result::Result<T, E>;

/// Does work to its end though whoever asked goes away, as a browser does that is closed.
async fn to_the_end<T, W>(context: &Context, work: impl FnOnce(Context) -> W) -> Result<T>
where
    T: Send + 'static,
    W: Future<Output = Result<T>> + Send + 'static,
{
    let done = context.store.runtime().spawn(work(context.clone())).await;
    done.unwrap_or_else(|error| Err(StoreError::Unavailable(error.to_string()).into()))
}

/// Brings what is owed to a hook in line with how it stands now, after the act that changed that. The act has been done
/// whatever comes of this: what is left over is found by the next sweep.
async fn bring_in_line(context: &Context, hook: &HookId) {
    if let Err(error) = mend::bring_in_line(&context.store, hook, context.clock.now()).await {
        tracing::error!(%error, %hook, "what is owed to a webhook does not follow its state yet; it is looked at again soon");
    }
    context.engine.nudge();
}

/// Refuses another one where an organisation has as many in a mode as it may have. `remedy` says what to do, as a sentence
/// without its full stop.
fn refuse_too_many(have: usize, max: usize, field: &str, noun: &str, mode: Mode, remedy: &str) -> Result<()> {
    if have < max {
        return Ok(());
    }
    let ending = if max == 1 { "" } else { "s" };
    let why =
        format!("Your organisation has {max} {noun}{ending} in {mode} mode, which is as many as it may have. {remedy}");
    Err(ActionError::field(field, why))
}

/// A line that was typed: trimmed, without control characters, at most `longest` characters. Those that nobody sees are taken
/// out.
fn line(field: &str, typed: &str, longest: usize) -> Result<Option<String>, FieldError> {
    let line = unseen::without(typed);
    let line = line.trim();
    if line.chars().count() > longest {
        return Err(FieldError::new(field, format!("Shorten this to at most {longest} characters")));
    }
    if line.chars().any(char::is_control) {
        return Err(FieldError::new(field, "Remove line breaks and control characters"));
    }
    Ok((!line.is_empty()).then(|| line.to_owned()))
}
