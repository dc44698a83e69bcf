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

#[derive(QueryableByName)]
struct OutOfPlace {
    #[diesel(sql_type = Text)]
    hook_id: String,
    #[diesel(sql_type = Text)]
    state: String,
}

/// Hooks for which something is open that their state does not allow, and that state: held though the hook is active, due
/// though it or its organisation is paused, owed though it is disabled or deleted. Each is the trace of a moment in which two things happened at
/// once, or of an act that a crash has cut off.
pub fn out_of_place(conn: &mut Conn) -> Result<Vec<(HookId, HookState)>> {
    // The two ways of saying "this holder's", so that each is a look-up in the index.
    let any = |what: &str| {
        format!(
            "((p.holder IS NULL AND EXISTS (SELECT 1 FROM open_deliveries d WHERE d.hook_id = p.hook_id \
                AND d.holder IS NULL AND {what})) \
            OR EXISTS (SELECT 1 FROM open_deliveries d WHERE d.hook_id = p.hook_id AND d.holder = p.holder AND {what}))"
        )
    };
    let (held, due, sent) = (any("d.due_at IS NULL"), any("d.due_at >= 0 AND NOT d.probe"), any("NOT d.probe"));
    let found: Vec<OutOfPlace> = diesel::sql_query(format!(
        "WITH RECURSIVE {HOLDERS} \
        SELECT DISTINCT p.hook_id, h.state FROM holders p JOIN \
            (SELECT h.id, CASE WHEN h.state = 'active' AND o.suspended_at IS NOT NULL THEN 'paused' ELSE h.state END AS state \
            FROM hooks h JOIN organisations o ON o.id = h.organisation_id) h ON h.id = p.hook_id \
        WHERE p.hook_id IS NOT NULL AND ((h.state = 'active' AND {held}) OR (h.state = 'paused' AND {due}) \
            OR (h.state = 'disabled' AND {sent}) OR h.state = 'deleted')"
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
