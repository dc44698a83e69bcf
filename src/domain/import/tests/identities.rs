//! Who is taken for whom.

use super::*;
use crate::domain::candidate::Profile;

fn contradict(one: (&str, &str), other: (&str, &str)) -> bool {
    let person = |(first, last): (&str, &str)| drafts(format!("First name;Last name\n{first};{last}\n")).remove(0);
    person(one).contradicts(&person(other).profile)
}

#[test]
fn words_for_nothing_are_nothing_in_every_field_and_never_an_identity() {
    for nothing in
        ["-", "n/a", "N/A", "NULL", "undefined", "<null>", "(none)", "Unknown", "NaN", "#N/A", "\\N", "k.A.", "[]"]
    {
        let rows = import(format!(
            "Id;First name;Last name;E-mail;Phone;City;Source;Stage;Skills;Website;Languages;Applied on;Company\n\
             {nothing};Ada;Quill;ada@mail.example;1234567;x;x;x;x;x.example;x;2026-11-20;x\n\
             {nothing};Ben;{nothing};{nothing};{nothing};{nothing};{nothing};{nothing};{nothing};{nothing};{nothing};{nothing};{nothing}\n"
        ));
        assert_eq!(rows.problems, [], "{nothing}");
        assert_eq!(rows.drafts[0].external_id, None, "{nothing}");
        let draft = &rows.drafts[1];
        let empty = Draft {
            profile: Profile { first_name: Some("Ben".into()), full_name: "Ben".into(), ..Profile::default() },
            ..draft.clone()
        };
        assert_eq!(*draft, empty, "{nothing}");
        assert_eq!((&draft.source, &draft.stage, draft.applied_at), (&None, &None, None), "{nothing}");
    }
    for no_id in ["0", "-1", "00000000-0000-0000-0000-000000000000"] {
        assert_eq!(drafts(format!("Id;Name\n{no_id};Ada\n"))[0].external_id, None, "{no_id}");
    }
    let json =
        read_json(br#"[{"name": "Ada", "externalId": "undefined", "source": "null", "phones": ["n/a"]}]"#, today());
    let draft = json.expect("a list").drafts.remove(0);
    assert_eq!((draft.external_id, draft.source, draft.profile.phones.len()), (None, None, 0));
}

#[test]
fn a_name_that_is_also_a_word_for_nothing_stays_a_name() {
    let drafts = drafts("First name;Last name\nChristopher;Null\nNan;Goldin\nBen;NULL\n");
    assert_eq!(names(&drafts), ["Christopher Null", "Nan Goldin", "Ben"]);
}

#[test]
fn characters_that_nobody_sees_tell_no_two_people_apart() {
    for unseen in ["\u{200b}", "\u{feff}", "\u{ad}", "\u{2060}", "\u{200e}", "\u{202a}", "\u{3164}", "\u{e0001}"] {
        let file = format!(
            "Id;Name;E-mail;Phone;Website\n7{unseen};Ada;ada@mail.example{unseen};+49{unseen} 30 5550100;{unseen}ada.example\n"
        );
        let draft = &drafts(file)[0];
        assert_eq!(draft.external_id.as_deref(), Some("7"), "{unseen:?}");
        assert_eq!(contacts(&draft.profile.emails), [("other", "ada@mail.example")], "{unseen:?}");
        assert_eq!(contacts(&draft.profile.phones), [("other", "+49 30 5550100")], "{unseen:?}");
        assert_eq!(contacts(&draft.profile.links), [("website", "https://ada.example")], "{unseen:?}");
    }
    // Joiners belong to how Persian names and emoji are written.
    let name = "علی\u{200c}رضا 👩\u{200d}🚀";
    assert_eq!(names(&drafts(format!("Name;E-mail\n{name};a@mail.example\n"))), [name]);
}

#[test]
fn one_address_or_id_in_two_unicode_forms_is_one() {
    let rows = import("Name;E-mail\nJörg;j\u{f6}rg@mail.example\nJörg;jo\u{308}rg@mail.example\n");
    assert_eq!(
        (rows.drafts.len(), rows.problems[0].message.as_str()),
        (1, "has the same e-mail address as row 2 (Jörg)")
    );
    let rows = import("Id;Name\n\u{e9}1;Ada\ne\u{301}1;Ada\n");
    assert_eq!((rows.drafts.len(), rows.problems[0].message.as_str()), (1, "has the same external id as row 2 (Ada)"));
    assert_eq!(
        contacts(&drafts("Name;E-mail\nAda;ａｄａ＠mail.example\n")[0].profile.emails),
        [("other", "ada@mail.example")]
    );
}

#[test]
fn names_contradict_when_no_word_of_one_is_a_word_of_the_other() {
    for (one, other) in [
        (("Ada", "Quill"), ("Ben", "Sorrel")),
        (("Jan", "van der Berg"), ("Piet", "van der Meer")),
        (("محمد", "العتيبي"), ("سارة", "الحربي")),
    ] {
        assert!(contradict(one, other), "{one:?} {other:?}");
    }
    for (one, other) in [
        (("Ada", "Quill"), ("Ada", "Marsh")),
        (("Ada", "Quill"), ("Quill", "Ada")),
        (("Ada", "Quill"), ("A.", "Sorrel")),
        (("Jörg", "Müller"), ("Jorg", "Maier")),
        (("Anna-Maria", "Berg"), ("Maria", "Tal")),
        (("Мария", "Иванова"), ("Maria", "Ivanova")),
        (("Ada", ""), ("Ben", "Sorrel")),
    ] {
        assert!(!contradict(one, other), "{one:?} {other:?}");
    }
}
