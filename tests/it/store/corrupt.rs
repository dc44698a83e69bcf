//! A row that cannot be what it claims to be is reported with its table and id, never defaulted.

use hirewire::actions::export::{self, Confirmed};
use hirewire::domain::ids::{
    ApiKeyId, CandidateId, DeliveryId, EventId, ExportId, HookId, MemberId, OrganisationId, VacancyId,
};
use hirewire::domain::mode::Mode;
use hirewire::store::{self, Conn, Result, StoreError};

use crate::support::{Receiver, TestApp, token};

on_both_databases!(an_impossible_row_is_reported_with_its_table_and_id);

#[derive(Clone)]
struct Ids {
    organisation: OrganisationId,
    member: MemberId,
    hook: HookId,
    key: ApiKeyId,
    key_hash: String,
    vacancy: VacancyId,
    candidate: CandidateId,
    export: ExportId,
    event: EventId,
    delivery: DeliveryId,
}

type Read = fn(&mut Conn, &Ids) -> Result<()>;

async fn ids(app: &TestApp) -> Ids {
    let admin = app.an_admin().await;
    let receiver = Receiver::answering([200]).await;
    let (hook, _) = app.a_signed_hook(&admin, &receiver.url()).await;
    let (key, text) = app.an_api_key(&admin, Mode::Live).await;
    let (vacancy, candidates) = app.a_vacancy_with(&admin, 1).await;
    let candidate = candidates[0].clone();
    let confirmed = Confirmed { vacancy: vacancy.clone(), candidates, hook: hook.id.clone(), token: token() };
    let export = export::confirm(&app.context, &admin, confirmed).await.expect("an export");
    app.tick().await;
    let delivery = app.the_delivery(&admin.organisation.id, Mode::Live).await;
    // One that stays open.
    app.advance_ms(1);
    app.report(&key, "job.created").await;
    Ids {
        organisation: admin.organisation.id,
        member: admin.member.id,
        hook: hook.id,
        key: key.id,
        key_hash: hirewire::domain::api_key::hash(&text),
        vacancy,
        candidate,
        export,
        event: delivery.event_id.clone(),
        delivery: delivery.id.clone(),
    }
}

async fn an_impossible_row_is_reported_with_its_table_and_id(app: TestApp) {
    let good = ids(&app).await;
    let hook: Read = |conn, ids| store::hook::find(conn, &ids.organisation, &ids.hook).map(drop);
    let delivery: Read = |conn, ids| store::delivery::find(conn, &ids.organisation, &ids.delivery).map(drop);
    let open: Read = |conn, ids| store::delivery::owed_to(conn, &ids.hook, 10).map(drop);
    let named: Read = |conn, _| {
        let head = store::changes::head(conn)?;
        store::changes::since(conn, head - 1).map(drop)
    };
    let load: Read = |conn, ids| store::delivery::load(conn, &ids.delivery).map(drop);
    let event: Read = |conn, ids| store::event::find(conn, &ids.organisation, &ids.event).map(drop);
    let export: Read = |conn, ids| store::export::find(conn, &ids.organisation, &ids.export).map(drop);
    let attempts: Read = |conn, ids| store::attempt::of_delivery(conn, &ids.delivery).map(drop);
    let applicants: Read = |conn, ids| {
        store::candidate::applicants_by_ids(conn, &ids.vacancy, std::slice::from_ref(&ids.candidate)).map(drop)
    };
    let member: Read = |conn, ids| store::member::find(conn, &ids.member).map(drop);
    let roles: Read = |conn, ids| store::member::organisations_of(conn, &ids.member).map(drop);
    let team: Read = |conn, ids| store::organisation::find(conn, &ids.organisation).map(drop);
    let credential: Read = |conn, ids| store::credential::of_hooks(conn, std::slice::from_ref(&ids.hook)).map(drop);
    let key: Read = |conn, ids| store::api_key::find_by_hash(conn, &ids.key_hash).map(drop);
    let vacancy: Read = |conn, ids| store::vacancy::find(conn, &ids.organisation, &ids.vacancy).map(drop);
    const NO_TIME: &str = "9223372036854775807";
    let cases: [(&'static str, &str, &str, Read); 42] = [
        ("organisations", "time_zone", "'Mars/Olympus'", team),
        ("organisations", "suspended_at", NO_TIME, team),
        ("members", "created_at", NO_TIME, member),
        ("memberships", "role", "'owner'", roles),
        ("hooks", "policy", "'often'", hook),
        ("hooks", "url", "'http://a.example'", hook),
        ("hooks", "events", "'[\"job.made\"]'", hook),
        ("hooks", "events", "'all'", hook),
        ("hooks", "field_set", "'some'", hook),
        ("hooks", "state", "'asleep'", hook),
        ("hooks", "mode", "'Live '", hook),
        ("hooks", "created_by", "'somebody'", hook),
        ("credentials", "kind", "'password'", credential),
        ("api_keys", "mode", "'both'", key),
        ("vacancies", "status", "'gone'", vacancy),
        ("candidates", "profile", "'{'", applicants),
        ("applications", "review", "'{\"answers\":1}'", applicants),
        ("events", "kind", "'job.made'", event),
        ("events", "client_id", "'key_1'", event),
        ("open_deliveries", "status", "'lost'", open),
        ("open_deliveries", "status", "'success'", open),
        ("open_deliveries", "due_at", NO_TIME, open),
        ("open_deliveries", "next_trigger", "'magic'", open),
        ("open_deliveries", "last_class", "'bad_luck'", open),
        ("open_deliveries", "rotation_tries", "-1", open),
        ("changes", "delivery_id", "'dlv_1'", named),
        ("deliveries", "status", "'lost'", delivery),
        ("deliveries", "status", "'pending'", delivery),
        ("deliveries", "status", "'failed'", delivery),
        ("deliveries", "completed_at", "NULL", delivery),
        ("deliveries", "status_before", "'retrying'", delivery),
        ("deliveries", "arrived_before", "1", delivery),
        ("deliveries", "next_trigger", "'magic'", delivery),
        ("deliveries", "last_class", "'bad_luck'", delivery),
        ("deliveries", "automatic_tries", "-1", delivery),
        ("deliveries", "response_status", "70000", delivery),
        ("deliveries", "field_set", "'minimal'", load),
        ("deliveries", "event_id", "'evt_gone'", load),
        ("attempts", "trigger_kind", "'magic'", attempts),
        ("attempts", "response_headers", "'no'", attempts),
        ("attempts", "remote", "'nowhere'", attempts),
        ("exports", "excluded", "'[[\"can_1\",\"because\"]]'", export),
    ];
    for (table, column, value, read) in cases {
        let before = good.clone();
        app.read(move |conn| read(conn, &before)).await;
        let statement = format!("UPDATE {table} SET {column} = {value}");
        let broken = good.clone();
        // Everything happens in one transaction that is given up in the end: the next case starts from good rows.
        let outcome: Result<(), StoreError> = app
            .context
            .store
            .write(move |conn| {
                use diesel::connection::SimpleConnection as _;
                conn.batch_execute(&statement)?;
                match read(conn, &broken) {
                    Ok(()) => Err(StoreError::Unavailable("it was read as if it were good".into())),
                    Err(error) => Err(error),
                }
            })
            .await;
        let Err(StoreError::Corrupt { table: told, id, what }) = outcome else {
            panic!("{table}.{column} = {value}: {outcome:?}");
        };
        assert_eq!(told, table, "{column} = {value}");
        let named = [
            good.organisation.as_str(),
            good.member.as_str(),
            good.hook.as_str(),
            good.key.as_str(),
            good.vacancy.as_str(),
            good.candidate.as_str(),
            good.export.as_str(),
            good.event.as_str(),
            good.delivery.as_str(),
        ];
        let known = named.contains(&id.as_str())
            || table == "changes"
            || ["app_", "att_", "crd_", "dlv_"].iter().any(|start| id.starts_with(start));
        assert!(known && !what.is_empty(), "{table}.{column} = {value}: {id}: {what}");
    }
}
