//! Steps over the index of what is open, hook by hook and holder by holder.
//!
//! However much waits for one hook, a step passes it by: what these look-ups cost grows with the number of hooks that are
//! owed something and of instances that hold something for them, not with what is owed.

use diesel::prelude::*;
use diesel::sql_types::{Nullable, Text};

use crate::domain::hook::HookState;
use crate::domain::ids::HookId;
use crate::store::row::Reader;
use crate::store::{Conn, Result};

/// `open_hooks`: each hook that is owed something, and one row of NULL at the end.
pub(super) const OPEN_HOOKS: &str = "open_hooks(hook_id) AS ( \
        SELECT min(hook_id) FROM open_deliveries \
        UNION ALL \
        SELECT (SELECT min(d.hook_id) FROM open_deliveries d WHERE d.hook_id > open_hooks.hook_id) \
        FROM open_hooks WHERE open_hooks.hook_id IS NOT NULL)";

/// `holders`: each such hook with NULL for nobody, then with each instance that holds something for it; NULLs at the end.
pub(super) const HOLDERS: &str = "holders(hook_id, holder) AS ( \
        SELECT min(hook_id), (SELECT max(holder) FROM open_deliveries WHERE 1 = 0) FROM open_deliveries \
        UNION ALL \
        SELECT CASE WHEN (SELECT min(d.holder) FROM open_deliveries d \
                WHERE d.hook_id = p.hook_id AND d.holder > coalesce(p.holder, '')) IS NULL \
            THEN (SELECT min(d.hook_id) FROM open_deliveries d WHERE d.hook_id > p.hook_id) ELSE p.hook_id END, \
            (SELECT min(d.holder) FROM open_deliveries d \
                WHERE d.hook_id = p.hook_id AND d.holder > coalesce(p.holder, '')) \
        FROM holders p WHERE p.hook_id IS NOT NULL)";

#[derive(QueryableByName)]
struct Holder {
    #[diesel(sql_type = Nullable<Text>)]
    holder: Option<String>,
}

/// Who holds something for a hook, nobody first.
pub(super) fn holders_of(conn: &mut Conn, hook: &HookId) -> Result<Vec<Option<String>>> {
    let found: Vec<Holder> = diesel::sql_query(
        "WITH RECURSIVE holders(holder) AS ( \
            SELECT min(holder) FROM open_deliveries WHERE hook_id = $1 AND holder > '' \
            UNION ALL \
            SELECT (SELECT min(d.holder) FROM open_deliveries d WHERE d.hook_id = $1 AND d.holder > holders.holder) \
            FROM holders WHERE holders.holder IS NOT NULL) \
        SELECT holder FROM holders WHERE holder IS NOT NULL",
    )
    .bind::<Text, _>(hook.as_str())
    .load(conn)?;
    Ok(std::iter::once(None).chain(found.into_iter().map(|found| found.holder)).collect())
}

/// Who holds something for which hook, as the rows say it: one that cannot be read hides no other.
#[derive(Debug, QueryableByName)]
pub struct Holding {
    /// The hook.
    #[diesel(sql_type = Text)]
    pub hook_id: String,
    /// The instance.
    #[diesel(sql_type = Text)]
    pub holder: String,
}

/// Which instances hold something, and for which hooks: one walk for whoever has to know of all of them.
pub fn holdings(conn: &mut Conn) -> Result<Vec<Holding>> {
    let query =
        format!("WITH RECURSIVE {HOLDERS} SELECT p.hook_id, p.holder FROM holders p WHERE p.holder IS NOT NULL");
    Ok(diesel::sql_query(query).load(conn)?)
}

#[derive(QueryableByName)]
struct OutOfPlace {
    #[diesel(sql_type = Text)]
    hook_id: String,
    #[diesel(sql_type = Text)]
    state: String,
}

/// Hooks for which something is open that their state does not allow, and that state: held though the hook is active, due
/// though it or its organisation is paused, owed though it is disabled or deleted. Each is the trace of a moment in which two
/// things happened at once, or of an act that a crash has cut off.
pub fn out_of_place(conn: &mut Conn) -> Result<Vec<(HookId, HookState)>> {
    // A scalar is looked up hook by hook; EXISTS may be answered by a walk over all that is open.
    let any = |which: &str| {
        format!("(SELECT 1 FROM open_deliveries d WHERE d.hook_id = h.id AND {which} LIMIT 1) IS NOT NULL")
    };
    // What nobody holds and what somebody does, so that each is a look-up in the index.
    let either = |what: &str| {
        format!("({} OR {})", any(&format!("d.holder IS NULL AND {what}")), any(&format!("d.holder > '' AND {what}")))
    };
    let (held, due) = (either("d.due_at IS NULL"), either("d.due_at >= 0 AND NOT d.probe"));
    let (sent, open) = (either("NOT d.probe"), any("d.delivery_id > ''"));
    let found: Vec<OutOfPlace> = diesel::sql_query(format!(
        "SELECT h.id AS hook_id, h.state FROM \
            (SELECT h.id, CASE WHEN h.state = 'active' AND o.suspended_at IS NOT NULL THEN 'paused' ELSE h.state END AS state \
            FROM hooks h JOIN organisations o ON o.id = h.organisation_id) h \
        WHERE (h.state = 'active' AND {held}) OR (h.state = 'paused' AND {due}) \
            OR (h.state = 'disabled' AND {sent}) OR (h.state = 'deleted' AND {open})"
    ))
    .load(conn)?;
    found
        .iter()
        .map(|found| {
            let row = Reader { table: "hooks", id: &found.hook_id };
            Ok((row.parse(&found.hook_id)?, row.word("state", &found.state, HookState::parse)?))
        })
        .collect()
}
