//! What is wrong with a page, in sentences.

use serde_json::{Value, json};

use crate::browser::Browser;
use crate::demo::setting;
use crate::devtools::Theme;

/// A page may have so many bytes of HTML, and need so many requests.
const MAX_HTML: u64 = 60_000;
const MAX_REQUESTS: u64 = 4;

/// What can be read off the page as it stands.
const LOOK: &str = r#"
    const all = (query) => [...document.querySelectorAll(query)];
    const loads = performance.getEntriesByType("resource").filter((one) => one.initiatorType !== "fetch").map((one) => one.name);
    const needed = new Set([...loads, ...all("link[rel=icon]").map((one) => one.href)]);
    const forms = all("form").filter((form) => !form.querySelector("button:not([type=button]), input[type=submit]"));
    const idle = all("button:not([hidden])").filter((button) => !button.closest("form") && !button.getAttribute("form") && !button.matches("[data-copy], [data-text], .copy, #single-keys"));
    return {
        path: location.pathname + location.search, title: document.title, h1: all("h1").map((one) => one.textContent.trim()),
        status: all("[role=status]:not(.notice)").length, inline: all("[style], style, script:not([src])").length,
        requests: 1 + needed.size,
        bytes: performance.getEntriesByType("navigation")[0].decodedBodySize,
        forms: forms.map((form) => form.outerHTML.slice(0, 120)), idle: idle.map((button) => button.outerHTML.slice(0, 120)),
        dates: all("input").filter((input) => /^(from|to|date|.*_date|.*_at)$/.test(input.name) && input.type !== "date" && input.type !== "hidden").map((input) => input.name),
    };"#;

/// What sticks out of the window, or is hidden in a table that has to be scrolled, menus closed and open.
const WIDTH: &str = r#"
    (window.folded || []).forEach((one) => { one.open = false; });
    const wide = document.documentElement.clientWidth, out = [];
    const look = (when) => {
        if (document.documentElement.scrollWidth > wide) {
            const culprits = [...document.querySelectorAll("body *")].filter((one) => one.getBoundingClientRect().right > wide + 1 && !one.closest("pre, .table, .hush, svg"));
            out.push(`the page scrolls sideways at ${wide} px${when}: ${culprits.slice(-1).map((one) => one.outerHTML.slice(0, 160))}`);
        }
        for (const table of document.querySelectorAll(".table")) {
            if (table.scrollWidth > table.clientWidth + 1 && (wide > 1000 || table.querySelector(".cards"))) {
                out.push(`a table is cut off at ${wide} px${when}: ${table.querySelector("caption, th")?.textContent} (${table.scrollWidth} > ${table.clientWidth})`);
            }
        }
    };
    look("");
    for (const one of document.querySelectorAll("main :is(th, td, dd, dt, li, h1, h2, p, bdi, label)")) {
        const box = one.getBoundingClientRect();
        if (box.width > 0 && box.width < 36 && box.height > 110 && one.textContent.trim()) out.push(`a column is squeezed to nothing at ${wide} px: ${one.outerHTML.slice(0, 160)}`);
    }
    const closed = window.folded = [...document.querySelectorAll("details:not([open])")];
    for (const one of closed) { one.open = true; if (one.matches(".menu")) { look(", a menu open"); one.open = false; } }
    look(", details open");
    for (const one of closed) one.open = one.matches("[name=bar]") ? false : true;
    return out;"#;

/// Looks at the page the browser shows, light and dark, wide and narrow. A page that refuses something says so in its title.
pub async fn faults(browser: &Browser) -> Vec<String> {
    let seen = browser.evaluate(LOOK).await;
    let mut faults = shape(&seen);
    for complaint in browser.complaints().await {
        // A refused form is told of by its status alone.
        if !complaint.contains("Failed to load resource") {
            faults.push(format!("the console says: {complaint}"));
        }
    }
    for (theme, width) in [(Theme::Light, 1280), (Theme::Dark, 320)] {
        browser.prefer(theme).await;
        browser.resize(width).await;
        faults.extend(texts(&browser.evaluate(WIDTH).await));
        faults.extend(axe(browser).await.into_iter().map(|fault| format!("{theme:?}, {width} px: {fault}")));
    }
    browser.prefer(Theme::Light).await;
    browser.resize(1280).await;
    browser.evaluate("window.folded.forEach((one) => { one.open = false; })").await;
    let path = seen["path"].as_str().unwrap_or_default();
    faults.into_iter().map(|fault| format!("{path}: {fault}")).collect()
}

fn shape(seen: &Value) -> Vec<String> {
    let mut faults = Vec::new();
    let mut hold = |holds: bool, fault: String| {
        if !holds {
            faults.push(fault);
        }
    };
    let h1 = texts(&seen["h1"]);
    hold(h1.len() == 1 && !h1[0].is_empty(), format!("it has not exactly one h1: {h1:?}"));
    hold(
        seen["status"] == json!(1),
        format!(
            "it has {} regions with role=status; the layout's is the only one beside the line that says what was done, and the script says there what changed",
            seen["status"]
        ),
    );
    let title = seen["title"].as_str().unwrap_or_default();
    let named = title.strip_suffix(" · Hirewire").is_some_and(|rest| !rest.trim().is_empty() && !rest.ends_with('.'));
    hold(named, format!("its title is “{title}”, not “What it is · Organisation · Hirewire”"));
    hold(seen["inline"] == json!(0), "it has inline style or script, which the policy forbids".to_owned());
    let (bytes, requests) = (seen["bytes"].as_u64().unwrap_or(u64::MAX), seen["requests"].as_u64().unwrap_or(u64::MAX));
    hold(bytes <= MAX_HTML, format!("it has {bytes} bytes of HTML, more than {MAX_HTML}"));
    hold(requests <= MAX_REQUESTS, format!("it needs {requests} requests, more than {MAX_REQUESTS}"));
    for (list, fault) in [
        ("forms", "a form cannot be sent without script"),
        ("idle", "a button stands outside a form, and so does nothing without script"),
        ("dates", "a field takes a date and is no date input"),
    ] {
        for one in texts(&seen[list]) {
            hold(false, format!("{fault}: {one}"));
        }
    }
    faults
}

/// What axe-core finds. It is handed in by the driver, since the policy lets no page load it.
async fn axe(browser: &Browser) -> Vec<String> {
    let source = std::fs::read_to_string(setting("HIREWIRE_TEST_AXE")).expect("axe-core");
    browser.client().execute(&source, Vec::new()).await.expect("axe-core is taken");
    let run = r#"
        const done = arguments[arguments.length - 1];
        axe.run(document, { resultTypes: ["violations"] }).then((found) => done(found.violations.map((one) =>
            `${one.id}: ${one.help}: ${one.nodes.slice(0, 3).map((node) => node.html.slice(0, 160) + " " + (node.any[0]?.message || "")).join(" | ")}`)), (error) => done([`axe-core failed: ${error}`]));"#;
    texts(&browser.client().execute_async(run, Vec::new()).await.expect("axe-core runs"))
}

fn texts(list: &Value) -> Vec<String> {
    list.as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
}
