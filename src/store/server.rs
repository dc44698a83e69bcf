//! What a PostgreSQL server must be like, looked at before anything is asked of it.

use diesel::sql_types::{Integer, Nullable, Text};
use diesel::{PgConnection, QueryableByName, RunQueryDsl as _, sql_query};

use super::connection::open_postgres;
use super::{Result, StoreError};

/// The oldest version that the program is tested with, as servers number it.
const OLDEST_VERSION: i32 = 14;

/// What a server says of itself.
#[derive(QueryableByName, Debug)]
pub struct Server {
    /// Its major version.
    #[diesel(sql_type = Integer)]
    pub version: i32,
    /// How the database keeps text.
    #[diesel(sql_type = Text)]
    pub encoding: String,
    /// Which of its processes answers.
    #[diesel(sql_type = Integer)]
    process: i32,
    /// What this session has been told to remember, if it is still the same one.
    #[diesel(sql_type = Nullable<Text>)]
    remembered: Option<String>,
}

const ABOUT: &str = "SELECT current_setting('server_version_num')::int / 10000 AS version, \
     pg_encoding_to_char(encoding)::text AS encoding, pg_backend_pid() AS process, \
     current_setting('hirewire.remember', true) AS remembered \
     FROM pg_database WHERE datname = current_database()";

/// Refuses a server that something would go wrong on later; one sentence says why.
pub fn check(url: &str) -> Result<Server> {
    let mut first = open_postgres(url, "SET hirewire.remember = 'this'")?;
    let server = about(&mut first)?;
    refuse_if_unfit(&server)?;
    // A pooler that lends its sessions for a transaction at a time gives the second one that of the first, or the first one
    // another while the second keeps it.
    let mut second = open_postgres(url, "BEGIN")?;
    let beside = about(&mut second)?;
    if beside.process == server.process || beside.remembered.is_some() {
        return Err(is_shared());
    }
    let again = about(&mut first)?;
    if again.process != server.process || again.remembered.is_none() {
        return Err(is_shared());
    }
    Ok(server)
}

fn is_shared() -> StoreError {
    StoreError::Refused(
        "a pooler stands before the server that gives a session away between transactions, and with it the locks and settings \
         that Hirewire keeps there: set it to pool by session (PgBouncer: pool_mode = session), or name the server itself"
            .into(),
    )
}

fn about(connection: &mut PgConnection) -> Result<Server> {
    Ok(sql_query(ABOUT).get_result(connection)?)
}

fn refuse_if_unfit(server: &Server) -> Result<()> {
    if server.version < OLDEST_VERSION {
        return Err(StoreError::Refused(format!(
            "the server is PostgreSQL {}, and Hirewire needs {OLDEST_VERSION} or newer",
            server.version
        )));
    }
    if server.encoding != "UTF8" {
        return Err(StoreError::Refused(format!(
            "the database keeps its text as {}, which has no room for people's names: make one with ENCODING 'UTF8'",
            server.encoding
        )));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_old_server_and_another_encoding_are_refused_by_name() {
        let server =
            |version, encoding: &str| Server { version, encoding: encoding.into(), process: 1, remembered: None };
        assert!(refuse_if_unfit(&server(14, "UTF8")).is_ok());
        let old = refuse_if_unfit(&server(13, "UTF8")).expect_err("too old").to_string();
        assert!(old.contains("PostgreSQL 13") && old.contains("14 or newer"), "{old}");
        let latin = refuse_if_unfit(&server(17, "LATIN1")).expect_err("another encoding").to_string();
        assert!(latin.contains("LATIN1") && latin.contains("UTF8"), "{latin}");
    }
}
