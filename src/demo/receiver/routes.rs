//! How a request wants to be answered: its path and query say so.

use std::time::Duration;

/// What `GET /` says, and what an unknown path is told.
pub const HELP: &str = "\
This is the receiver of the Hirewire demo. It answers a POST as its path says:

  /ok                            200 at once
  /slow?ms=3000                  200 after so many milliseconds (60000 at most)
  /status/503                    this status, 200 to 599; ?retry-after=5 adds that header
  /flaky?fail=2                  503 for the first tries of each webhook-id (100 at most), then 200
  /reset                         closes the connection without an answer
  /hang                          no answer until the client gives up (120 s at most)

What it received:

  GET    /requests               the last 200 requests, newest first, as JSON
  DELETE /requests               forgets them
";

const MAX_WAIT_MS: u64 = 60_000;
const MAX_FAILURES: u32 = 100;

/// How a request wants to be answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Behaviour {
    Ok,
    Slow(Duration),
    Status { code: u16, retry_after: Option<u32> },
    Flaky { failures: u32 },
    Reset,
    Hang,
}

/// Why a path is not answered.
#[derive(Debug, PartialEq, Eq)]
pub enum Refusal {
    Unknown,
    /// The path is known, this of it is wrong.
    Wrong(&'static str),
}

/// Reads path and query.
pub fn behaviour(path: &str, query: Option<&str>) -> Result<Behaviour, Refusal> {
    let parameter = |name: &str| {
        let mut pairs = form_urlencoded::parse(query.unwrap_or_default().as_bytes());
        pairs.find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
    };
    match path {
        "/ok" => Ok(Behaviour::Ok),
        "/slow" => {
            let ms = number(parameter("ms"), 3000, "ms is a whole number of milliseconds")?;
            Ok(Behaviour::Slow(Duration::from_millis(ms.min(MAX_WAIT_MS))))
        }
        "/flaky" => {
            let failures = number(parameter("fail"), 2, "fail is a whole number of tries")?;
            Ok(Behaviour::Flaky { failures: failures.min(MAX_FAILURES) })
        }
        "/reset" => Ok(Behaviour::Reset),
        "/hang" => Ok(Behaviour::Hang),
        _ => {
            let code = path.strip_prefix("/status/").ok_or(Refusal::Unknown)?;
            let wrong = Refusal::Wrong("a status is a number from 200 to 599");
            let code = code.parse().ok().filter(|code| (200..600).contains(code)).ok_or(wrong)?;
            let wrong = Refusal::Wrong("retry-after is a whole number of seconds");
            let retry_after = parameter("retry-after").map(|text| text.parse().map_err(|_| wrong)).transpose()?;
            Ok(Behaviour::Status { code, retry_after })
        }
    }
}

fn number<T: std::str::FromStr>(text: Option<String>, default: T, wrong: &'static str) -> Result<T, Refusal> {
    text.map_or(Ok(default), |text| text.parse().map_err(|_| Refusal::Wrong(wrong)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_asked_is_read_and_bounded() {
        assert_eq!(behaviour("/slow", None), Ok(Behaviour::Slow(Duration::from_secs(3))));
        assert_eq!(behaviour("/slow", Some("ms=86400000")), Ok(Behaviour::Slow(Duration::from_secs(60))));
        assert_eq!(behaviour("/flaky", Some("a=b&fail=3")), Ok(Behaviour::Flaky { failures: 3 }));
        assert_eq!(behaviour("/status/204", None), Ok(Behaviour::Status { code: 204, retry_after: None }));
        let limited = Behaviour::Status { code: 429, retry_after: Some(5) };
        assert_eq!(behaviour("/status/429", Some("retry-after=5")), Ok(limited));
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        for (path, query) in
            [("/slow", "ms=soon"), ("/status/101", ""), ("/status/x", ""), ("/status/429", "retry-after=")]
        {
            assert!(matches!(behaviour(path, Some(query)), Err(Refusal::Wrong(_))), "{path}?{query}");
        }
        assert_eq!(behaviour("/okay", None), Err(Refusal::Unknown));
    }
}
