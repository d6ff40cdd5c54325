//! The one source of chance: a stream for each purpose and number, so that nothing depends on what was drawn before.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};

/// What a stream is for; streams of different purposes never meet.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Purpose {
    /// One business day.
    Day = 1,
    /// One document entered by the background writer.
    Live,
    /// One customer, supplier or employee.
    Party,
    /// Whether an invoice stays unpaid.
    Settlement,
}

pub(crate) struct Dice(ChaCha8Rng);

impl Dice {
    pub(crate) fn new(seed: u64, purpose: Purpose, number: i64, part: i64) -> Self {
        let mut bytes = [0; 32];
        bytes[..8].copy_from_slice(&seed.to_le_bytes());
        bytes[8] = purpose as u8;
        bytes[16..24].copy_from_slice(&number.to_le_bytes());
        bytes[24..].copy_from_slice(&part.to_le_bytes());
        Self(ChaCha8Rng::from_seed(bytes))
    }

    /// From `low` to `high`, both included; the bias of at most 2⁻⁶⁴ × range does not matter here.
    pub(crate) fn between(&mut self, low: i64, high: i64) -> i64 {
        let range = u128::from(high.abs_diff(low)) + 1;
        let drawn = (u128::from(self.0.next_u64()) * range) >> 64;
        low + i64::try_from(drawn).unwrap_or(0)
    }

    pub(crate) fn percent(&mut self, chance: i64) -> bool {
        self.between(0, 99) < chance
    }

    pub(crate) fn pick<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.0.next_u32() as usize % choices.len()]
    }

    pub(crate) fn fill(&mut self, bytes: &mut [u8]) {
        self.0.fill_bytes(bytes);
    }
}
