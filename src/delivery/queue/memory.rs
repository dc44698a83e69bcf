//! How many bytes the bodies in memory take. One that goes to several webhooks is there once.

use std::collections::HashMap;

use bytes::Bytes;

/// The bodies of what waits and of what is under way.
#[derive(Debug, Default)]
pub(super) struct Bodies {
    /// By where they begin: how many deliveries hold each.
    held: HashMap<usize, u32>,
    bytes: usize,
}

impl Bodies {
    /// How many bytes they take.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// What this one would add.
    pub fn added_by(&self, body: &Bytes) -> usize {
        if self.held.contains_key(&place(body)) { 0 } else { body.len() }
    }

    pub fn add(&mut self, body: &Bytes) {
        if body.is_empty() {
            return;
        }
        let held = self.held.entry(place(body)).or_default();
        *held += 1;
        if *held == 1 {
            self.bytes += body.len();
        }
    }

    pub fn remove(&mut self, body: &Bytes) {
        let Some(held) = self.held.get_mut(&place(body)) else { return };
        *held -= 1;
        if *held == 0 {
            self.held.remove(&place(body));
            self.bytes = self.bytes.saturating_sub(body.len());
        }
    }
}

fn place(body: &Bytes) -> usize {
    body.as_ptr() as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_that_goes_to_several_counts_once_until_the_last_is_gone() {
        let mut bodies = Bodies::default();
        let body = Bytes::from(vec![b'x'; 100]);
        bodies.add(&body);
        bodies.add(&body.clone());
        bodies.add(&Bytes::from(vec![b'y'; 10]));
        assert_eq!((bodies.bytes(), bodies.added_by(&body)), (110, 0));
        bodies.remove(&body);
        assert_eq!(bodies.bytes(), 110);
        bodies.remove(&body);
        assert_eq!((bodies.bytes(), bodies.added_by(&body)), (10, 100));
    }
}
