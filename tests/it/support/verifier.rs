//! A receiver that holds one secret or key at a time and takes nothing that is not proven with it.

use std::sync::{Arc, Mutex};

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

use super::{Answer, Received, Receiver};

/// Refuses with 401 what is not proven with what it holds.
pub struct Verifier {
    pub receiver: Receiver,
    holds: Arc<Mutex<Vec<String>>>,
    /// The ids of what it has taken, in that order.
    taken: Arc<Mutex<Vec<String>>>,
}

impl Verifier {
    /// Verifies `X-TalentSprout-Signature`, which has room for one, and `X-Webhook-Key` if it holds a key.
    pub async fn holding(credentials: &[&str]) -> Self {
        let holds: Arc<Mutex<Vec<String>>> = Arc::default();
        let taken: Arc<Mutex<Vec<String>>> = Arc::default();
        let (held, taking) = (holds.clone(), taken.clone());
        let receiver = Receiver::judging(move |_, request| {
            let held = held.lock().expect("no panic before");
            let is_proven = held.iter().all(|credential| match credential.starts_with("whk_") {
                true => request.header("x-webhook-key") == Some(credential),
                false => is_signed_with(request, credential),
            });
            if is_proven {
                taking.lock().expect("no panic before").push(request.must("webhook-id").to_owned());
            }
            Answer::of(if is_proven { 200 } else { 401 })
        });
        let verifier = Self { receiver: receiver.await, holds, taken };
        verifier.switch_to(credentials);
        verifier
    }

    /// From now on it holds these and no others.
    pub fn switch_to(&self, credentials: &[&str]) {
        *self.holds.lock().expect("no panic before") = credentials.iter().map(ToString::to_string).collect();
    }

    /// The ids of what it has taken, in that order.
    pub fn taken(&self) -> Vec<String> {
        self.taken.lock().expect("no panic before").clone()
    }
}

/// Whether the signature that stands alone is this secret's.
pub fn is_signed_with(request: &Received, secret: &str) -> bool {
    let header = request.must("x-talentsprout-signature");
    let (time, signature) = header.split_once(",v1=").expect("one signature");
    signature == stripe(request, secret, time.strip_prefix("t=").expect("a time"))
}

/// The signatures of `X-Webhook-Signature`, each as the position of its secret in this list.
pub fn signers(request: &Received, secrets: &[&str]) -> Vec<usize> {
    let header = request.must("x-webhook-signature");
    let (time, signatures) = header.split_once(",v1=").expect("a signature");
    let time = time.strip_prefix("t=").expect("a time");
    let of = |signature: &str| secrets.iter().position(|secret| stripe(request, secret, time) == signature);
    signatures.split(",v1=").map(|signature| of(signature).expect("one of these secrets")).collect()
}

fn stripe(request: &Received, secret: &str, time: &str) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("any key");
    mac.update(time.as_bytes());
    mac.update(b".");
    mac.update(&request.body);
    mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect()
}
