//! Cookies and their attributes, over http and over https.

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::support::{Page, TestApp, soon};

on_both_databases!(
    over_http_cookies_work_without_being_secure,
    over_https_cookies_are_secure_and_bound_to_the_host,
    a_cookie_that_was_tampered_with_signs_nobody_in,
    nobody_gets_a_session_before_logging_in,
    an_odd_cookie_of_another_program_locks_nobody_out,
);

/// Name and attributes of each cookie that is set, in lower case and in order.
fn cookies(page: &Page) -> Vec<(String, Vec<String>)> {
    let mut cookies: Vec<_> = page
        .set_cookies()
        .into_iter()
        .map(|line| {
            let (pair, attributes) = line.split_once(';').expect("attributes");
            let mut attributes: Vec<_> = attributes.split(';').map(|part| part.trim().to_lowercase()).collect();
            attributes.sort();
            (pair.split_once('=').expect("a value").0.to_owned(), attributes)
        })
        .collect();
    cookies.sort();
    cookies
}

async fn over_http_cookies_work_without_being_secure(app: TestApp) {
    let admin = app.an_admin().await;
    let page = app.browser().log_in(&admin.member.email).await;
    let expected = |age: &str| -> Vec<String> {
        ["httponly".into(), format!("max-age={age}"), "path=/".into(), "samesite=lax".into()].into()
    };
    let (session, browser) = ("hirewire-session".to_owned(), "hirewire-browser".to_owned());
    assert_eq!(cookies(&page), [(browser, expected("31536000")), (session, expected("43200"))]);
}

async fn over_https_cookies_are_secure_and_bound_to_the_host(app: TestApp) {
    let public = "https://hooks.team.example/".parse().expect("an address");
    let app = app.crashed_and_started_again(|config| config.public_url = Some(public)).await;
    let admin = app.an_admin().await;
    let mut browser = app.browser();
    let page = browser.log_in(&admin.member.email).await;
    let set = cookies(&page);
    assert_eq!(set.len(), 2);
    for (name, attributes) in set {
        assert!(name.starts_with("__Host-hirewire-"), "{name}");
        for needed in ["secure", "httponly", "path=/", "samesite=lax"] {
            assert!(attributes.iter().any(|own| own == needed), "{name} is not {needed}");
        }
        // With a domain, browsers would refuse the name.
        assert!(!attributes.iter().any(|own| own.starts_with("domain")), "{name}: {attributes:?}");
    }
    assert!(browser.is_signed_in().await);
}

async fn a_cookie_that_was_tampered_with_signs_nobody_in(app: TestApp) {
    let admin = app.an_admin().await;
    let mut browser = app.browser().logged_in(&admin.member.email).await;
    let cookie = browser.session_cookie().expect("a session").to_owned();
    let mut longer = cookie.clone();
    longer.push('x');
    let mut other = cookie.clone();
    let last = other.pop().expect("a letter");
    other.push(if last == 'a' { 'b' } else { 'a' });
    for forged in [longer, other, cookie[1..].to_owned(), admin.member.id.to_string(), "%00".to_owned()] {
        browser.set_session_cookie(&forged);
        assert!(browser.clone().get("/vacancies").await.leads_to_login(), "{forged}");
    }
    browser.set_session_cookie(&cookie);
    assert!(browser.is_signed_in().await);
}

async fn nobody_gets_a_session_before_logging_in(app: TestApp) {
    let mut browser = app.browser();
    for path in ["/login", "/vacancies", "/nothing"] {
        assert_eq!(browser.get(path).await.set_cookies(), Vec::<&str>::new(), "{path}");
    }
    let stored = app.read(|conn| {
        use diesel::prelude::*;
        use hirewire::store::schema::web_sessions::dsl::web_sessions;
        Ok::<_, hirewire::store::StoreError>(web_sessions.count().get_result::<i64>(conn)?)
    });
    assert_eq!(stored.await, 0);
}

async fn an_odd_cookie_of_another_program_locks_nobody_out(app: TestApp) {
    let admin = app.an_admin().await;
    let browser = app.browser().logged_in(&admin.member.email).await;
    let own = browser.session_cookie().expect("a session").to_owned();
    for odd in [&b"theme=caf\xe9"[..], b"theme", b"theme=%ff", b"=", b";;", b"hirewire-browser=%ff"] {
        let mut asked = b"GET /vacancies HTTP/1.1\r\nHost: hooks.lan\r\nConnection: close\r\nCookie: ".to_vec();
        asked.extend_from_slice(odd);
        asked.extend_from_slice(format!("; hirewire-session={own}\r\n\r\n").as_bytes());
        // Clients of ours write cookies as text, so this one is written by hand.
        let address = app.url().trim_start_matches("http://").to_owned();
        let mut connection = TcpStream::connect(address).await.expect("a connection");
        connection.write_all(&asked).await.expect("it is sent");
        let mut answer = Vec::new();
        soon("an answer", connection.read_to_end(&mut answer)).await.expect("an answer");
        assert!(answer.starts_with(b"HTTP/1.1 200"), "{}", String::from_utf8_lossy(odd));
    }
}
