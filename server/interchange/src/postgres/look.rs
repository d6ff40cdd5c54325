//! One look at every row: what the values of each column are, so that its type carries all of them. It keeps counts, never
//! values.
use super::kinds::Kind;
use super::value_out::{Parsed, parse};
use bacpac::SqlType;
use domain::export_log::TypeReason;

/// What was seen of a column.
#[derive(Debug, Clone, Default)]
pub(super) struct Seen {
    pub(super) values: u64,
    pub(super) nulls: u64,
    /// Values that only text can have.
    beyond: u64,
    /// Longest text in code units, as it would be written; longest bytes.
    pub(super) longest: u64,
    /// Longest text form in code units.
    pub(super) form: u64,
    pub(super) trailing: bool,
    pub(super) replaced: bool,
    pub(super) not_ascii: bool,
    end_of_day: bool,
    /// Digits before and after the point, and after it without zeros at the end.
    whole: usize,
    fraction: usize,
    needed_fraction: usize,
    /// There is a number; some has fewer digits after the point than another; some ends with zeros after it.
    numbers: bool,
    uneven: bool,
    padded: bool,
    /// Bytes in the file, at most: in a type of its own, and as text.
    own: u64,
    pub(super) as_text: u64,
}

impl Seen {
    /// Looks at a field.
    ///
    /// Returns `None` when it is no text of the type.
    pub(super) fn field(&mut self, kind: &Kind, field: Option<&[u8]>, sizes_only: bool) -> Option<()> {
        let Some(bytes) = field else {
            self.nulls += 1;
            self.own += 9;
            self.as_text += 9;
            return Some(());
        };
        self.values += 1;
        if sizes_only {
            let size = std::str::from_utf8(bytes).ok()?.parse().ok()?;
            self.longest = self.longest.max(size);
            self.own += size + 8;
            return Some(());
        }
        let text = String::from_utf8_lossy(bytes);
        self.replaced |= matches!(text, std::borrow::Cow::Owned(_));
        let units = |text: &str| if text.is_ascii() { text.len() } else { text.encode_utf16().count() } as u64;
        let form = units(&text);
        self.form = self.form.max(form);
        let mut written = 20;
        match parse(kind, &text)? {
            Parsed::Beyond(_) => self.beyond += 1,
            Parsed::Text(text) => {
                let units = units(&text);
                self.longest = self.longest.max(units);
                self.trailing |= text.ends_with(' ');
                self.not_ascii |= !text.bytes().all(|byte| matches!(byte, b' '..=b'~'));
                written = 8 + units * 2;
            }
            Parsed::Bytes(bytes) => {
                self.longest = self.longest.max(bytes.len() as u64);
                self.trailing |= bytes.last() == Some(&0);
                written = 8 + bytes.len() as u64;
            }
            Parsed::Numeric(digits) => {
                let fraction = digits.fraction.len();
                self.uneven |= self.numbers && fraction != self.fraction;
                self.padded |= digits.fraction.ends_with('0');
                self.numbers = true;
                self.whole = self.whole.max(digits.whole.len());
                self.fraction = self.fraction.max(digits.fraction.len());
                self.needed_fraction = self.needed_fraction.max(digits.fraction.trim_end_matches('0').len());
            }
            Parsed::Time(super::civil::DAY) => self.end_of_day = true,
            _ => {}
        }
        self.own += written;
        self.as_text += written.max(8 + form * 2);
        Some(())
    }
}

impl Seen {
    /// Whether numbers of many scales come back as they were when the zeros at their ends, which a common scale adds, are taken
    /// away again.
    pub(super) fn is_trimmed(&self) -> bool {
        self.uneven && !self.padded
    }
}

/// What a column becomes.
pub(super) struct Decided {
    pub(super) sql_type: SqlType,
    pub(super) alternatives: Vec<SqlType>,
    pub(super) reason: TypeReason,
    /// Longest value as written.
    pub(super) longest: u64,
    pub(super) has_values: bool,
    pub(super) has_nulls: bool,
    pub(super) unlike: bool,
    /// Bytes of all its values in the file, at most.
    pub(super) encoded: u64,
}

/// Longest text and bytes that a column of a declared length has.
const MOST_UNITS: u64 = 4_000;

/// Decides on the type of a column. Without NULL there is no place for what has no counterpart: then all of it is text.
pub(super) fn decide(kind: &Kind, seen: &Seen, not_null: bool) -> Decided {
    let mut longest = seen.longest;
    let mut alternatives = Vec::new();
    let mut unlike = false;
    let bounded = |declared: u64, longest: u64| match u16::try_from(declared) {
        Ok(declared) if longest <= declared.into() && (1..=MOST_UNITS).contains(&declared.into()) => {
            SqlType::NVarChar(declared)
        }
        _ => SqlType::NVarCharMax,
    };
    let wide = |sql_type: SqlType| match sql_type {
        SqlType::NVarCharMax => (SqlType::NVarCharMax, TypeReason::ValuesKept),
        other => (other, TypeReason::Declared),
    };
    let decimal = |scale| SqlType::Decimal { precision: 38, scale };
    let (sql_type, reason) = match kind {
        _ if not_null && seen.beyond > 0 => {
            longest = seen.form;
            unlike = matches!(kind, Kind::Numeric(_) | Kind::Real | Kind::Double);
            (SqlType::NVarCharMax, TypeReason::Infinities)
        }
        Kind::SmallInt => {
            alternatives = vec![SqlType::Int, SqlType::BigInt, decimal(0)];
            (SqlType::SmallInt, TypeReason::Declared)
        }
        Kind::Int => {
            alternatives = vec![SqlType::BigInt, decimal(0)];
            (SqlType::Int, TypeReason::Declared)
        }
        Kind::BigInt | Kind::Oid => {
            alternatives = vec![decimal(0)];
            (SqlType::BigInt, TypeReason::Declared)
        }
        Kind::Bool => (SqlType::Bit, TypeReason::Declared),
        Kind::Real => (SqlType::Real, TypeReason::Declared),
        Kind::Double => (SqlType::Float, TypeReason::Declared),
        Kind::Numeric(Some((precision, scale))) => {
            let own = SqlType::Decimal {
                precision: *precision,
                scale: *scale,
            };
            alternatives.extend((seen.whole + usize::from(*scale) <= 38).then(|| decimal(*scale)));
            alternatives.retain(|other| *other != own);
            (own, TypeReason::Declared)
        }
        Kind::Numeric(None) | Kind::Money => {
            let scale = [seen.fraction, seen.needed_fraction]
                .into_iter()
                .find(|scale| seen.whole + scale <= 38);
            match scale.and_then(|scale| u8::try_from(scale).ok()) {
                Some(scale) if *kind == Kind::Money && seen.whole + usize::from(scale.max(2)) <= 19 => (
                    SqlType::Decimal {
                        precision: 19,
                        scale: scale.max(2),
                    },
                    TypeReason::Declared,
                ),
                Some(scale) => (decimal(scale), TypeReason::Observed),
                None => {
                    longest = seen.form;
                    unlike = true;
                    (SqlType::NVarCharMax, TypeReason::ValuesKept)
                }
            }
        }
        Kind::Text(None) | Kind::Citext => (SqlType::NVarCharMax, TypeReason::Declared),
        Kind::Text(Some(most)) => wide(bounded((*most).into(), seen.longest)),
        Kind::Char(length) => {
            alternatives = vec![SqlType::NVarCharMax];
            match u16::try_from(*length) {
                Ok(length) if u64::from(length) <= MOST_UNITS && seen.longest <= length.into() => {
                    (SqlType::NChar(length), TypeReason::Declared)
                }
                _ => (SqlType::NVarCharMax, TypeReason::ValuesKept),
            }
        }
        Kind::Bytes => (SqlType::VarBinaryMax, TypeReason::Declared),
        Kind::Date => (SqlType::Date, TypeReason::Declared),
        Kind::Time(scale) => {
            let scale = if seen.end_of_day { 7 } else { *scale };
            (SqlType::Time { scale }, TypeReason::Declared)
        }
        Kind::Timestamp(scale) => (SqlType::DateTime2 { scale: *scale }, TypeReason::Declared),
        Kind::TimestampTz(scale) => (SqlType::DateTimeOffset { scale: *scale }, TypeReason::Declared),
        Kind::Uuid => (SqlType::UniqueIdentifier, TypeReason::Declared),
        Kind::Json => (SqlType::NVarCharMax, TypeReason::JsonForm),
        Kind::Enum(labels) => {
            let longest = labels.iter().map(|label| label.encode_utf16().count() as u64).max();
            (
                bounded(longest.unwrap_or(1).max(1), seen.longest),
                TypeReason::EnumWords,
            )
        }
        Kind::Array { unlike: differs, .. } => {
            unlike = *differs;
            (SqlType::NVarCharMax, TypeReason::JsonForm)
        }
        Kind::Row(_) => {
            unlike = true;
            (SqlType::NVarCharMax, TypeReason::JsonForm)
        }
        Kind::Hstore => (SqlType::NVarCharMax, TypeReason::JsonForm),
        Kind::Geometry => {
            unlike = true;
            (SqlType::VarBinaryMax, TypeReason::BinaryForm)
        }
        Kind::Form {
            most: 0,
            unlike: differs,
        } => {
            unlike = *differs;
            (SqlType::NVarCharMax, TypeReason::TextForm)
        }
        Kind::Form { most, unlike: differs } => {
            unlike = *differs;
            (
                bounded(seen.longest.max((*most).into()), seen.longest),
                TypeReason::TextForm,
            )
        }
    };
    let to_null = if reason == TypeReason::Infinities || matches!(sql_type, SqlType::NVarCharMax) {
        0
    } else {
        seen.beyond
    };
    let text_form = matches!(sql_type, SqlType::NVarCharMax | SqlType::NVarChar(_));
    if text_form && seen.longest == 0 {
        longest = longest.max(seen.form);
    }
    Decided {
        has_values: seen.values > to_null,
        has_nulls: seen.nulls + to_null > 0,
        sql_type,
        alternatives,
        reason,
        longest,
        unlike,
        encoded: if text_form { seen.as_text } else { seen.own },
    }
}
