//! Delivery policies: how long a receiver may take, and when it is tried again (T5, S8, section 3 of the wire contract).

use std::time::Duration;

use super::words::words;

const MS: u64 = 1;
const S: u64 = 1_000 * MS;
const MIN: u64 = 60 * S;
const H: u64 = 60 * MIN;

const QUICK: [Duration; 3] = pauses([200 * MS, 400 * MS, 800 * MS]);
const PATIENT: [Duration; 12] =
    pauses([200 * MS, 400 * MS, 800 * MS, 5 * S, 5 * MIN, 30 * MIN, 2 * H, 5 * H, 10 * H, 14 * H, 20 * H, 24 * H]);

/// `Retry-After` is obeyed up to this long.
pub const MAX_RETRY_AFTER: Duration = Duration::from_millis(24 * H);

const fn pauses<const N: usize>(millis: [u64; N]) -> [Duration; N] {
    let mut out = [Duration::ZERO; N];
    let mut at = 0;
    while at < N {
        out[at] = Duration::from_millis(millis[at]);
        at += 1;
    }
    out
}

words! {
    /// How deliveries to a hook are timed out and retried; chosen per hook.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
    pub enum Policy {
        /// TapTalent's: 5 s to answer, three retries within two seconds.
        Quick = "quick", "Quick";
        /// 15 s to answer, twelve retries over three days, each pause ±20%.
        Patient = "patient", "Patient";
        /// TalentSprout's: 30 s to answer, no retry.
        Single = "single", "Single";
    }
}

impl Policy {
    /// How long one try may take in all: DNS, connect, TLS, headers and body.
    pub fn timeout(self) -> Duration {
        match self {
            Policy::Quick => Duration::from_secs(5),
            Policy::Patient => Duration::from_secs(15),
            Policy::Single => Duration::from_secs(30),
        }
    }

    /// The pauses after the first, second … failed try, counted from the end of that try.
    pub fn pauses(self) -> &'static [Duration] {
        match self {
            Policy::Quick => &QUICK,
            Policy::Patient => &PATIENT,
            Policy::Single => &[],
        }
    }

    /// How many tries there are at the most, the first included.
    pub fn most_tries(self) -> u32 {
        self.pauses().len() as u32 + 1
    }

    /// The pause after failed try number `tries` (1 is the first), or `None` when it was the last.
    ///
    /// `jitter` from -1 to 1 moves the pauses of *Patient* by up to 20 %; the other policies are exact.
    pub fn pause_after(self, tries: u32, jitter: f64) -> Option<Duration> {
        let pause = *self.pauses().get(tries.checked_sub(1)? as usize)?;
        Some(match self {
            Policy::Patient => pause.mul_f64(1.0 + 0.2 * jitter.clamp(-1.0, 1.0)),
            Policy::Quick | Policy::Single => pause,
        })
    }

    /// The times, spelled out, and for *Single* whom it is for (S8).
    pub fn explanation(self) -> &'static str {
        match self {
            Policy::Quick => "Waits 5 s for an answer. After a failure: 200, 400 and 800 ms later.",
            Policy::Patient => {
                "Waits 15 s. Then 200, 400, 800 ms, 5 s, 5 min, 30 min, 2, 5, 10, 14, 20 and 24 h: three days in all."
            }
            Policy::Single => {
                "Waits 30 s, tries once. For receivers that answer slowly or must not receive the same event twice."
            }
        }
    }
}

/// A pause as people say it: `200 ms`, `5 s`, `30 min`, `24 h`.
pub fn spoken(pause: Duration) -> String {
    match pause.as_millis() as u64 {
        ms if ms >= H => format!("{} h", ms / H),
        ms if ms >= MIN => format!("{} min", ms / MIN),
        ms if ms >= S => format!("{} s", ms / S),
        ms => format!("{ms} ms"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quick_tries_four_times_and_single_once() {
        assert_eq!(Policy::Quick.most_tries(), 4);
        assert_eq!(Policy::Quick.pause_after(3, 1.0), Some(Duration::from_millis(800)));
        assert_eq!(Policy::Quick.pause_after(4, 0.0), None);
        assert_eq!(Policy::Single.pause_after(1, 0.0), None);
        assert_eq!(Policy::Patient.pause_after(0, 0.0), None);
    }

    #[test]
    fn patient_moves_each_pause_by_at_most_a_fifth_and_spans_three_days() {
        assert_eq!(Policy::Patient.pause_after(4, 1.0), Some(Duration::from_secs(6)));
        assert_eq!(Policy::Patient.pause_after(4, -9.0), Some(Duration::from_secs(4)));
        let hours = PATIENT.iter().sum::<Duration>().as_secs() / 3_600;
        assert_eq!(hours, 75);
    }
}
