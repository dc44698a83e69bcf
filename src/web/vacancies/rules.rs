//! What the import does with what it finds, in a few sentences for whoever chooses a file.

use maud::{Markup, html};

/// How files are read, for whoever wonders what became of a value.
const RULES: &[(&str, &str)] = &[
    (
        "Who is who",
        "By Hirewire id in files that were downloaded here, else by external id, else by e-mail address. A row that shares its id or address with somebody of another first and last name changes nothing and is listed, unless both are shared.",
    ),
    (
        "Left out",
        "A value that cannot be read is left out and listed; the candidate is imported all the same. A whole row is left out only when it has no name, an id of which digits are lost, more cells than the header, or repeats a row before it, or when you choose so for a column. What was left out can be downloaded for a day, corrected and imported again.",
    ),
    ("Header", "The row among the first 20 that names most columns. If none does, you are asked what each column is."),
    (
        "Nothing",
        "Words such as -, n/a, NULL, undefined or unknown are nothing in every field; so are dates such as 0000-00-00.",
    ),
    (
        "Characters",
        "Characters that nobody sees are removed from addresses, numbers, links and ids; apostrophes that guard against formulas are taken off. Names stay as they are written.",
    ),
    (
        "Letters",
        "UTF-8, UTF-16, or an older encoding that fits the words of the file; which one was taken is listed. Letters that were encoded twice and escapes of HTML are put right.",
    ),
    (
        "Numbers",
        "An id or phone number that a spreadsheet has shortened, such as 4.9E+11, is not taken; 84211.0 is 84211.",
    ),
    (
        "Dates",
        "In the order that the column's name says, such as (MM/DD/YYYY), else as one clear date of the column shows, else the day first. Times without a zone are those of your organisation. A year of two digits is never in the future.",
    ),
    ("Stages", "A stage is the same in capitals and small letters: the spelling that the vacancy has already is kept."),
    ("Several values", "Parted by line breaks, semicolons, bars, bullets or :::, else by commas."),
];

/// The rules, folded.
pub fn rules() -> Markup {
    html! {
        details {
            summary { "How the file is read" }
            dl.facts { @for (name, rule) in RULES { div { dt { (name) } dd { (rule) } } } }
        }
    }
}
