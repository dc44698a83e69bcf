//! What tests are made of.

mod app;
mod browser;
mod cast;
mod database;
mod hostile;
#[allow(dead_code, reason = "the stories of survival use more of it")]
#[path = "../../process/proxy.rs"]
mod proxy;
mod receiver;
mod running;
mod smtp;
mod uncommitted;
mod verifier;

use std::future::Future;
use std::time::Duration;

use futures_util::FutureExt as _;
use hirewire::domain::delivery::{Delivery, DeliveryRecord};

pub use app::{DRAIN, TestApp, engine_of};
pub use browser::{Browser, Page, Partner};
pub use cast::{PASSWORD, Team, in_mode, token};
pub use database::Kind;
pub use hostile::Hostile;
pub use proxy::Proxy;
pub use receiver::{Answer, Gate, Received, Receiver};
pub use running::RunningEngine;
pub use smtp::{Manner, Smtp};
pub use uncommitted::Uncommitted;
pub use verifier::{Verifier, is_signed_with, signers};

/// Makes `story::sqlite` and `story::postgres` of each `async fn story(app: TestApp)` that is named.
///
/// The stories stand beside the list as plain functions, so that the formatter reaches them; one that is not listed is dead
/// code, which the build refuses.
macro_rules! on_both_databases {
    ($($story:ident),+ $(,)?) => {$(
        mod $story {
            #[test]
            fn sqlite() {
                crate::support::run(crate::support::Kind::Sqlite, super::$story);
            }

            #[test]
            fn postgres() {
                crate::support::run(crate::support::Kind::Postgres, super::$story);
            }
        }
    )+};
}

/// How long something may take before a test calls it missing; far longer than it takes on a busy machine.
pub const DEADLINE: Duration = Duration::from_secs(30);

/// Tells a story on a fresh database, and cleans up whatever its end.
pub fn run<Told>(kind: Kind, story: impl FnOnce(TestApp) -> Told)
where
    Told: Future<Output = ()>,
{
    let database = database::Database::create(kind);
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");
    let told = runtime.block_on(async {
        let app = TestApp::start(database.clone()).await;
        let servers = app.servers.clone();
        let told = std::panic::AssertUnwindSafe(story(app)).catch_unwind().await;
        servers.stop().await;
        told
    });
    drop(runtime);
    drop(database);
    if let Err(panic) = told {
        std::panic::resume_unwind(panic);
    }
}

/// The delivery as its row would tell of it, but for what `change` makes of the record.
pub fn changed(delivery: &Delivery, change: impl FnOnce(&mut DeliveryRecord)) -> Delivery {
    let mut record = delivery.clone().into_record();
    change(&mut record);
    Delivery::restored(record)
}

/// Awaits something that must come; says what when it does not.
pub async fn soon<T>(what: &str, coming: impl Future<Output = T>) -> T {
    match tokio::time::timeout(DEADLINE, coming).await {
        Ok(came) => came,
        Err(_) => panic!("waited {DEADLINE:?} for {what}"),
    }
}

/// Looks again and again until there is something to see.
pub async fn eventually<T, Seen: Future<Output = Option<T>>>(what: &str, look: impl Fn() -> Seen) -> T {
    let looking = async {
        loop {
            if let Some(seen) = look().await {
                return seen;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    soon(what, looking).await
}
