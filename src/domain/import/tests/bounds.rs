//! Files made to take more than they weigh: reading stops where the limit is reached, not behind it.

use super::*;

/// How much of a file is read before it is refused: what follows is no JSON at all, and nobody notices.
fn stops_early(text: String, expected: &FileError) {
    let broken = format!("{text} this is no JSON {{");
    assert_eq!(read_json(broken.as_bytes(), today()).as_ref(), Err(expected));
}

#[test]
fn a_list_of_too_many_items_is_read_no_further_than_the_first_too_many() {
    stops_early(format!("[{}", "{},".repeat(3_000_000)), &FileError::TooManyRows { line: 5_001 });
    stops_early(
        format!(r#"{{"data": {{"candidates": [{}"#, "1,".repeat(1_000_000)),
        &FileError::TooManyRows { line: 5_001 },
    );
}

#[test]
fn an_item_of_too_many_values_is_read_no_further_than_the_first_too_many() {
    stops_early(format!("[{{}},[{}", "1,".repeat(4_000_000)), &FileError::TooManyValues { place: 2 });
    stops_early(
        format!(r#"[{{"name":"Ada","x":[{}"#, "{\"\":1},".repeat(1_000_000)),
        &FileError::TooManyValues { place: 1 },
    );
    let long = format!(r#"[{{"name":"Ada","x":[{}1]}}]"#, "1,".repeat(10_000));
    assert_eq!(read_json(long.as_bytes(), today()).map(|rows| rows.drafts.len()), Ok(1));
}

#[test]
fn a_row_of_too_many_cells_is_read_no_further_than_the_first_too_many() {
    // Behind the limit a quote opens that is never closed, which would be told of if it were read.
    for head in ["", "Name,E-mail\n"] {
        let file = format!("{head}{},\"", ",".repeat(10_000_000));
        let line = 1 + u64::from(!head.is_empty());
        assert_eq!(refused(file), FileError::TooManyColumns { line });
    }
}
