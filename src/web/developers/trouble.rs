//! What each failure means and asks for: the log's own sentences, an anchor a class (B5).

use maud::{Markup, html};

use crate::domain::attempt::ErrorClass;
use crate::web::advice::Failure;

/// The status codes that the log tells apart.
const STATUSES: [&[u16]; 11] =
    [&[400, 422], &[401, 403], &[404], &[405], &[408], &[410], &[413], &[415], &[429], &[502, 504], &[503]];

/// Every class.
pub fn classes() -> Markup {
    html! {
        @for class in ErrorClass::ALL {
            h3 id=(class.as_str()) { code { (class.as_str()) } ": " (class.brief()) }
            p { (told(&Failure::in_general(class, None))) }
            @if matches!(class, ErrorClass::ClientError | ErrorClass::ServerError) {
                ul {
                    @for statuses in STATUSES.iter().filter(|statuses| (class == ErrorClass::ServerError) == (statuses[0] >= 500)) {
                        li id=(statuses[0]) {
                            strong { @for (at, status) in statuses.iter().enumerate() { @if at > 0 { ", " } (status) } } ": "
                            (told(&Failure::in_general(class, Some(statuses[0]))))
                        }
                    }
                }
            }
        }
    }
}

fn told(failure: &Failure) -> Markup {
    html! { (failure.sentence()) " " strong { "Do this:" } " " (failure.advice(true, Some("retry the delivery"))) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::web::paths;

    #[test]
    fn every_class_has_its_place_with_the_sentences_of_the_log() {
        let page = classes().into_string();
        for class in ErrorClass::ALL {
            let (_, anchor) = paths::help(class)
                .split_once('#')
                .map(|(page, anchor)| (page.to_owned(), anchor.to_owned()))
                .expect("a place");
            assert_eq!(page.matches(&format!("<h3 id=\"{anchor}\">")).count(), 1, "{anchor}");
            assert!(page.contains(class.sentence()) && page.contains(class.advice()), "{anchor}: {page}");
        }
        for words in
            ["<strong>401, 403</strong>: The receiver does not accept the key", "<strong>502, 504</strong>: The proxy"]
        {
            assert!(page.contains(words), "{words}: {page}");
        }
    }
}
