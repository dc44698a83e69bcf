//! What the delivery log says, read the way its pages read it.

use std::collections::HashMap;

use hirewire::domain::attempt::Attempt;
use hirewire::domain::delivery::{Delivery, Status};
use hirewire::domain::ids::{HookId, OrganisationId};
use hirewire::domain::mode::Mode;
use hirewire::store::log::LogFilter;
use hirewire::store::page::{Cursor, Slice};
use hirewire::store::{self, Conn, Store};

use crate::receiver::Manner;

const PAGE: usize = 500;

/// A delivery with its attempts, newest first.
#[derive(Debug, Clone)]
pub struct Line {
    pub manner: Manner,
    pub delivery: Delivery,
    pub attempts: Vec<Attempt>,
}

impl Line {
    /// How many attempts were answered with this status.
    pub fn answered(&self, status: u16) -> usize {
        self.attempts.iter().filter(|attempt| attempt.outcome.status == Some(status)).count()
    }

    /// Its event's id, which is the `webhook-id` of every try.
    pub fn event(&self) -> &str {
        self.delivery.event_id.as_str()
    }
}

/// The log of one organisation in live mode, beside whoever serves it.
pub struct Log {
    store: Store,
    organisation: OrganisationId,
    hooks: HashMap<HookId, Manner>,
}

impl Log {
    pub async fn open(database: &str, organisation: &str, hooks: &HashMap<String, Manner>) -> Self {
        let url = database.parse().expect("a database");
        let store = tokio::task::spawn_blocking(move || Store::open(&url, None)).await.expect("no panic");
        let hooks = hooks.iter().map(|(id, manner)| (id.parse().expect("a hook"), *manner));
        Self {
            store: store.expect("a database"),
            organisation: organisation.parse().expect("an organisation"),
            hooks: hooks.collect(),
        }
    }

    /// Every delivery.
    pub async fn lines(&self) -> Vec<Line> {
        let (organisation, hooks) = (self.organisation.clone(), self.hooks.clone());
        self.store.read(move |conn| walk(conn, &organisation, &hooks)).await.expect("the log")
    }

    /// Whether nothing is owed to the hooks of these manners any more.
    pub async fn owes_nothing(&self, manners: &[Manner]) -> bool {
        let organisation = self.organisation.clone();
        let hooks: Vec<HookId> =
            self.hooks.iter().filter(|(_, manner)| manners.contains(manner)).map(|(id, _)| id.clone()).collect();
        let look = move |conn: &mut Conn| {
            for hook in hooks {
                for status in [Status::Pending, Status::Retrying] {
                    let filter = LogFilter { status: Some(status), hook: Some(hook.clone()), ..LogFilter::default() };
                    let found = store::log::page(conn, &organisation, Mode::Live, &filter, &Slice::Newest, 1)?;
                    if !found.lines.is_empty() {
                        return Ok(false);
                    }
                }
            }
            Ok::<_, store::StoreError>(true)
        };
        self.store.read(look).await.expect("the log")
    }
}

fn walk(conn: &mut Conn, organisation: &OrganisationId, hooks: &HashMap<HookId, Manner>) -> store::Result<Vec<Line>> {
    let (mut lines, mut page) = (Vec::new(), Slice::Newest);
    loop {
        let found = store::log::page(conn, organisation, Mode::Live, &LogFilter::default(), &page, PAGE)?;
        for line in found.lines {
            let delivery = line.delivery;
            let attempts = store::attempt::of_delivery(conn, &delivery.id)?;
            page = Slice::OlderThan(Cursor { created_at: delivery.created_at, id: delivery.id.clone() });
            lines.push(Line { manner: hooks[&delivery.hook_id], delivery, attempts });
        }
        if !found.has_older {
            return Ok(lines);
        }
    }
}
