//! The limits that keep hostile files from taking more memory or time than a caller allows. It only holds numbers.

/// Limits applied while reading; every one is an upper bound that is still accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Entries in the archive. Default 200,000.
    pub entries: u64,
    /// Bytes of the directory of the archive, all of which is kept in memory. Default 32 MiB: 200,000 entries with names of
    /// 100 bytes.
    pub directory_bytes: u64,
    /// Bytes of one entry once inflated. Default 64 GiB.
    pub entry_bytes: u64,
    /// Bytes of all entries together once inflated. Default 1 TiB.
    pub total_bytes: u64,
    /// Inflated bytes per compressed byte, looked at once an entry has inflated to 8 MiB. Default 1,000 (deflate itself
    /// cannot pass 1,032, and a table of zeros comes close to it).
    pub ratio: u64,
    /// Bytes of `model.xml` once inflated. Default 256 MiB (the biggest known models have some tens of MB).
    pub model_bytes: u64,
    /// Elements and references of the model together, also those inside of others. Default 500,000: a real model of some
    /// 100 MB, and at most about 120 MB of memory.
    pub objects: u64,
    /// Bytes of text that one top-level element of the model may hold. Default 32 MiB.
    pub element_bytes: u64,
    /// Nesting of XML elements. Default 64 (the deepest real element has about 15 levels).
    pub xml_depth: usize,
    /// Bytes of an entry name. Default 1,024.
    pub name_bytes: usize,
    /// Bytes of one value of the data as stored. Default 64 MiB; it bounds the memory that decoding takes.
    pub value_bytes: u64,
    /// Bytes of one row of the data as stored. Default 128 MiB.
    pub row_bytes: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            entries: 200_000,
            directory_bytes: 32 << 20,
            entry_bytes: 64 << 30,
            total_bytes: 1 << 40,
            ratio: 1_000,
            model_bytes: 256 << 20,
            objects: 500_000,
            element_bytes: 32 << 20,
            xml_depth: 64,
            name_bytes: 1_024,
            value_bytes: 64 << 20,
            row_bytes: 128 << 20,
        }
    }
}
