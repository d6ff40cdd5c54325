//! Sealing: how bytes are compressed, encrypted and authenticated before they leave this process.
//!
//! restic's construction: `nonce (16) | AES-256-CTR(bytes) | Poly1305-AES tag (16)`. Blobs are compressed with zstd
//! and carry their plain length in the index; whole files (index, snapshot) start with the byte 2 and are then zstd.
//! Opening never hands out bytes whose tag does not fit; callers also compare the SHA-256 that names the content.

use aes256ctr_poly1305aes::{Aes256CtrPoly1305Aes, Key, Nonce, aead::AeadInPlace};
use rustic_core::Id;
use sha2::{Digest, Sha256};

use crate::{error::Error, keys::MasterBytes};

/// Bytes that sealing adds: nonce and tag.
pub(crate) const OVERHEAD: usize = 32;

/// zstd's level: 3 costs 8 % more processor than 1 and saves 2 % of space; 5 costs 55 % more for 1 %.
pub(crate) const LEVEL: i32 = 3;

/// First byte of a sealed whole file whose rest is zstd.
const COMPRESSED_FILE: u8 = 2;

/// The SHA-256 that names blobs and files.
pub(crate) fn name_of(bytes: &[u8]) -> Id {
    Id::new(hash(bytes))
}

pub(crate) fn hash(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

/// Fills `bytes` from the system's random generator.
pub(crate) fn fill_random(bytes: &mut [u8]) -> Result<(), Error> {
    getrandom::fill(bytes)
        .map_err(|error| Error::reading("drawing random bytes", std::io::Error::other(error.to_string())))
}

/// Seals and opens with one repository's master key.
pub(crate) struct Sealer(Aes256CtrPoly1305Aes);

impl Sealer {
    pub(crate) fn new(master: &MasterBytes) -> Self {
        Self(Aes256CtrPoly1305Aes::new(Key::from_slice(&master[..])))
    }

    /// Appends the sealed form of `plain`.
    pub(crate) fn seal(&self, plain: &[u8], out: &mut Vec<u8>) -> Result<(), Error> {
        let mut nonce = Nonce::default();
        fill_random(&mut nonce)?;
        out.reserve(plain.len() + OVERHEAD);
        out.extend_from_slice(&nonce);
        let start = out.len();
        out.extend_from_slice(plain);
        let tag = self
            .0
            .encrypt_in_place_detached(&nonce, &[], &mut out[start..])
            .map_err(|_| Error::Damaged("a block is too long to be sealed".into()))?;
        out.extend_from_slice(&tag);
        Ok(())
    }

    /// The plain bytes, or `None` if they are not what this key sealed.
    pub(crate) fn open(&self, sealed: &[u8]) -> Option<Vec<u8>> {
        let end = sealed.len().checked_sub(16).filter(|end| *end >= 16)?;
        let mut plain = sealed[16..end].to_vec();
        self.0
            .decrypt_in_place_detached(Nonce::from_slice(&sealed[..16]), &[], &mut plain, sealed[end..].into())
            .ok()?;
        Some(plain)
    }

    pub(crate) fn seal_file(&self, json: &[u8]) -> Result<Vec<u8>, Error> {
        let mut plain = vec![COMPRESSED_FILE];
        let compressed = zstd::bulk::compress(json, LEVEL).map_err(|error| Error::reading("compressing", error))?;
        plain.extend_from_slice(&compressed);
        let mut sealed = Vec::new();
        self.seal(&plain, &mut sealed)?;
        Ok(sealed)
    }

    pub(crate) fn open_file(&self, sealed: &[u8]) -> Option<Vec<u8>> {
        let plain = self.open(sealed)?;
        match plain.first() {
            Some(&COMPRESSED_FILE) => zstd::decode_all(&plain[1..]).ok(),
            Some(b'{' | b'[') => Some(plain),
            _ => None,
        }
    }
}

/// A thread's own compressor, decompressor and buffer: making them anew for each chunk costs more than using them.
pub(crate) struct BlobSealer<'a> {
    sealer: &'a Sealer,
    compressor: zstd::bulk::Compressor<'static>,
    opener: BlobOpener<'a>,
    sealed: Vec<u8>,
}

impl<'a> BlobSealer<'a> {
    pub(crate) fn new(sealer: &'a Sealer) -> Result<Self, Error> {
        let compressor = zstd::bulk::Compressor::new(LEVEL).map_err(|error| Error::reading("starting zstd", error))?;
        Ok(Self {
            sealer,
            compressor,
            opener: BlobOpener::new(sealer)?,
            sealed: Vec::new(),
        })
    }

    /// The sealed form of a chunk, opened again and compared: a fault of this machine's memory or processor is found
    /// while the database is still there.
    pub(crate) fn seal(&mut self, plain: &[u8], id: &Id) -> Result<&[u8], Error> {
        let compressed = self
            .compressor
            .compress(plain)
            .map_err(|error| Error::reading("compressing", error))?;
        self.sealed.clear();
        self.sealer.seal(&compressed, &mut self.sealed)?;
        match self.opener.open(&self.sealed, Some(plain.len()), id) {
            Some(opened) if opened == plain => Ok(&self.sealed),
            _ => Err(Error::Damaged(
                "a chunk did not survive sealing: this machine computes wrongly".into(),
            )),
        }
    }
}

/// Opens blobs, reusing one decompressor.
pub(crate) struct BlobOpener<'a> {
    sealer: &'a Sealer,
    decompressor: zstd::bulk::Decompressor<'static>,
}

impl<'a> BlobOpener<'a> {
    pub(crate) fn new(sealer: &'a Sealer) -> Result<Self, Error> {
        let decompressor = zstd::bulk::Decompressor::new().map_err(|error| Error::reading("starting zstd", error))?;
        Ok(Self { sealer, decompressor })
    }

    /// The blob named `id`, or `None` if these bytes are not it. `plain_length` is `None` for an uncompressed blob.
    pub(crate) fn open(&mut self, sealed: &[u8], plain_length: Option<usize>, id: &Id) -> Option<Vec<u8>> {
        let opened = self.sealer.open(sealed)?;
        let plain = match plain_length {
            Some(length) => self
                .decompressor
                .decompress(&opened, length)
                .ok()
                .filter(|p| p.len() == length)?,
            None => opened,
        };
        (name_of(&plain) == *id).then_some(plain)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use zeroize::Zeroizing;

    fn sealer(seed: u8) -> Sealer {
        Sealer::new(&Zeroizing::new(std::array::from_fn(|i| {
            (i as u8).wrapping_mul(7).wrapping_add(seed)
        })))
    }

    proptest! {
        #[test]
        fn what_is_sealed_opens_to_the_same_bytes(plain in proptest::collection::vec(any::<u8>(), 0..5000)) {
            let sealer = sealer(1);
            let mut sealed = Vec::new();
            sealer.seal(&plain, &mut sealed).unwrap();
            prop_assert_eq!(sealed.len(), plain.len() + OVERHEAD);
            prop_assert_eq!(sealer.open(&sealed), Some(plain.clone()));
            prop_assert_eq!(sealer.open_file(&sealer.seal_file(&plain).unwrap()), Some(plain));
        }

        #[test]
        fn one_changed_bit_never_opens(
            plain in proptest::collection::vec(any::<u8>(), 1..2000), at in any::<prop::sample::Index>(), bit in 0..8u8,
        ) {
            let sealer = sealer(1);
            let mut sealed = Vec::new();
            sealer.seal(&plain, &mut sealed).unwrap();
            let at = at.index(sealed.len());
            sealed[at] ^= 1 << bit;
            prop_assert_eq!(sealer.open(&sealed), None);
        }

        #[test]
        fn a_shortened_seal_never_opens(plain in proptest::collection::vec(any::<u8>(), 0..500), cut in 1..40usize) {
            let sealer = sealer(1);
            let mut sealed = Vec::new();
            sealer.seal(&plain, &mut sealed).unwrap();
            sealed.truncate(sealed.len().saturating_sub(cut));
            prop_assert_eq!(sealer.open(&sealed), None);
        }
    }

    #[test]
    fn another_key_does_not_open() {
        let mut sealed = Vec::new();
        sealer(1).seal(b"balance sheet", &mut sealed).unwrap();
        assert_eq!(sealer(2).open(&sealed), None);
    }

    #[test]
    fn a_sound_blob_under_another_name_does_not_open() {
        let sealer = sealer(1);
        let sealed = BlobSealer::new(&sealer)
            .unwrap()
            .seal(b"ledger", &name_of(b"ledger"))
            .unwrap()
            .to_vec();
        let mut opener = BlobOpener::new(&sealer).unwrap();
        assert_eq!(opener.open(&sealed, Some(6), &name_of(b"payroll")), None);
        assert_eq!(
            opener.open(&sealed, Some(6), &name_of(b"ledger")).as_deref(),
            Some(&b"ledger"[..])
        );
    }
}
