//! Retry now and Cancel retries.

use crate::actions::delivery;
use crate::domain::ids::DeliveryId;
use crate::web::prelude::*;

/// Tries a delivery again at once.
pub async fn retry(visit: Visit, fields: Fields, Path(id): Path<DeliveryId>) -> Answer {
    delivery::retry_now(&visit.app, &visit.viewer, id.clone()).await?;
    Ok(done::see_other(target(&id, fields.one("back")), "The delivery is being sent again."))
}

/// Ends a delivery that is still owed.
pub async fn cancel(visit: Visit, fields: Fields, Path(id): Path<DeliveryId>) -> Answer {
    delivery::cancel(&visit.app, &visit.viewer, id.clone()).await?;
    Ok(done::see_other(target(&id, fields.one("back")), "The delivery was cancelled."))
}

/// Where to go afterwards: back to the export or log page that asked, otherwise to the delivery itself.
fn target(id: &DeliveryId, back: &str) -> String {
    let known = ["/exports/", "/developers/logs/"].iter().any(|start| back.starts_with(start));
    let plain = back.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\');
    if known && plain && !back.contains("//") { back.to_owned() } else { paths::log(id) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::DateTime;

    #[test]
    fn one_comes_back_to_an_export_or_a_log_page_and_nowhere_else() {
        let id = DeliveryId::new(DateTime::UNIX_EPOCH);
        assert_eq!(target(&id, "/exports/exp_1"), "/exports/exp_1");
        for elsewhere in
            ["", "//evil.example", "https://evil.example/exports/", "/exports/\r\nX: y", "/exports//x", "/login"]
        {
            assert_eq!(target(&id, elsewhere), paths::log(&id));
        }
    }
}
