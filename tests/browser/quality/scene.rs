//! A console in which something has happened: what pages show when there is much to show.

use std::fmt::Write as _;
use std::time::Duration;

use crate::demo::{Demo, On};
use crate::process::{Console, NewHook, Seen, client, eventually};

/// Names as the world writes them, and one that nobody's column is wide enough for.
pub const NAMES: [&str; 6] = [
    "Siobhán O'Brien",
    "Nguyễn Thị Ánh",
    "محمد العتيبي",
    "Sam ✨ Rivera",
    "<script>alert(1)</script>",
    "Wolfeschlegelsteinhausenbergerdorff",
];

/// The demo, with exports in every state, a paused hook, a disabled one, and a vacancy that fills pages.
pub struct Scene {
    /// The program.
    pub demo: Demo,
    /// The admin, in test mode.
    pub admin: Console,
    /// Pages that show something which links alone would not find first.
    pub seeds: Vec<String>,
    /// The vacancy that fills pages.
    pub vacancy: String,
}

impl Scene {
    /// Sets it.
    pub async fn set() -> Self {
        let demo = Demo::start(On::Sqlite);
        let mut admin = member(&demo, "admin").await;
        test_mode(&mut admin).await;
        let vacancies = admin.page("/vacancies").await.expect("a page");
        let vacancy = named(&vacancies, "/vacancies/job_", "Senior Backend Engineer");
        let mut scene = Self { seeds: Vec::new(), demo, admin, vacancy };
        scene.fill_the_vacancy().await;
        scene.export_in_every_way().await;
        scene.rotate_and_invite().await;
        scene
    }

    /// More than a page of candidates, and a file whose columns wait to be checked.
    async fn fill_the_vacancy(&mut self) {
        let mut file = "ID;Name;Email;Stage\r\n".to_owned();
        for at in 0..60 {
            let name = if at == 47 { "Unbroken".repeat(62) } else { NAMES[at % NAMES.len()].to_owned() };
            write!(file, "Q-{at};{name};person{at}@mail.example;Screening\r\n").expect("a text");
        }
        let target = format!("{}/import", self.vacancy);
        for columns in [&[][..], &[("columns", "on")][..]] {
            let token = format!("token-of-a-file-{}", columns.len());
            let fields: Vec<_> = columns.iter().copied().chain([("token", token.as_str())]).collect();
            let led = self.admin.upload(&target, &fields, ("file", "people.csv", &file)).await.expect("an import");
            self.seeds.push(led);
        }
    }

    async fn export_in_every_way(&mut self) {
        let receiver = self.demo.told("receiver").to_owned();
        let hooks = self.admin.page("/settings/webhooks").await.expect("a page");
        let named = |name| named(&hooks, "/settings/webhooks/hk_", name);
        let mut to: Vec<String> = ["Candidate warehouse", "HRIS Sync"].map(named).into();
        for path in ["/ok?paused", "/status/410", "/status/410?twice"] {
            let url = format!("{receiver}{path}");
            let hook = NewHook { url: &url, sign: true, policy: "single", events: &["job.created"] };
            let (id, _) = self.admin.create_hook(&hook).await.expect("a hook");
            if path.ends_with("paused") {
                self.admin.pause(&id).await.expect("a pause");
            }
            to.push(format!("/settings/webhooks/{id}"));
        }
        for hook in &to {
            let export = self.export_to(hook).await;
            self.seeds.extend([hook.clone(), format!("{hook}/deletion"), export]);
        }
        for gone in &to[3..] {
            let admin = &mut self.admin;
            eventually("a hook to be disabled", Duration::from_secs(20), async || {
                Ok(admin.page(gone).await?.contains("Disabled</span>").then_some(()))
            })
            .await
            .expect("410 disables");
        }
        self.miss_something(&to[4]).await;
        // What nobody has confirmed yet.
        let page = self.admin.page(&self.vacancy).await.expect("a page");
        let ticked = candidates(&page);
        let mut fields: Vec<(&str, &str)> = ticked.iter().map(|id| ("candidate", id.as_str())).collect();
        fields.push(("step", "choose"));
        let asked = self.admin.act(&format!("{}/export", self.vacancy), &fields).await.expect("a selection");
        self.seeds.push(asked);
        self.seeds.extend([
            "/developers/logs?status=failed".to_owned(),
            "/developers/logs?event=candidate.deleted".to_owned(),
            format!("{}?page=2", self.vacancy),
            format!("{}?stage=Nobody", self.vacancy),
        ]);
    }

    /// A secret is being rotated, and somebody is invited.
    async fn rotate_and_invite(&mut self) {
        let hooks = self.admin.page("/settings/webhooks").await.expect("a page");
        let hook = named(&hooks, "/settings/webhooks/hk_", "Candidate warehouse");
        let rotation = [("overlap", "24h"), ("token", "token-of-a-rotation")];
        self.admin.act(&format!("{hook}/secret"), &rotation).await.expect("a rotation");
        self.seeds.push(hook);
        let somebody = [
            ("name", NAMES[0]),
            ("email", "siobhan@mail.example"),
            ("role", "support"),
            ("token", "token-of-an-invitation"),
        ];
        self.admin.act("/settings/members/new", &somebody).await.expect("an invitation");
    }

    /// A disabled hook misses an event, and is enabled again.
    async fn miss_something(&mut self, hook: &str) {
        let event = client().expect("a client").post(self.demo.page("/v1/partner/events"));
        let event = event.bearer_auth(self.demo.told("api key (test)")).header("content-type", "application/json");
        let answer = event.body(r#"{"event":"job.created","data":{}}"#).send().await.expect("an answer");
        assert_eq!(answer.status().as_u16(), 202);
        self.admin.act(&format!("{hook}/activation"), &[]).await.expect("it is enabled");
        let missed = format!("{hook}/missed");
        eventually("something to be missed", Duration::from_secs(20), async || {
            Ok(matches!(self.admin.look(&missed).await?, Seen::Page { .. }).then_some(()))
        })
        .await
        .expect("it missed the event");
        self.seeds.push(missed);
    }

    /// Exports the first five of the page to a hook, and returns the address of the export.
    async fn export_to(&mut self, hook: &str) -> String {
        let page = self.admin.page(&self.vacancy).await.expect("a page");
        let ids = candidates(&page);
        let mut fields: Vec<(&str, &str)> = ids.iter().take(5).map(|id| ("candidate", id.as_str())).collect();
        let id = hook.rsplit('/').next().expect("an id");
        fields.extend([("step", "confirm"), ("token", id), ("hook", id)]);
        self.admin.act(&format!("{}/export", self.vacancy), &fields).await.expect("an export")
    }
}

/// One of the demo's members, at the pages without a browser.
pub async fn member(demo: &Demo, role: &str) -> Console {
    let email = format!("{role}@demo.example");
    Console::log_in_with(demo.told("console"), &email, demo.told("password")).await.expect("they get in")
}

/// Goes where the demo has a history.
pub async fn test_mode(console: &mut Console) {
    console.act("/mode", &[("mode", "test"), ("back", "/")]).await.expect("test mode");
}

/// The addresses on a page that begin like this, in order.
pub fn linked(html: &str, start: &str) -> Vec<String> {
    let hrefs = html.split("href=\"").skip(1).filter_map(|rest| rest.split('"').next());
    hrefs.filter(|href| href.starts_with(start)).map(str::to_owned).collect()
}

/// The address, beginning like this, of the link with this name.
fn named(html: &str, start: &str, name: &str) -> String {
    let before = html.split(&format!(">{name}<")).next().expect("a page");
    linked(before, start).pop().unwrap_or_else(|| panic!("no link “{name}”"))
}

fn candidates(page: &str) -> Vec<String> {
    let boxes = page.split("name=\"candidate\" value=\"").skip(1);
    boxes.filter_map(|rest| rest.split('"').next()).map(str::to_owned).collect()
}
