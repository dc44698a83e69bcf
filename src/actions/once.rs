//! A form that is sent twice makes one thing: a double click, Back and once more, a browser that tries again.

use std::fmt::Display;
use std::str::FromStr;

use super::{ActionError, Context, Result, Viewer};
use crate::store::changes::Change;
use crate::store::{self, Conn, StoreError};

/// Does what one filling of a form asks for, in one transaction, and remembers the id of what it made under the form's
/// token. A press that comes second gets that id and nothing else, also when both come at the same moment. A form without a
/// token was not filled in on our page: it is no second press of any other. The work names what it changes that instances
/// keep in memory ([`store::Store::change`]); a second press changes nothing.
pub async fn once<Id, T>(
    context: &Context,
    viewer: &Viewer,
    token: &str,
    work: impl FnOnce(&mut Conn, &mut Vec<Change>) -> Result<(Id, T)> + Send + 'static,
) -> Result<(Id, Option<T>)>
where
    Id: Display + FromStr + Send + 'static,
    T: Send + 'static,
{
    let token = (!token.is_empty()).then(|| form_token(viewer, token));
    let now = context.clock.now();
    let inserting = token.clone();
    let done = context
        .store
        .change(now, move |conn, named| {
            if let Some(before) = find(conn, inserting.as_deref())? {
                return before.parse().map(|id| (id, None)).map_err(|_| ActionError::NotFound);
            }
            let (id, made) = work(conn, named)?;
            if let Some(token) = &inserting {
                store::submission::insert(conn, token, &id.to_string(), now)?;
            }
            Ok((id, Some(made)))
        })
        .await;
    match done {
        // Two presses at once: what the first one made stood in the way of the second, which was undone. It counts for both.
        Err(error) if token.is_some() => {
            let before = context.store.read(move |conn| find(conn, token.as_deref())).await.ok().flatten();
            before.and_then(|id| id.parse().ok()).map(|id| (id, None)).ok_or(error)
        }
        done => done,
    }
}

fn find(conn: &mut Conn, token: Option<&str>) -> Result<Option<String>, StoreError> {
    token.map_or(Ok(None), |token| store::submission::find(conn, token))
}

/// The token of a form as it is stored: another member's does not count.
pub(super) fn form_token(viewer: &Viewer, token: &str) -> String {
    format!("{}/{}/{}", viewer.member.id, viewer.organisation.id, token.chars().take(64).collect::<String>())
}
