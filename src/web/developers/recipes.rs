//! Receiving in tools that people have: each step, exactly.

use crate::web::prelude::*;

/// A recipe.
pub struct Recipe {
    /// In its address.
    pub slug: &'static str,
    /// What it is for, as its link says.
    pub title: &'static str,
    /// What one gets, half a sentence.
    pub what: &'static str,
    says: &'static str,
    steps: fn(&Viewer) -> Markup,
}

/// Every recipe.
pub const RECIPES: [Recipe; 4] = [
    Recipe {
        slug: "zapier",
        title: "Zapier",
        what: "start a Zap with each delivery, and stop it unless the key or the signature is right.",
        says: "Catch the raw hook, check who calls in the second step, and only then go on.",
        steps: zapier,
    },
    Recipe {
        slug: "make",
        title: "Make",
        what: "start a scenario with each delivery; Make itself refuses a wrong key, and a filter checks the signature.",
        says: "Give Make’s own API key to the webhook as a header; Make then refuses everybody else.",
        steps: make,
    },
    Recipe {
        slug: "n8n",
        title: "n8n",
        what: "start a workflow with each delivery; n8n itself refuses a wrong key.",
        says: "Header Auth checks the key before the workflow starts; two nodes more check the signature.",
        steps: n8n,
    },
    Recipe {
        slug: "script",
        title: "A plain script",
        what: "a small server that verifies, queues and answers at once, in Python and nothing else.",
        says: "Verify, write it down, answer 204. A second program works through what was written down.",
        steps: script,
    },
];

/// The page of a recipe.
pub async fn show(visit: Visit, slug: web::Path<String>) -> Answer {
    let recipe = RECIPES.iter().find(|recipe| recipe.slug == *slug).ok_or(WebError::NotFound)?;
    let title = format!("Receiving with {}", recipe.title.replacen("A plain", "a plain", 1));
    Ok(visit.page(title.clone(), Nav::Receiving, sheet(recipe, &title, &visit.viewer)).ok())
}

fn sheet(recipe: &Recipe, title: &str, viewer: &Viewer) -> Markup {
    html! {
        (Head::below(Nav::Receiving, title))
        div.prose {
            p.says { (recipe.says) }
            ((recipe.steps)(viewer))
            h2 { "When it does not work" }
            p {
                "The delivery’s page in " a href=(paths::LOGS) { "Webhook Logs" } " shows what was sent and what came back. "
                a href={ (paths::RECEIVING) "#help" } { "Need help?" }
            }
        }
    }
}

/// How a webhook is made for the address that the other tool gave.
fn create(viewer: &Viewer, tick: Markup) -> Markup {
    html! {
        @if viewer.role.may(Permission::ManageHooks) {
            "In Hirewire, open " a href=(paths::NEW_WEBHOOK) { "Create Webhook" }
        } @else {
            "In Hirewire, have an Organisation Admin open Webhooks and Create Webhook"
        }
        ". Paste the address into " strong { "Webhook URL" } ", " (tick) ", and press " strong { "Create Hook" } "."
    }
}

fn key_ticked() -> Markup {
    html! { "tick " strong { "Send a webhook key" } }
}

fn both_ticked() -> Markup {
    html! { "tick " strong { "Send a webhook key" } " and leave " strong { "Sign deliveries" } " ticked" }
}

const ZAPIER_CODE: &str = r#"const { createHmac, timingSafeEqual } = require("crypto");

const parts = inputData.signature.split(",").map((part) => part.trim().split("="));
const t = (parts.find(([name]) => name === "t") || [])[1] || "";
if (!/^\d{1,12}$/.test(t) || Math.abs(Date.now() / 1000 - Number(t)) > 300) throw new Error("too old");
const expected = createHmac("sha256", inputData.secret).update(`${t}.${inputData.body}`).digest();
const genuine = parts.some(([name, hex]) => {
  const given = Buffer.from(name === "v1" ? hex : "", "hex");
  return given.length === expected.length && timingSafeEqual(given, expected);
});
if (!genuine) throw new Error("not from Hirewire");
return JSON.parse(inputData.body);"#;

fn zapier(viewer: &Viewer) -> Markup {
    html! {
        p { "Zapier’s Catch Hook hands on fields, not headers and bytes, so nothing can be checked behind it. Catch Raw Hook hands on both, up to 2 MB. Either needs a plan with Webhooks by Zapier." }
        h2 { "Connect" }
        ol {
            li { "In Zapier, create a Zap. As trigger choose " strong { "Webhooks by Zapier" } ", as event " strong { "Catch Raw Hook" } ". Copy the webhook URL it shows." }
            li { (create(viewer, both_ticked())) " Store key and secret: they are shown once." }
            li { "On the webhook’s page press " strong { "Send Test" } ". Zapier answers 200 whatever comes; the test says so." }
            li { "In Zapier, press " strong { "Test trigger" } " and choose the request. It has a raw body, and headers whose names begin with HTTP." }
        }
        h2 { "Check the key" }
        ol {
            li { "Add a step " strong { "Filter by Zapier" } ": continue only if the header ending in X Webhook Key " strong { "(Text) Exactly matches" } " the key you stored." }
            li { "Add a step " strong { "Code by Zapier" } ", " strong { "Run Javascript" } ", with " code { "body" } " set to the raw body and the code " code { "return JSON.parse(inputData.body);" } " The steps behind it can use every field." }
        }
        h2 { "Or check the signature" }
        p { "Instead of both, one step " strong { "Code by Zapier" } ", " strong { "Run Javascript" } ", with three entries under Input Data: " code { "body" } " the raw body, " code { "signature" } " the header ending in X Webhook Signature, " code { "secret" } " the secret you stored." }
        (code::figure("Code by Zapier", html! { strong { "Code by Zapier" } "stops the Zap unless the delivery is genuine" }, html! { (ZAPIER_CODE) }, false))
        p { "Zapier has acknowledged the delivery before the Zap runs. A Zap that fails is not retried by Hirewire: look at its history in Zapier." }
    }
}

fn make(viewer: &Viewer) -> Markup {
    html! {
        p { "A custom webhook of Make can ask for an API key in a header of its own, " code { "x-make-apikey" } ". It does not look at " code { "X-Webhook-Key" } " or at signatures; a filter behind it can." }
        h2 { "Connect, and check the key" }
        ol {
            li { "In Make, add the module " strong { "Webhooks > Custom webhook" } " to a scenario and create a webhook. Under " strong { "API Key authentication" } " add a key: a long random value, such as the output of " code { "openssl rand -hex 32" } ". Save, and copy the address." }
            li { (create(viewer, html! { "add under " strong { "Custom headers" } " the name " code { "x-make-apikey" } " with that value, leave " strong { "Sign deliveries" } " ticked" })) " Store the secret: it is shown once." }
            li { "In Make, press " strong { "Redetermine data structure" } "; on the webhook’s page in Hirewire press " strong { "Send Test" } ". Make answers 200 with “Accepted”, and knows the fields from then on. Without the key it answers 401, and starts nothing." }
        }
        h2 { "Check the signature as well" }
        ol {
            li { "In the webhook’s advanced settings turn on " strong { "Get request headers" } " and " strong { "JSON pass-through" } ": the body then comes as the text " code { "value" } ", byte for byte." }
            li { "Set a filter on the line behind the webhook to these two, " strong { "Text operators: Equal to" } " between them, with your secret in the second. The 1 is the number of the webhook’s module: write yours if it is another." }
            li { "Behind it add " strong { "JSON > Parse JSON" } " with " code { "{{1.value}}" } "." }
        }
        (code::figure("Filter on the signature", html! { strong { "Filter" } "left, then right" }, html! {
            "{{get(map(1.`__IMTHEADERS__`; \"value\"; \"name\"; \"x-hub-signature-256\"); 1)}}\nsha256={{sha256(1.value; \"hex\"; \"whsec_…\")}}"
        }, true))
        p { "This signature does not cover the time. Use " code { "id" } " of the body as key of a data store, and stop where it is known already." }
        p { "Make has acknowledged the delivery before the scenario runs. A scenario that fails is not retried by Hirewire: look at its history in Make." }
    }
}

fn n8n(viewer: &Viewer) -> Markup {
    html! {
        h2 { "Connect, and check the key" }
        ol {
            li { "In n8n, add a " strong { "Webhook" } " node. HTTP Method " strong { "POST" } ", Respond " strong { "Immediately" } ". Copy its " strong { "Production URL" } "; it has to begin with https." }
            li { (create(viewer, key_ticked())) " Store the key: it is shown once." }
            li { "In the Webhook node choose Authentication " strong { "Header Auth" } " and create a credential: Name " code { "X-Webhook-Key" } ", Value the key. n8n then answers 403 to anybody else, and starts nothing." }
            li { "Activate the workflow: until then the production address answers 404. On the webhook’s page in Hirewire press " strong { "Send Test" } "; the run stands under Executions." }
            li { "The fields are under " code { "{{ $json.body.data }}" } ", the headers, in small letters, under " code { "{{ $json.headers }}" } "." }
        }
        h2 { "Check the signature as well" }
        ol {
            li { "Leave " strong { "Sign deliveries" } " ticked, and store the secret too." }
            li { "In the Webhook node add the option " strong { "Raw Body" } ": the bytes come as a binary field called " code { "data" } "." }
            li { "Add a " strong { "Crypto" } " node: Action " strong { "HMAC" } ", Type " strong { "SHA256" } ", turn on " strong { "Binary File" } ", Binary Property Name " code { "data" } ", Property Name " code { "signature" } ", Secret your secret, Encoding " strong { "HEX" } "." }
            li { "Add an " strong { "If" } " node that goes on when these two are equal:" }
        }
        (code::figure("The If node", html! { strong { "If" } "two strings" }, html! { "{{ \"sha256=\" + $json.signature }}\n{{ $('Webhook').item.json.headers[\"x-hub-signature-256\"] }}" }, true))
        ol start="5" {
            li { "Behind it add " strong { "Extract from File" } ", operation " strong { "Extract From JSON" } ", to get the fields from the bytes." }
        }
        p { "This signature does not cover the time: " strong { "Remove Duplicates" } " by the header " code { "webhook-id" } ", compared with earlier executions, keeps repeats out." }
        p { "n8n takes 16 MB unless it was told otherwise. Behind a proxy of your own, see that the proxy takes as much." }
    }
}

const RECEIVER: &str = include_str!("../../../assets/snippets/receiver.py");

const WORKER: &str = include_str!("../../../assets/snippets/worker.py");

fn script(viewer: &Viewer) -> Markup {
    html! {
        h2 { "Set it up" }
        ol {
            li { "Put " code { "verify.py" } " from " a href={ (paths::receiving_in("python")) } { "the guide" } " and the two files below into a folder. They need Python 3.8 and nothing else." }
            li { "Give the machine a name, such as " code { "hooks.example.com" } ", and put a web server with a certificate in front. With Caddy this is one line: " code { "caddy reverse-proxy --from hooks.example.com --to 127.0.0.1:8000" } }
            li { (create(viewer, html! { "leave " strong { "Sign deliveries" } " ticked" })) " The address is that of your server. Store the secret: it is shown once." }
            li { "Start the receiver and the worker: " code { "WEBHOOK_SECRET=whsec_… python3 receiver.py" } " and " code { "python3 worker.py" } }
            li { "On the webhook’s page press " strong { "Send Test" } ". It answers 204, and the worker prints " code { "webhook.test" } "." }
        }
        (code::figure("The receiver", html! { strong { "receiver.py" } "verifies, queues, answers" }, html! { (RECEIVER) }, false))
        (code::figure("The worker", html! { strong { "worker.py" } "works through the queue" }, html! { (WORKER) }, false))
        p { "A delivery is in the queue, on disk, before the receiver answers 204, and a repeat has the id of the first and changes nothing. If the worker stops halfway it takes the same one up again, so let its work bear being done twice." }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::web::samples;

    #[test]
    fn each_recipe_says_what_to_paste_and_links_only_where_the_reader_may_go() {
        for recipe in &RECIPES {
            let admin = sheet(recipe, recipe.title, &samples::viewer(Role::Admin)).into_string();
            let other = sheet(recipe, recipe.title, &samples::viewer(Role::Recruiter)).into_string();
            assert!(admin.contains(paths::NEW_WEBHOOK) && !other.contains(paths::NEW_WEBHOOK), "{}", recipe.slug);
            assert!(other.contains("Organisation Admin") && other.contains("Send Test"), "{}", recipe.slug);
        }
    }
}
