//! The keys of the console. `?` shows this page over the one that is looked at; without script there are no keys, and the
//! page says so.

use crate::web::layout::keys_of;
use crate::web::prelude::*;

/// The page.
pub async fn show(visit: Visit) -> HttpResponse {
    let body = Sheet { viewer: &visit.viewer }.render();
    visit.page("Keyboard", Nav::Nowhere, body).ok()
}

struct Sheet<'a> {
    viewer: &'a Viewer,
}

/// What the script understands beside the ways to pages.
const ANYWHERE: [(&str, &str); 3] =
    [("?", "Show or hide these keys"), ("/", "Go to the first field of the page"), ("Esc", "Close a menu")];
const LISTS: [(&str, &str); 5] = [
    ("j", "Next row"),
    ("k", "Previous row"),
    ("Enter", "Open the row"),
    ("x", "Tick or untick the row"),
    ("Shift x", "Tick or untick all rows from the last one to this"),
];

impl Render for Sheet<'_> {
    fn render(&self) -> Markup {
        let lede = html! {
            "Everything can be reached with " kbd { "Tab" } ", " kbd { "Enter" } " and " kbd { "Space" } ". Single keys are quicker ways; "
            "they need JavaScript and are off while you type."
        };
        html! {
            (Head::of(Nav::Nowhere, "Keyboard").lede(lede))
            div #keys {
                (part("Anywhere", html! {}, keys(ANYWHERE.map(|(key, what)| (html! { kbd { (key) } }, what)))))
                (part("Lists", html! {}, keys(LISTS.map(|(key, what)| (html! { kbd { (key) } }, what)))))
                (part("Pages", html! { "One key after the other" }, keys(keys_of(self.viewer).map(|(key, name)| (html! { kbd { "g" } " " kbd { (key) } }, name)))))
            }
            p { button.btn #single-keys type="button" hidden { "Turn single keys off" } }
        }
    }
}

fn keys(keys: impl IntoIterator<Item = (Markup, &'static str)>) -> Markup {
    html! { dl.facts.two { @for (key, what) in keys { div { dt { (key) } dd { (what) } } } } }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::web::samples::viewer;

    #[test]
    fn it_names_the_keys_and_leads_only_to_pages_of_the_role() {
        let admin = Sheet { viewer: &viewer(Role::Admin) }.render().0;
        assert!(admin.contains("<kbd>g</kbd> <kbd>w</kbd>") && admin.contains("Next row"));
        let recruiter = Sheet { viewer: &viewer(Role::Recruiter) }.render().0;
        assert!(recruiter.contains("<kbd>g</kbd> <kbd>v</kbd>") && !recruiter.contains("API Key Management"));
    }
}
