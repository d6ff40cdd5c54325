//! What one look at all rows of a table tells of each column: storage classes, ranges, lengths, forms of dates. It decides
//! nothing; it only counts.

use domain::export_log::FIRST_ROWS;
use rusqlite::types::ValueRef;

use super::declared::Promise;
use super::form::EXACT;
use crate::forms::calendar::{self, Clock, Moment};
use crate::forms::decimal::{self, Shape};
use crate::forms::{mixed, uuid};

/// How many, and the keys of the first.
#[derive(Debug, Clone, Default)]
pub(super) struct Count {
    pub(super) count: u64,
    pub(super) first: Vec<String>,
}

impl Count {
    fn add(&mut self, row: &dyn Fn() -> String) {
        self.count += 1;
        if self.first.len() < FIRST_ROWS {
            self.first.push(row());
        }
    }
}

/// A format that all texts have so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Format<T> {
    /// No text yet.
    #[default]
    None,
    /// All have it.
    All(T),
    /// They differ.
    Mixed,
}

impl<T: PartialEq + Copy> Format<T> {
    fn meet(&mut self, found: Option<T>) {
        *self = match (*self, found) {
            (Self::None, Some(found)) => Self::All(found),
            (Self::All(seen), Some(found)) if seen == found => return,
            _ => Self::Mixed,
        };
    }

    /// The format of all texts, if there is one.
    pub(super) fn all(self) -> Option<T> {
        match self {
            Self::All(found) => Some(found),
            _ => None,
        }
    }
}

/// What was seen of a column.
#[derive(Debug, Clone)]
pub(super) struct Facts {
    promise: Promise,
    pub(super) integers: u64,
    pub(super) reals: u64,
    pub(super) texts: u64,
    pub(super) blobs: u64,
    pub(super) nulls: u64,
    /// Greatest integer.
    pub(super) greatest: i64,
    /// All integers are 0 or 1.
    pub(super) only_bits: bool,
    /// All integers are exact as floating-point numbers.
    pub(super) exact_integers: bool,
    /// Some floating-point number is whole and could be read back as an integer.
    pub(super) whole_reals: bool,
    /// All numbers fit the decimal that was declared.
    pub(super) fits_decimal: bool,
    pub(super) infinities: Count,
    pub(super) invalid: Count,
    /// Bytes of the longest text that is no UTF-8.
    pub(super) longest_invalid: u64,
    /// Texts that would read as another class.
    pub(super) ambiguous: Count,
    /// Longest text in UTF-16 code units, and the sum of all.
    pub(super) longest_text: u64,
    pub(super) text_units: u64,
    pub(super) longest_blob: u64,
    pub(super) blob_bytes: u64,
    /// Some text ends with a space.
    pub(super) trailing_space: bool,
    /// Some blob ends with a zero byte.
    pub(super) trailing_zero: bool,
    /// All texts are printable ASCII.
    pub(super) plain: bool,
    pub(super) dates: Format<()>,
    pub(super) clocks: Format<Clock>,
    pub(super) moments: Format<Moment>,
    pub(super) decimals: Format<()>,
    /// All texts are identifiers.
    pub(super) uuids: Format<()>,
    pub(super) upper: bool,
    pub(super) lower: bool,
    room: String,
}

impl Facts {
    pub(super) fn new(promise: Promise) -> Self {
        Self {
            promise,
            integers: 0,
            reals: 0,
            texts: 0,
            blobs: 0,
            nulls: 0,
            greatest: i64::MIN,
            only_bits: true,
            exact_integers: true,
            whole_reals: false,
            fits_decimal: true,
            infinities: Count::default(),
            invalid: Count::default(),
            longest_invalid: 0,
            ambiguous: Count::default(),
            longest_text: 0,
            text_units: 0,
            longest_blob: 0,
            blob_bytes: 0,
            trailing_space: false,
            trailing_zero: false,
            plain: true,
            dates: Format::None,
            clocks: Format::None,
            moments: Format::None,
            decimals: Format::None,
            uuids: Format::None,
            upper: false,
            lower: false,
            room: String::new(),
        }
    }

    /// Values but NULL.
    pub(super) fn values(&self) -> u64 {
        self.integers + self.reals + self.texts + self.blobs
    }

    /// Storage classes among the values.
    pub(super) fn classes(&self) -> usize {
        [self.integers, self.reals, self.texts, self.blobs]
            .iter()
            .filter(|count| **count > 0)
            .count()
    }

    /// Looks at a value of the row of that key.
    pub(super) fn see(&mut self, value: ValueRef<'_>, row: &dyn Fn() -> String) {
        match value {
            ValueRef::Null => self.nulls += 1,
            ValueRef::Integer(number) => self.integer(number),
            ValueRef::Real(number) => self.real(number, row),
            ValueRef::Text(bytes) => self.text(bytes, row),
            ValueRef::Blob(bytes) => {
                self.blobs += 1;
                self.blob_bytes += bytes.len() as u64;
                self.longest_blob = self.longest_blob.max(bytes.len() as u64);
                self.trailing_zero |= bytes.last() == Some(&0);
            }
        }
    }

    fn integer(&mut self, number: i64) {
        self.integers += 1;
        self.greatest = self.greatest.max(number);
        self.only_bits &= matches!(number, 0 | 1);
        self.exact_integers &= number.unsigned_abs() <= EXACT;
        if let Promise::Decimal(shape) = self.promise {
            self.fits_decimal &= decimal::of_integer(number, shape).is_some();
        }
    }

    fn real(&mut self, number: f64, row: &dyn Fn() -> String) {
        self.reals += 1;
        if number.is_infinite() {
            self.infinities.add(row);
        }
        // 2^63: from there on no integer of SQLite is the same.
        self.whole_reals |= number.trunc() == number && number.abs() <= 9.3e18;
        if let Promise::Decimal(shape) = self.promise {
            let room = &mut self.room;
            let back = |found: bacpac::Decimal| decimal::to_number(found.negative, found.magnitude, found.scale);
            let same = decimal::of_real(number, shape, room).map(back);
            self.fits_decimal &= matches!(same, Some(Err(found)) if found.to_bits() == number.to_bits());
        }
    }

    fn text(&mut self, bytes: &[u8], row: &dyn Fn() -> String) {
        self.texts += 1;
        let Ok(text) = std::str::from_utf8(bytes) else {
            self.invalid.add(row);
            self.longest_invalid = self.longest_invalid.max(bytes.len() as u64);
            let replaced = String::from_utf8_lossy(bytes).into_owned();
            self.valid(&replaced, row);
            return;
        };
        self.valid(text, row);
    }

    fn valid(&mut self, text: &str, row: &dyn Fn() -> String) {
        let ascii = text.is_ascii();
        let units = if ascii { text.len() } else { text.encode_utf16().count() } as u64;
        self.longest_text = self.longest_text.max(units);
        self.text_units += units;
        self.trailing_space |= text.ends_with(' ');
        self.plain = self.plain && ascii && text.bytes().all(|byte| (b' '..=b'~').contains(&byte));
        if mixed::is_ambiguous(text) {
            self.ambiguous.add(row);
        }
        match self.promise {
            Promise::Date => self.dates.meet(calendar::parse_date(text).map(|_| ())),
            Promise::Time => self.clocks.meet(calendar::parse_clock(text).map(|(clock, _)| clock)),
            Promise::DateTime => self
                .moments
                .meet(calendar::parse_moment(text).map(|(moment, _)| moment)),
            Promise::DecimalText(shape) => self.decimals.meet(canonical(text, shape)),
            Promise::Uuid => {
                let found = uuid::parse(text);
                if let Some((_, letters)) = found {
                    self.upper |= letters.upper;
                    self.lower |= letters.lower;
                }
                self.uuids.meet(found.map(|_| ()));
            }
            _ => {}
        }
    }
}

fn canonical(text: &str, shape: Shape) -> Option<()> {
    decimal::is_canonical(text, shape).then_some(())
}
