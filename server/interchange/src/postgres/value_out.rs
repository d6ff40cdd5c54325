//! The texts of PostgreSQL as values of a file, telling what had to change. It does not choose the types.
use super::civil::{self, DAY, LAST_TICK, Reach};
use super::copy_text::unhex;
use super::json;
use super::kinds::Kind;
use super::literal;
use bacpac::{Decimal, SqlType, Value};
use domain::export_log::ChangeKind;
use std::borrow::Cow;

/// A text understood.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Parsed<'a> {
    Whole(i64),
    Bool(bool),
    Real(f32),
    Float(f64),
    Numeric(Digits<'a>),
    Text(Cow<'a, str>),
    Bytes(Vec<u8>),
    Date(u32),
    Time(u64),
    Moment(u32, u64),
    Uuid([u8; 16]),
    /// What no type of the file but text can have, and what it becomes elsewhere.
    Beyond(ChangeKind),
}

/// A number of any length.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Digits<'a> {
    negative: bool,
    /// Without zeros in front.
    pub(super) whole: &'a str,
    pub(super) fraction: &'a str,
}

impl<'a> Digits<'a> {
    fn read(text: &'a str) -> Option<Self> {
        let (negative, text) = match text.strip_prefix('-') {
            Some(text) => (true, text),
            None => (false, text),
        };
        let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
        let all_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        (!whole.is_empty() && all_digits(whole) && all_digits(fraction)).then(|| Self {
            negative,
            whole: whole.trim_start_matches('0'),
            fraction,
        })
    }

    /// The number with that many digits after the point; `None` when it has more, or more in all than fit.
    fn decimal(self, precision: u8, scale: u8) -> Option<Decimal> {
        let fraction = self.fraction.trim_end_matches('0');
        let scale_digits = usize::from(scale);
        if fraction.len() > scale_digits || self.whole.len() + scale_digits > usize::from(precision) {
            return None;
        }
        let digits = format!("{}{fraction:0<scale_digits$}", self.whole);
        let magnitude = if digits.is_empty() { 0 } else { digits.parse().ok()? };
        Some(Decimal {
            precision,
            scale,
            negative: self.negative && magnitude != 0,
            magnitude,
        })
    }
}

/// Understands a text; `None` when it is not one of the type.
pub(super) fn parse<'a>(kind: &Kind, text: &'a str) -> Option<Parsed<'a>> {
    Some(match kind {
        Kind::SmallInt | Kind::Int | Kind::BigInt | Kind::Oid => Parsed::Whole(text.parse().ok()?),
        Kind::Bool => Parsed::Bool(match text {
            "t" => true,
            "f" => false,
            _ => return None,
        }),
        Kind::Real => match text.parse::<f32>().ok()? {
            number if number.is_nan() => Parsed::Beyond(ChangeKind::NanToNull),
            number if number.is_infinite() => Parsed::Beyond(ChangeKind::InfinityToNull),
            number => Parsed::Real(number),
        },
        Kind::Double => match text.parse::<f64>().ok()? {
            number if number.is_nan() => Parsed::Beyond(ChangeKind::NanToNull),
            number if number.is_infinite() => Parsed::Beyond(ChangeKind::InfinityToNull),
            number => Parsed::Float(number),
        },
        Kind::Numeric(_) | Kind::Money => match text {
            "NaN" => Parsed::Beyond(ChangeKind::NanToNull),
            "Infinity" | "-Infinity" => Parsed::Beyond(ChangeKind::InfinityToNull),
            text => Parsed::Numeric(Digits::read(text)?),
        },
        Kind::Bytes => Parsed::Bytes(unhex(text.strip_prefix("\\x")?.as_bytes())?),
        Kind::Geometry => Parsed::Bytes(unhex(text.as_bytes())?),
        Kind::Date => match civil::date(text)? {
            Reach::Within(days) => Parsed::Date(days),
            Reach::Beyond => Parsed::Beyond(ChangeKind::DateToNull),
        },
        Kind::Time(_) => Parsed::Time(civil::time(text)?),
        Kind::Timestamp(_) => moment(text)?,
        Kind::TimestampTz(_) => match text.split_once("+00") {
            Some((before, after)) => moment(&format!("{before}{after}"))?,
            None => moment(text)?,
        },
        Kind::Uuid => {
            let bytes = unhex(text.replace('-', "").as_bytes())?;
            Parsed::Uuid(bytes.try_into().ok()?)
        }
        Kind::Array {
            elements, delimiter, ..
        } => Parsed::Text(Cow::Owned(match literal::array(text, *delimiter) {
            Some(array) => json::of_array(&array, *elements),
            // An array with bounds of its own is kept as it is written, as a JSON text.
            None => json::quoted(text),
        })),
        Kind::Row(names) => {
            let fields = literal::row(text).filter(|fields| fields.len() == names.len())?;
            let pairs = names.iter().zip(&fields);
            Parsed::Text(Cow::Owned(json::of_pairs(
                pairs.map(|(name, field)| (name.as_str(), field.as_deref())),
            )))
        }
        Kind::Hstore => {
            let pairs = literal::hstore(text)?;
            let pairs = pairs.iter().map(|(name, value)| (name.as_str(), value.as_deref()));
            Parsed::Text(Cow::Owned(json::of_pairs(pairs)))
        }
        Kind::Text(_) | Kind::Citext | Kind::Char(_) | Kind::Json | Kind::Enum(_) | Kind::Form { .. } => {
            Parsed::Text(Cow::Borrowed(text))
        }
    })
}

fn moment(text: &str) -> Option<Parsed<'static>> {
    Some(match civil::moment(text)? {
        Reach::Within((days, ticks)) => Parsed::Moment(days, ticks),
        Reach::Beyond => Parsed::Beyond(ChangeKind::DateToNull),
    })
}

/// The value of a text in a column of that type, and how it changed; `None` when it does not fit the type.
pub(super) fn value(kind: &Kind, sql_type: &SqlType, text: &str) -> Option<(Value, Option<ChangeKind>)> {
    let parsed = parse(kind, text)?;
    let same = |value| Some((value, None));
    match (parsed, sql_type) {
        (Parsed::Text(text), _) => same(Value::Text(text.into_owned())),
        (Parsed::Bytes(bytes), SqlType::VarBinary(_) | SqlType::VarBinaryMax) => same(Value::Binary(bytes)),
        // Whatever has become text for the sake of some values is the text form for all.
        (_, SqlType::NVarChar(_) | SqlType::NVarCharMax) => same(Value::Text(text.to_owned())),
        (Parsed::Beyond(change), _) => Some((Value::Null, Some(change))),
        (Parsed::Whole(number), SqlType::SmallInt) => same(Value::SmallInt(number.try_into().ok()?)),
        (Parsed::Whole(number), SqlType::Int) => same(Value::Int(number.try_into().ok()?)),
        (Parsed::Whole(number), SqlType::BigInt) => same(Value::BigInt(number)),
        (Parsed::Whole(number), SqlType::Decimal { precision, scale: 0 }) => same(Value::Decimal(Decimal {
            precision: *precision,
            scale: 0,
            negative: number < 0,
            magnitude: u128::from(number.unsigned_abs()),
        })),
        (Parsed::Bool(yes), SqlType::Bit) => same(Value::Bit(yes)),
        (Parsed::Real(number), SqlType::Real) => same(Value::Real(number)),
        (Parsed::Float(number), SqlType::Float) => same(Value::Float(number)),
        (Parsed::Numeric(digits), SqlType::Decimal { precision, scale }) => {
            same(Value::Decimal(digits.decimal(*precision, *scale)?))
        }
        (Parsed::Date(days), SqlType::Date) => same(Value::Date(days)),
        (Parsed::Time(DAY), SqlType::Time { .. }) => Some((Value::Time(LAST_TICK), Some(ChangeKind::EndOfDayMoved))),
        (Parsed::Time(ticks), SqlType::Time { .. }) => same(Value::Time(ticks)),
        (Parsed::Moment(days, ticks), SqlType::DateTime2 { .. }) => same(Value::DateTime2 { days, ticks }),
        (Parsed::Moment(days, ticks), SqlType::DateTimeOffset { .. }) => {
            same(Value::DateTimeOffset { days, ticks, offset: 0 })
        }
        (Parsed::Uuid(bytes), SqlType::UniqueIdentifier) => same(Value::Uuid(bytes)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_become_values_or_tell_what_they_lose() {
        let decimal = SqlType::Decimal { precision: 5, scale: 2 };
        let numeric = Kind::Numeric(None);
        let of = |kind: &Kind, sql_type: &SqlType, text: &str| value(kind, sql_type, text);
        let number = |negative, magnitude| {
            Some((
                Value::Decimal(Decimal {
                    precision: 5,
                    scale: 2,
                    negative,
                    magnitude,
                }),
                None,
            ))
        };
        assert_eq!(of(&numeric, &decimal, "-0.50"), number(true, 50));
        assert_eq!(of(&numeric, &decimal, "0"), number(false, 0));
        assert_eq!(of(&numeric, &decimal, "999.9900"), number(false, 99_999));
        assert_eq!(of(&numeric, &decimal, "1000"), None);
        assert_eq!(of(&numeric, &decimal, "0.005"), None);
        assert_eq!(
            of(&numeric, &decimal, "NaN"),
            Some((Value::Null, Some(ChangeKind::NanToNull)))
        );
        assert_eq!(
            of(&numeric, &SqlType::NVarCharMax, "NaN"),
            Some((Value::Text("NaN".into()), None))
        );
        let tz = Kind::TimestampTz(6);
        assert_eq!(
            of(&tz, &SqlType::DateTimeOffset { scale: 6 }, "0044-03-15 00:00:00+00 BC"),
            Some((Value::Null, Some(ChangeKind::DateToNull)))
        );
        assert_eq!(of(&Kind::Uuid, &SqlType::UniqueIdentifier, "00112233-4455"), None);
        let row = Kind::Row(vec!["a".into(), "b".into()]);
        assert_eq!(
            of(&row, &SqlType::NVarCharMax, "(1,)"),
            Some((Value::Text(r#"{"a":"1","b":null}"#.into()), None))
        );
    }
}
