//! SHA-256 for signatures, as fast as the processor allows.
//!
//! Each delivery's body is hashed three times, and `sha2` falls back to portable code on processors without instructions for
//! it. The library that does our TLS brings hand-written code for those, so [`Sha256`] lends it to `hmac`.

use hmac::digest::block_api::BlockSizeUser;
use hmac::digest::consts::{U32, U64};
use hmac::digest::{FixedOutput, HashMarker, Output, OutputSizeUser, Update};
use ring::digest::{Context, SHA256};

/// A hash under way.
#[derive(Clone)]
pub struct Sha256(Context);

impl Default for Sha256 {
    fn default() -> Self {
        Self(Context::new(&SHA256))
    }
}

impl HashMarker for Sha256 {}

impl OutputSizeUser for Sha256 {
    type OutputSize = U32;
}

impl BlockSizeUser for Sha256 {
    type BlockSize = U64;
}

impl Update for Sha256 {
    fn update(&mut self, data: &[u8]) {
        self.0.update(data);
    }
}

impl FixedOutput for Sha256 {
    fn finalize_into(self, out: &mut Output<Self>) {
        out.copy_from_slice(self.0.finish().as_ref());
    }
}

#[cfg(test)]
mod tests {
    use hmac::digest::Digest;
    use proptest::prelude::*;

    use super::*;

    fn hashed<D: Digest>(parts: &[Vec<u8>]) -> Vec<u8> {
        parts.iter().fold(D::new(), |hash, part| hash.chain_update(part)).finalize().to_vec()
    }

    proptest! {
        #[test]
        fn it_is_the_same_hash_whoever_makes_it(parts: Vec<Vec<u8>>) {
            prop_assert_eq!(hashed::<Sha256>(&parts), hashed::<sha2::Sha256>(&parts));
        }
    }
}
