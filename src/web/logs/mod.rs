//! The delivery log: did it arrive, and if not, why? (T7, T8, T9, B5, B6)
//!
//! [`list`] shows deliveries, [`filter`] reads which ones from the address, [`empty`] says why there are none. [`show`] is
//! one delivery, [`detail`] what is known of it: [`says`] tells in a sentence what happened and what comes next, [`explain`] why it failed and what to do,
//! [`facts`], [`tries`] and [`payload`] prove it, [`curl`] repeats it by hand. [`act`] tries again or gives up.
//!
//! Recruiters see the deliveries of their own exports; to them everything else does not exist. Support sees all of them,
//! with personal data masked ([`crate::domain::mask`]).

pub mod act;
pub(in crate::web) mod charset;
pub mod curl;
pub mod detail;
pub mod download;
pub mod empty;
pub mod explain;
pub mod facts;
pub mod filter;
pub mod list;
pub mod payload;
pub mod says;
pub mod show;
pub mod tries;
mod words;

#[cfg(test)]
pub(in crate::web) mod sample;

use crate::actions::Viewer;
use crate::domain::ids::MemberId;
use crate::domain::role::Role;

/// Whose exports alone this viewer may see; `None` sees every delivery.
pub(in crate::web) fn own_exports_only(viewer: &Viewer) -> Option<MemberId> {
    (viewer.role == Role::Recruiter).then(|| viewer.member.id.clone())
}
