//! What is assumed where a file leaves it open, as sentences.

use std::collections::BTreeMap;

use crate::domain::import::{Draft, Names};
use crate::domain::vacancy::Vacancy;
use crate::store::{self, Conn, StoreError};

/// Where an applicant begins whose file does not say.
pub(super) const FIRST_STAGE: &str = "Applied";

/// So many stages that were spelled in another way are named.
const MAX_SPELLINGS: usize = 10;

/// What the file does not say of those whom the vacancy did not have.
#[derive(Default)]
pub(super) struct Defaults {
    undated: usize,
    unstaged: usize,
    parted: usize,
}

impl Defaults {
    /// Counts somebody in.
    pub fn count(&mut self, draft: &Draft) {
        self.undated += usize::from(draft.applied_at.is_none());
        self.unstaged += usize::from(draft.stage.is_none());
        self.parted += usize::from(draft.names == Names::Split && draft.profile.last_name.is_some());
    }

    /// What was assumed of them.
    pub fn notes(&self) -> impl Iterator<Item = String> {
        let people = |count: usize| if count == 1 { "1 candidate".to_owned() } else { format!("{count} candidates") };
        let has = |count: usize| if count == 1 { "has" } else { "have" };
        let note = |count: usize, what: &str, so: String| {
            (count > 0).then(|| format!("{} {} no {what} in the file: {so}.", people(count), has(count)))
        };
        let parted = (self.parted > 0).then(|| {
            let names = if self.parted == 1 {
                "The name of 1 candidate was".to_owned()
            } else {
                format!("The names of {} candidates were", self.parted)
            };
            format!("{names} parted into first and last name, because the file has only the full name.")
        });
        [
            note(self.undated, "date", "the time of the import counts as when they applied".into()),
            note(self.unstaged, "stage", format!("they begin in “{FIRST_STAGE}”")),
            parted,
        ]
        .into_iter()
        .flatten()
    }
}

/// The stages of a vacancy, by their names whatever the case: a file that spells one in another way means that one.
pub(super) struct Stages {
    known: BTreeMap<String, String>,
    /// How the file spelled it, and the stage that it was taken for.
    respelt: BTreeMap<String, String>,
}

impl Stages {
    /// Those of a vacancy's applicants.
    pub fn of(conn: &mut Conn, vacancy: &Vacancy) -> Result<Self, StoreError> {
        let stages = store::candidate::stages(conn, &vacancy.id)?.into_iter().map(|(stage, _)| stage);
        let mut known = BTreeMap::new();
        for stage in stages.chain([FIRST_STAGE.to_owned()]) {
            known.entry(folded(&stage)).or_insert(stage);
        }
        Ok(Self { known, respelt: BTreeMap::new() })
    }

    /// The stage that is meant; one that is new is known from now on.
    pub fn known(&mut self, stage: String) -> String {
        let known = self.known.entry(folded(&stage)).or_insert_with(|| stage.clone()).clone();
        if known != stage {
            self.respelt.insert(stage, known.clone());
        }
        known
    }

    /// Which were spelled in another way.
    pub fn notes(&self) -> impl Iterator<Item = String> {
        self.respelt
            .iter()
            .take(MAX_SPELLINGS)
            .map(|(told, known)| format!("The stage “{told}” was taken for “{known}”."))
    }
}

fn folded(stage: &str) -> String {
    stage.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase()
}
