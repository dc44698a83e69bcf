//! What was left out, corrected and brought back.

use super::*;
use crate::domain::ids::CandidateId;

#[test]
fn what_was_left_out_comes_back_as_it_was_with_who_it_is_about_and_what_is_wrong() {
    let file =
        "Name;Phone;Applied on\nAda;'+49 30 5550100;soon\nBen;1234567;2026-11-20\n\"Cara\nQuill\";=1+1234;never\n";
    let table = Table::read(file.as_bytes()).expect("a table");
    let rows = read_rows(&table, &Mapping::guess(table.header()), today());
    let mut remarks = Remarks::new();
    let id = CandidateId::new(today().now);
    for problem in &rows.problems {
        let remark = remarks.entry(problem.row).or_default();
        remark.known_as = Some(id.clone());
        remark.wrong.push(problem.message.clone());
    }
    let left = of_table(&table, &remarks);
    let text = String::from_utf8(left.clone()).expect("text");
    assert!(text.starts_with("\u{feff}Name,Phone,Applied on,Hirewire id,What is wrong"), "{text}");
    assert!(!text.contains("Ben") && text.contains("“soon” is not a valid date") && !text.contains(",=1"), "{text}");

    let corrected = text.replace(",soon,", ",2026-11-20,").replace(",never,", ",2026-11-21,");
    let again = import(&corrected);
    assert_eq!((again.problems, names(&again.drafts)), (vec![], vec!["Ada", "Cara Quill"]));
    assert_eq!(again.drafts[0].known_as, Some(id.clone()));
    assert_eq!(again.drafts[0].profile.phones[0].value, "+49 30 5550100");
    // A second time round the columns are the same.
    let again = Table::read(&of_table(&Table::read(&left).expect("a table"), &remarks)).expect("a table");
    assert_eq!(again.header(), ["Name", "Phone", "Applied on", "Hirewire id", "What is wrong"]);
}

#[test]
fn what_was_left_out_of_json_comes_back_as_json() {
    let file = br#"[{"name": "Ada", "phone": "x"}, {"name": "Ben"}]"#;
    let id = CandidateId::new(today().now);
    let remarks = Remarks::from([(1, Remark { known_as: Some(id.clone()), wrong: vec!["no number".into()] })]);
    let left = of_json(file, &remarks).expect("a list");
    let text = String::from_utf8(left).expect("text").replace("\"x\"", "\"1234567\"");
    let again = read_json(text.as_bytes(), today()).expect("a list");
    assert_eq!((names(&again.drafts), again.notes), (vec!["Ada"], vec![]));
    assert_eq!(again.drafts[0].known_as, Some(id));
}
