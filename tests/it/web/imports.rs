//! Imports as a recruiter makes them: a table nobody knows, a value that cannot be read, and what was left out.

use chrono::TimeDelta;
use hirewire::domain::role::Role;
use hirewire::store;
use reqwest::Method;

use crate::support::{Browser, Page, TestApp, token};

on_both_databases!(
    what_was_left_out_is_downloaded_corrected_and_brought_back_without_a_double,
    a_table_of_unknown_columns_leads_to_the_page_of_columns,
    an_address_stored_in_another_unicode_form_is_known_again,
    names_that_turn_what_follows_them_turn_nothing_on_a_page,
    what_was_left_out_is_nobody_elses_and_goes_after_a_day,
);

async fn a_recruiter(app: &TestApp) -> (Browser, String) {
    let team = app.an_organisation().await;
    let (vacancy, _) = app.a_vacancy_with(&team.admin, 0).await;
    let member = app.a_member(&team.id, Role::Recruiter).await;
    (app.browser().logged_in(&member.member.email).await, format!("/vacancies/{vacancy}/import"))
}

/// Sends a file; what its page answers, and where it leads.
async fn upload(browser: &mut Browser, path: &str, file: &str) -> Page {
    let mut body = format!("--b0\r\nContent-Disposition: form-data; name=\"token\"\r\n\r\n{}\r\n", token());
    body += &format!(
        "--b0\r\nContent-Disposition: form-data; name=\"file\"; filename=\"people.csv\"\r\n\r\n{file}\r\n--b0--\r\n"
    );
    let headers = [("sec-fetch-site", "same-origin"), ("content-type", "multipart/form-data; boundary=b0")];
    browser.send(Method::POST, path, &headers, body.into_bytes()).await
}

async fn what_was_left_out_is_downloaded_corrected_and_brought_back_without_a_double(app: TestApp) {
    let (mut browser, path) = a_recruiter(&app).await;
    let led =
        upload(&mut browser, &path, "Name,Applied on,City\nIñigo Venkataraman,soon,Bilbao\nBen Sorrel,,Ulm\n").await;
    let page = browser.follow(&led).await;
    assert!(page.body.contains("2 candidates added. Of 1 row single values were left out."), "{}", page.body);
    assert!(page.body.contains("<bdi>Iñigo Venkataraman</bdi>"), "{}", page.body);

    let file = format!("{}/left-out", led.location().expect("an import"));
    let left = browser.get(&file).await;
    assert_eq!(
        left.header("content-disposition"),
        Some("attachment; filename*=UTF-8''people%20%2D%20left%20out%2Ecsv")
    );
    assert!(left.body.contains("Bilbao") && !left.body.contains("Ulm"), "{}", left.body);

    let led = upload(&mut browser, &path, &left.body.replace(",soon,", ",2026-11-02,")).await;
    let page = browser.follow(&led).await;
    assert!(page.body.contains("0 candidates added, 1 updated."), "{}", page.body);
    let gone = browser.get(&format!("{}/left-out", led.location().expect("an import"))).await;
    assert_eq!(gone.status, 404, "nothing was left out");
}

async fn a_table_of_unknown_columns_leads_to_the_page_of_columns(app: TestApp) {
    let (mut browser, path) = a_recruiter(&app).await;
    let led = upload(&mut browser, &path, "Keresztnév;Vezetéknév\nAda;Quill\n").await;
    let page = browser.follow(&led).await;
    assert!(page.body.contains("Check the columns") && page.body.contains("Keresztnév"), "{}", page.body);
    let import = led.location().expect("an import").to_owned();
    let led = browser.post(&import, &[("column-0", "first_name"), ("column-1", "last_name")]).await;
    let page = browser.follow(&led).await;
    assert!(page.body.contains("1 candidate added."), "{}", page.body);
}

async fn an_address_stored_in_another_unicode_form_is_known_again(app: TestApp) {
    let (mut browser, path) = a_recruiter(&app).await;
    let file = "Name,Email\nJörg Quill,j\u{f6}rg@mail.example\n";
    upload(&mut browser, &path, file).await;
    // As a version that did not bring addresses to one form stored what a Mac had written.
    let apart = "jo\u{308}rg@mail.example";
    app.sql(format!(
        "UPDATE candidates SET email = '{apart}', profile = replace(profile, 'j\u{f6}rg@mail.example', '{apart}')"
    ))
    .await;
    let led = upload(&mut browser, &path, &file.replace("Jörg Quill", "Jörg A. Quill")).await;
    let page = browser.follow(&led).await;
    assert!(page.body.contains("0 candidates added, 1 updated."), "{}", page.body);
}

async fn names_that_turn_what_follows_them_turn_nothing_on_a_page(app: TestApp) {
    let team = app.an_organisation().await;
    let (vacancy, _) = app.a_vacancy_with(&team.admin, 1).await;
    // As a door that did not take these characters out would have left them: out of the isolate, then backwards.
    let turning = "\u{2069}\u{202e}";
    app.sql(format!(
        "UPDATE vacancies SET title = '{turning}Ingenieur für Käse'; \
         UPDATE candidates SET profile = replace(profile, 'Candidate', '{turning}Änne')"
    ))
    .await;
    let mut browser = app.browser().logged_in(&team.admin.member.email).await;
    let page = browser.get(&format!("/vacancies/{vacancy}")).await.body;
    assert!(page.contains("<title>\u{2068}Ingenieur für Käse\u{2069} · "), "{page}");
    assert!(page.contains("aria-label=\"Select \u{2068}Änne "), "{page}");
    assert!(page.contains("<bdi>Änne ") && !page.contains('\u{202e}'), "{page}");
}

async fn what_was_left_out_is_nobody_elses_and_goes_after_a_day(app: TestApp) {
    let (mut browser, path) = a_recruiter(&app).await;
    let led = upload(&mut browser, &path, "Name,Applied on\nAda Quill,soon\n").await;
    let file = format!("{}/left-out", led.location().expect("an import"));
    assert_eq!(a_recruiter(&app).await.0.get(&file).await.status, 404);
    assert_eq!(browser.get(&file).await.status, 200);
    let tomorrow = app.now() + TimeDelta::seconds(1);
    app.write(move |conn| store::import::drop_abandoned(conn, tomorrow).map(drop)).await;
    assert_eq!(browser.get(&file).await.status, 404);
    let page = browser.follow(&led).await;
    assert!(page.body.contains("soon") && !page.body.contains("Download what was left out"), "{}", page.body);
}
