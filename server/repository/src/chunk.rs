//! Cutting streams into chunks, the unit of deduplication.
//!
//! Page files (SQLite) are cut at fixed distances: a changed page changes one chunk. Dumps are cut by content (gear
//! hash with normalised masks), so that inserted rows move no later boundary. The gear table is derived from the
//! repository's key: sizes of chunks tell a stranger nothing about well-known content.

use std::{fmt, str::FromStr};

use sha2::{Digest, Sha256};

use crate::{error::Error, keys::MasterBytes};

const KIB: u32 = 1024;
const GIB: u64 = 1 << 30;

/// Smallest and largest chunk size: below, the index outgrows the data; above, gear chunks pass restic's 8 MiB.
const SIZES: std::ops::RangeInclusive<u32> = 4 * KIB..=1024 * KIB;

/// What a stored stream looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// A file of pages that are changed in place.
    Pages,
    /// Text or records in an order, where content is inserted and removed.
    Stream,
}

/// How a stream is cut. Choose once per database and keep it (its text form is stable): with another chunking
/// nothing is found again and everything is stored anew.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Chunking {
    form: Form,
    /// The size, or for streams the average, in bytes. A power of two within [`SIZES`].
    size: u32,
}

impl Chunking {
    /// The chunking for a database of `size` bytes: 32 KiB up to 8 GiB, then doubling with each doubling, 1 MiB from
    /// 128 GiB on. Measured: at 32 KiB a night adds 6 to 16 % of the first backup, at restic's 1 MiB 35 to 45 %;
    /// the index costs about 75 bytes a chunk, which is why it grows.
    #[must_use]
    pub fn for_database(size: u64, form: Form) -> Self {
        let mut chunk = 32 * KIB;
        let mut limit = 8 * GIB;
        while size > limit && chunk < *SIZES.end() {
            chunk *= 2;
            limit *= 2;
        }
        Self { form, size: chunk }
    }

    /// Chunks of `size` bytes (for streams: on average).
    ///
    /// # Errors
    /// [`Error::InvalidChunking`] unless `size` is a power of two from 4 KiB to 1 MiB.
    pub fn new(form: Form, size: u32) -> Result<Self, Error> {
        if size.is_power_of_two() && SIZES.contains(&size) {
            Ok(Self { form, size })
        } else {
            Err(Error::InvalidChunking(size.to_string()))
        }
    }

    /// The longest chunk in bytes.
    pub(crate) fn max(self) -> usize {
        match self.form {
            Form::Pages => self.size as usize,
            Form::Stream => self.size as usize * 8,
        }
    }
}

impl fmt::Display for Chunking {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let form = match self.form {
            Form::Pages => "pages",
            Form::Stream => "stream",
        };
        write!(f, "{form}:{}", self.size)
    }
}

impl FromStr for Chunking {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let invalid = || Error::InvalidChunking(text.chars().take(40).collect());
        let (form, size) = text.split_once(':').ok_or_else(invalid)?;
        let form = match form {
            "pages" => Form::Pages,
            "stream" => Form::Stream,
            _ => return Err(invalid()),
        };
        Self::new(form, size.parse().map_err(|_| invalid())?).map_err(|_| invalid())
    }
}

/// One random-looking number for each byte, the same for the whole life of a repository.
pub(crate) struct Gear(Box<[u64; 256]>);

impl Gear {
    pub(crate) fn new(master: &MasterBytes) -> Self {
        let number = |byte: usize| {
            let digest = Sha256::new().chain_update(b"gear table 1").chain_update(&master[..]);
            let digest = digest.chain_update((byte as u64).to_le_bytes()).finalize();
            u64::from_le_bytes(std::array::from_fn(|i| digest[i]))
        };
        Self(Box::new(std::array::from_fn(number)))
    }

    /// Lengths of the chunks at the start of `buffer`, and their sum. Bytes whose chunk may reach beyond the buffer
    /// are left over, unless the stream `ended`.
    pub(crate) fn cut(&self, chunking: Chunking, buffer: &[u8], ended: bool) -> (Vec<u32>, usize) {
        let (mut lengths, mut used) = (Vec::new(), 0);
        while used < buffer.len() {
            let rest = &buffer[used..];
            if rest.len() < chunking.max() && !ended {
                break;
            }
            let length = match chunking.form {
                Form::Pages => rest.len().min(chunking.size as usize),
                Form::Stream => self.boundary(&rest[..rest.len().min(chunking.max())], chunking.size as usize),
            };
            lengths.push(length as u32);
            used += length;
        }
        (lengths, used)
    }

    /// The first boundary: rare before the average length, frequent after it, so that lengths gather around it.
    fn boundary(&self, window: &[u8], average: usize) -> usize {
        let bits = average.trailing_zeros();
        let (before, after) = (!0u64 << (64 - bits - 1), !0u64 << (64 - bits + 1));
        let mut hash = 0u64;
        for (at, byte) in window.iter().enumerate().skip(average / 4) {
            hash = (hash << 1).wrapping_add(self.0[usize::from(*byte)]);
            let mask = if at < average { before } else { after };
            if hash & mask == 0 {
                return at + 1;
            }
        }
        window.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::HashSet;
    use zeroize::Zeroizing;

    fn gear(seed: u8) -> Gear {
        Gear::new(&Zeroizing::new([seed; 64]))
    }

    fn noise(seed: u64, length: usize) -> Vec<u8> {
        let mut state = seed | 1;
        let next = std::iter::repeat_with(move || {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            (state >> 24) as u8
        });
        next.take(length).collect()
    }

    /// Cuts as the writer does, but with arbitrary amounts arriving each time.
    fn cut_in_pieces(gear: &Gear, chunking: Chunking, data: &[u8], piece: usize) -> Vec<u32> {
        let (mut all, mut carry) = (Vec::new(), Vec::new());
        let mut pieces = data.chunks(piece).peekable();
        while let Some(arrived) = pieces.next() {
            carry.extend_from_slice(arrived);
            let (lengths, used) = gear.cut(chunking, &carry, pieces.peek().is_none());
            carry.drain(..used);
            all.extend(lengths);
        }
        assert!(carry.is_empty());
        all
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn cutting_loses_nothing_and_does_not_depend_on_how_bytes_arrive(
            seed in any::<u64>(), length in 0..300_000usize, piece in 1..100_000usize, size in 12..16u32, pages in any::<bool>(),
        ) {
            let form = if pages { Form::Pages } else { Form::Stream };
            let chunking = Chunking::new(form, 1 << size).unwrap();
            let data = noise(seed, length);
            let (whole, used) = gear(1).cut(chunking, &data, true);
            prop_assert_eq!(used, length);
            prop_assert_eq!(whole.iter().map(|l| *l as usize).sum::<usize>(), length);
            prop_assert_eq!(&whole, &cut_in_pieces(&gear(1), chunking, &data, piece));
            let min = if pages { 1 << size } else { (1 << size) / 4 };
            let inner = &whole[..whole.len().saturating_sub(1)];
            prop_assert!(inner.iter().all(|l| (min..=chunking.max()).contains(&(*l as usize))));
        }

        #[test]
        fn an_insertion_changes_few_chunks_of_a_stream(seed in any::<u64>(), at in 0..1_000_000usize, insert in 1..2000usize) {
            let chunking = Chunking::new(Form::Stream, 8192).unwrap();
            let before = noise(seed, 1_000_000);
            let mut after = before.clone();
            after.splice(at..at, noise(seed ^ 99, insert));
            let pieces = |data: &[u8]| {
                let mut start = 0;
                let (lengths, _) = gear(1).cut(chunking, data, true);
                lengths.iter().map(|l| { let c = data[start..start + *l as usize].to_vec(); start += *l as usize; c }).collect::<Vec<_>>()
            };
            let known: HashSet<_> = pieces(&before).into_iter().collect();
            let new = pieces(&after).into_iter().filter(|c| !known.contains(c)).count();
            prop_assert!(new <= 12, "{new} new chunks");
        }
    }

    #[test]
    fn stream_chunks_have_about_the_promised_average() {
        let chunking = Chunking::for_database(0, Form::Stream);
        let (lengths, _) = gear(3).cut(chunking, &noise(5, 16 << 20), true);
        let average = (16 << 20) / lengths.len();
        assert!((24 << 10..48 << 10).contains(&average), "{average}");
    }

    #[test]
    fn another_repository_cuts_elsewhere() {
        let (chunking, data) = (Chunking::for_database(0, Form::Stream), noise(7, 4 << 20));
        assert_ne!(gear(1).cut(chunking, &data, true), gear(2).cut(chunking, &data, true));
    }

    #[test]
    fn chunk_size_doubles_with_the_database_from_eight_gib_on() {
        let size = |gib: u64| Chunking::for_database(gib * GIB, Form::Pages).size / KIB;
        let table: Vec<_> = [0, 8, 9, 16, 17, 64, 128, 256, 10_000]
            .into_iter()
            .map(|g| (g, size(g)))
            .collect();
        assert_eq!(
            table,
            [
                (0, 32),
                (8, 32),
                (9, 64),
                (16, 64),
                (17, 128),
                (64, 256),
                (128, 512),
                (256, 1024),
                (10_000, 1024)
            ]
        );
    }

    #[test]
    fn the_text_form_of_a_chunking_is_stable_and_checked() {
        let chunking = Chunking::for_database(20 * GIB, Form::Stream);
        assert_eq!(chunking.to_string(), "stream:131072");
        assert_eq!("stream:131072".parse::<Chunking>().unwrap(), chunking);
        for wrong in [
            "",
            "pages",
            "pages:",
            "pages:3000",
            "pages:2048",
            "pages:2097152",
            "rabin:32768",
            "pages:-1",
        ] {
            assert!(wrong.parse::<Chunking>().is_err(), "{wrong}");
        }
    }
}
