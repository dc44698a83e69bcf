//! The proof that a browser signed in to an account before. It signs nobody in: it gives the browser a count of its own, so
//! that whoever guesses elsewhere cannot lock it out.
//!
//! It names the browser and bears a MAC over that name, the member and the mark of their password. So it ends with the
//! password, and one that was stolen is counted apart from all others.

use rand::distr::{Alphanumeric, SampleString};
use ring::hmac::{self, HMAC_SHA256};

use super::{Context, Result};
use crate::domain::member::Member;
use crate::domain::signing::hex;
use crate::store;

/// How many characters name a browser.
const NAME_LENGTH: usize = 16;

/// A new proof for a browser that a member signed in with, to be kept in a cookie.
pub fn make(context: &Context, member: &Member) -> String {
    let browser = Alphanumeric.sample_string(&mut rand::rng(), NAME_LENGTH);
    let mac = hmac::sign(&key(context), &text(&browser, member));
    format!("{browser}.{}", hex(mac.as_ref()))
}

/// The name of the browser that carries this proof, if it is one of the account with this address as it is now.
pub(super) async fn check(context: &Context, email: &str, carried: &str) -> Result<Option<String>> {
    let Some((browser, mac)) = carried.split_once('.') else { return Ok(None) };
    let Some(mac) = bytes(mac).filter(|_| browser.len() == NAME_LENGTH) else { return Ok(None) };
    let email = email.to_owned();
    let found = context.store.read(move |conn| store::member::find_by_email(conn, &email)).await?;
    let Some((member, _)) = found else { return Ok(None) };
    let holds = hmac::verify(&key(context), &text(browser, &member), &mac).is_ok();
    Ok(holds.then(|| browser.to_owned()))
}

fn key(context: &Context) -> hmac::Key {
    hmac::Key::new(HMAC_SHA256, &context.sealing.derive("proofs of browsers"))
}

/// No part holds a NUL, so no two texts of different parts are the same.
fn text(browser: &str, member: &Member) -> Vec<u8> {
    [browser, member.id.as_str(), member.password.as_str()].join("\0").into_bytes()
}

/// The 32 bytes of a text in lower-case hex.
fn bytes(text: &str) -> Option<Vec<u8>> {
    let digit = |byte: u8| char::from(byte).to_digit(16).map(|digit| digit as u8);
    let pairs = text.as_bytes().chunks_exact(2);
    let bytes: Option<Vec<u8>> = pairs.map(|pair| Some(digit(pair[0])? << 4 | digit(pair[1])?)).collect();
    bytes.filter(|_| text.len() == 64)
}
