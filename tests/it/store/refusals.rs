//! Servers that something would go wrong on later are refused at the start, by name; a password is shown by nobody.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use diesel::connection::SimpleConnection as _;
use diesel::prelude::*;
use hirewire::store::server;

use crate::support::{Kind, TestApp, run};

async fn refusal(url: String) -> String {
    let checked = tokio::task::spawn_blocking(move || server::check(&url)).await.expect("no panic");
    checked.expect_err("it is refused").to_string()
}

#[test]
fn a_database_that_is_not_utf8_is_refused_by_the_name_of_its_encoding() {
    run(Kind::Postgres, |app| async move {
        let (server, name) =
            app.database_url().rsplit_once('/').map(|(a, b)| (a.to_owned(), format!("{b}_latin1"))).expect("a path");
        let (at, other) = (app.database_url().to_owned(), name.clone());
        let statement = move |text: String| {
            let at = at.clone();
            tokio::task::spawn_blocking(move || {
                PgConnection::establish(&at).expect("a database").batch_execute(&text).expect("a statement");
            })
        };
        let create =
            format!("CREATE DATABASE {other} TEMPLATE template0 ENCODING 'LATIN1' LOCALE_PROVIDER libc LOCALE 'C'");
        statement(create).await.expect("no panic");
        let refused = refusal(format!("{server}/{name}")).await;
        statement(format!("DROP DATABASE {name}")).await.expect("no panic");
        assert!(refused.contains("LATIN1") && refused.contains("UTF8"), "{refused}");
    });
}

#[test]
fn a_pooler_that_gives_sessions_away_between_transactions_is_refused() {
    run(Kind::Postgres, |app: TestApp| async move {
        let direct = app.database_url().to_owned();
        let checked = tokio::task::spawn_blocking({
            let direct = direct.clone();
            move || server::check(&direct)
        });
        assert!(checked.await.expect("no panic").is_ok(), "the server itself will do");
        let (before, after) = direct.split_once('@').expect("a user");
        let (address, name) = after.split_once('/').expect("a name");
        let pooler = pooler(address.parse().expect("an address"));
        let refused = refusal(format!("{before}@{pooler}/{name}")).await;
        assert!(refused.contains("pooler") && refused.contains("pool_mode = session"), "{refused}");
    });
}

#[test]
fn no_message_shows_a_part_of_a_password() {
    run(Kind::Postgres, |app| async move {
        let (_, after) = app.database_url().split_once('@').expect("a user");
        for password in ["top%20secret", "top@secret", "top/secret", "top%zzsecret", "top?secret"] {
            // Nobody listens on port 1.
            let (host, name) = after.split_once(':').expect("a port");
            let name = name.rsplit('/').next().unwrap_or_default();
            let refused = refusal(format!("postgres://u:{password}@{host}:1/{name}")).await;
            assert!(!refused.contains("secret") && !refused.contains("top"), "{refused}");
        }
    });
}

/// A session on the server, and what the server said when it began.
type Lent = (TcpStream, Vec<u8>);

/// A pooler in transaction mode with one session on the server, which it lends to each client until a transaction ends.
fn pooler(server: SocketAddr) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    let lent: Arc<Mutex<Option<Lent>>> = Arc::default();
    std::thread::spawn(move || {
        for client in listener.incoming().flatten() {
            let lent = lent.clone();
            std::thread::spawn(move || serve(client, server, &lent));
        }
    });
    address
}

fn serve(mut client: TcpStream, server: SocketAddr, lent: &Mutex<Option<Lent>>) -> Option<()> {
    let mut bytes = [0; 8 * 1024];
    let count = client.read(&mut bytes).ok()?;
    {
        let mut session = lent.lock().ok()?;
        if session.is_none() {
            let mut fresh = TcpStream::connect(server).ok()?;
            fresh.write_all(&bytes[..count]).ok()?;
            let greeting = until_ready(&mut fresh)?;
            *session = Some((fresh, greeting));
        }
        client.write_all(&session.as_ref()?.1).ok()?;
    }
    loop {
        let mut count = client.read(&mut bytes).ok().filter(|count| *count > 0)?;
        let mut session = lent.lock().ok()?;
        let (server, _) = session.as_mut()?;
        loop {
            if bytes[0] == b'X' {
                // The client goes; the session stays.
                return None;
            }
            server.write_all(&bytes[..count]).ok()?;
            let answer = until_ready(server)?;
            client.write_all(&answer).ok()?;
            // Idle: the transaction is over, and others may have the session.
            if answer.ends_with(b"I") {
                break;
            }
            count = client.read(&mut bytes).ok().filter(|count| *count > 0)?;
        }
    }
}

/// What the server says up to its `ReadyForQuery`, whose last byte is the state of the transaction.
fn until_ready(server: &mut TcpStream) -> Option<Vec<u8>> {
    let (mut all, mut bytes) = (Vec::new(), [0; 8 * 1024]);
    loop {
        let count = server.read(&mut bytes).ok().filter(|count| *count > 0)?;
        all.extend_from_slice(&bytes[..count]);
        if all.len() >= 6 && all[all.len() - 6..all.len() - 1] == [b'Z', 0, 0, 0, 5] {
            return Some(all);
        }
    }
}
