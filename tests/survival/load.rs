//! Partner systems that report so many events a second, whatever becomes of the program, and remember what they were told.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::sync::{Semaphore, watch};
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::MissedTickBehavior;

use crate::receiver::Manner;

/// So many reports wait for their answer at once; while they do, the load holds back like a partner that has run out.
const OUTSTANDING: usize = 256;

/// How long a partner waits for an answer.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(20);

/// What a report was answered.
#[derive(Debug, Clone)]
pub enum Told {
    /// 202: the event's id.
    Accepted(String),
    /// Another status; and whether it says that the event may have been recorded all the same.
    Refused { status: u16, retry_after: Option<String>, may_be_recorded: bool },
    /// Nothing: no connection, or it broke. Whether the event was recorded is not known.
    Nothing(#[allow(dead_code, reason = "it is read when a story fails")] String),
}

/// A report and its answer.
#[derive(Debug, Clone)]
pub struct Reported {
    /// The event's own number, which stands in its data.
    pub number: u64,
    pub manner: Manner,
    pub told: Told,
    pub asked: Instant,
    pub answered: Instant,
}

/// Where and as whom events are reported.
#[derive(Clone)]
pub struct Partner {
    client: reqwest::Client,
    /// The instances, in turn.
    bases: Vec<String>,
    key: String,
}

/// So many of every kind, out of their sum.
pub type Mix = &'static [(Manner, u32)];

/// A load that goes on until it is stopped.
pub struct Load {
    stop: watch::Sender<bool>,
    reported: Arc<Mutex<Vec<Reported>>>,
    running: JoinHandle<()>,
}

impl Partner {
    pub fn new(bases: &[&str], key: &str) -> Self {
        let bases = bases.iter().map(|&base| base.to_owned()).collect();
        Self { client: client(), bases, key: key.to_owned() }
    }

    /// Reports one event and waits for the answer.
    pub async fn report(&self, number: usize, manner: Manner) -> Reported {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let url = format!("{}/v1/partner/events", self.bases[number % self.bases.len()]);
        let (asked, number) = (Instant::now(), NEXT.fetch_add(1, Ordering::Relaxed));
        let told = self.ask(url, number, manner).await.unwrap_or_else(|error| Told::Nothing(format!("{error:?}")));
        Reported { number, manner, told, asked, answered: Instant::now() }
    }

    async fn ask(&self, url: String, number: u64, manner: Manner) -> reqwest::Result<Told> {
        // About as much as an event of a hiring team weighs.
        let data = json!({"number": number, "note": "n".repeat(1_000)});
        let body = json!({"event": manner.event(), "data": data}).to_string();
        let request = self.client.post(url).bearer_auth(&self.key).header("content-type", "application/json");
        let answer = request.body(body).send().await?;
        let status = answer.status().as_u16();
        let retry_after = answer.headers().get("retry-after").map(|value| value.to_str().expect("ASCII").to_owned());
        let body = answer.text().await?;
        let answer: Value = serde_json::from_str(&body).unwrap_or_else(|error| panic!("{error} in {body}"));
        if status != 202 {
            let may_be_recorded = answer["error"]["details"]["outcome"] == "unknown";
            return Ok(Told::Refused { status, retry_after, may_be_recorded });
        }
        Ok(Told::Accepted(answer["id"].as_str().expect("an id").to_owned()))
    }

    /// Reports so many of one kind, some at a time, all of which must be accepted.
    pub async fn report_all(&self, count: usize, manner: Manner) -> Vec<Reported> {
        let limit = Arc::new(Semaphore::new(16));
        let mut asking = JoinSet::new();
        for number in 0..count {
            let (partner, limit) = (self.clone(), limit.clone());
            asking.spawn(async move {
                let _turn = limit.acquire().await;
                partner.report(number, manner).await
            });
        }
        let reported = asking.join_all().await;
        assert!(reported.iter().all(|one| one.id().is_some()), "not accepted: {reported:?}");
        reported
    }
}

impl Reported {
    /// The id of an accepted one.
    pub fn id(&self) -> Option<&str> {
        match &self.told {
            Told::Accepted(id) => Some(id),
            Told::Refused { .. } | Told::Nothing(_) => None,
        }
    }

    /// Whether it was told that it is not known whether the event was recorded.
    pub fn is_told_unknown(&self) -> bool {
        matches!(self.told, Told::Refused { may_be_recorded: true, .. })
    }

    /// Whether the event may have been recorded although that was not said: no answer came, or one that says so.
    pub fn is_open(&self) -> bool {
        self.is_told_unknown() || matches!(self.told, Told::Nothing(_))
    }
}

/// Whoever was not accepted was answered, and told that and when to come again.
pub fn all_are_accepted_or_told_to_come_again(reported: &[Reported]) {
    let wrong: Vec<&Reported> = reported
        .iter()
        .filter(|one| match &one.told {
            Told::Accepted(_) => false,
            Told::Refused { status, retry_after, .. } => {
                let seconds: Option<u64> = retry_after.as_deref().and_then(|after| after.parse().ok());
                *status != 503 || seconds < Some(1)
            }
            Told::Nothing(_) => true,
        })
        .collect();
    assert!(wrong.is_empty(), "{} of {} were answered otherwise, such as {:?}", wrong.len(), reported.len(), wrong[0]);
}

impl Load {
    pub fn start(partner: Partner, per_second: u32, mix: Mix) -> Self {
        let (stop, stopped) = watch::channel(false);
        let reported = Arc::<Mutex<Vec<Reported>>>::default();
        let running = tokio::spawn(run(partner, per_second, mix, reported.clone(), stopped));
        Self { stop, reported, running }
    }

    /// How many that were asked after a moment have been accepted so far.
    pub fn accepted_after(&self, moment: Instant) -> usize {
        let reported = self.reported.lock().expect("no panic before");
        reported.iter().filter(|one| one.asked > moment && one.id().is_some()).count()
    }

    /// What has been answered so far.
    pub fn so_far(&self) -> Vec<Reported> {
        self.reported.lock().expect("no panic before").clone()
    }

    /// Reports nothing more, and waits for what was reported.
    pub async fn stopped(self) -> Vec<Reported> {
        self.stop.send_replace(true);
        self.running.await.expect("no panic");
        std::mem::take(&mut *self.reported.lock().expect("no panic before"))
    }
}

async fn run(
    partner: Partner,
    per_second: u32,
    mix: Mix,
    reported: Arc<Mutex<Vec<Reported>>>,
    stopped: watch::Receiver<bool>,
) {
    let limit = Arc::new(Semaphore::new(OUTSTANDING));
    let mut asking = JoinSet::new();
    let mut beat = tokio::time::interval(Duration::from_secs(1) / per_second);
    beat.set_missed_tick_behavior(MissedTickBehavior::Burst);
    for number in 0.. {
        beat.tick().await;
        if *stopped.borrow() {
            break;
        }
        while asking.try_join_next().is_some() {}
        let Ok(turn) = limit.clone().try_acquire_owned() else { continue };
        let (partner, reported, manner) = (partner.clone(), reported.clone(), draw(mix));
        asking.spawn(async move {
            let told = partner.report(number, manner).await;
            reported.lock().expect("no panic before").push(told);
            drop(turn);
        });
    }
    asking.join_all().await;
}

fn draw(mix: Mix) -> Manner {
    let mut left = rand::random_range(0..mix.iter().map(|(_, share)| share).sum::<u32>());
    for (manner, share) in mix {
        match left.checked_sub(*share) {
            Some(rest) => left = rest,
            None => return *manner,
        }
    }
    unreachable!("the number drawn is below the sum of the shares")
}

/// A client for plain HTTP.
pub fn client() -> reqwest::Client {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let tls = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_root_certificates(rustls::RootCertStore::empty())
        .with_no_client_auth();
    let client = reqwest::Client::builder().tls_backend_preconfigured(tls).no_proxy().timeout(ANSWER_TIMEOUT);
    client.build().expect("a client")
}
