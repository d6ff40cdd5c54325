//! The canonical text of a value, by which files are compared: NULL is `\N`, decimals are exact, binary is `0x` and hexadecimal,
//! times have the digits of their scale, a local time comes before its offset.

use bacpac::{Decimal, SqlType, Value};
use domain::time::CivilDate;

/// NULL, as no other value is written without quotes.
pub(super) const NULL: &str = "\\N";

/// Days from 0001-01-01 to 1970-01-01.
const EPOCH: i64 = 719_162;

/// Days from 1900-01-01 to 1970-01-01.
const EPOCH_1900: i64 = 25_567;

/// Units of 100 ns in a second.
const TICKS_PER_SECOND: u64 = 10_000_000;

/// A field of a CSV line: quoted when it must be, and when it would read as NULL.
pub(super) fn csv(value: &Value, sql_type: &SqlType) -> String {
    let text = canonical(value, sql_type);
    let mistaken = text == NULL && *value != Value::Null;
    if mistaken || text.contains([',', '"', '\n', '\r']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text
    }
}

/// The canonical text of a value of a column of this type.
pub(super) fn canonical(value: &Value, sql_type: &SqlType) -> String {
    match value {
        Value::Null => NULL.to_owned(),
        Value::TinyInt(number) => number.to_string(),
        Value::SmallInt(number) => number.to_string(),
        Value::Int(number) => number.to_string(),
        Value::BigInt(number) => number.to_string(),
        Value::Bit(yes) => u8::from(*yes).to_string(),
        Value::Real(number) => number.to_string(),
        Value::Float(number) => number.to_string(),
        Value::SmallMoney(units) => exact(*units < 0, u128::from(units.unsigned_abs()), 4),
        Value::Money(units) => exact(*units < 0, u128::from(units.unsigned_abs()), 4),
        Value::Decimal(Decimal {
            scale,
            negative,
            magnitude,
            ..
        }) => exact(*negative, *magnitude, *scale),
        Value::Date(days) => date(i64::from(*days) - EPOCH),
        Value::Time(ticks) => time(*ticks, scale_of(sql_type)),
        Value::DateTime2 { days, ticks } => {
            format!(
                "{} {}",
                date(i64::from(*days) - EPOCH),
                time(*ticks, scale_of(sql_type))
            )
        }
        Value::DateTimeOffset { days, ticks, offset } => with_offset(*days, *ticks, *offset, scale_of(sql_type)),
        Value::DateTime { days, ticks } => {
            // Thirds of ten milliseconds, shown as the server rounds them.
            let millis = (u64::from(*ticks) * 10 + 1) / 3;
            format!("{} {}", date(i64::from(*days) - EPOCH_1900), time(millis * 10_000, 3))
        }
        Value::SmallDateTime { days, minutes } => {
            format!(
                "{} {:02}:{:02}:00",
                date(i64::from(*days) - EPOCH_1900),
                minutes / 60,
                minutes % 60
            )
        }
        Value::Uuid(bytes) => uuid(bytes),
        Value::Text(text) => text.clone(),
        Value::BrokenText(units) => String::from_utf16_lossy(units),
        Value::Binary(bytes) => hex(bytes),
        Value::Variant(variant) => variant.value().map_or_else(
            || hex(&variant.payload),
            |value| canonical(&value, &SqlType::SqlVariant),
        ),
    }
}

/// Digits after the second; a value inside a `sql_variant` is shown to the tick.
fn scale_of(sql_type: &SqlType) -> u8 {
    match sql_type {
        SqlType::Time { scale } | SqlType::DateTime2 { scale } | SqlType::DateTimeOffset { scale } => *scale,
        _ => 7,
    }
}

fn exact(negative: bool, magnitude: u128, scale: u8) -> String {
    let sign = if negative { "-" } else { "" };
    let scale = usize::from(scale);
    let digits = format!("{magnitude:0>width$}", width = scale + 1);
    let (whole, fraction) = digits.split_at(digits.len() - scale);
    if scale == 0 {
        format!("{sign}{whole}")
    } else {
        format!("{sign}{whole}.{fraction}")
    }
}

fn date(days_since_1970: i64) -> String {
    CivilDate::from_days(days_since_1970).to_string()
}

fn time(ticks: u64, scale: u8) -> String {
    let seconds = ticks / TICKS_PER_SECOND;
    let text = format!("{:02}:{:02}:{:02}", seconds / 3_600, seconds / 60 % 60, seconds % 60);
    let fraction = format!("{:07}", ticks % TICKS_PER_SECOND);
    if scale == 0 {
        text
    } else {
        format!("{text}.{}", &fraction[..usize::from(scale.min(7))])
    }
}

fn with_offset(days: u32, ticks: u64, offset: i16, scale: u8) -> String {
    let day = 86_400 * i64::try_from(TICKS_PER_SECOND).unwrap_or_default();
    let away = i64::from(offset) * 60 * i64::try_from(TICKS_PER_SECOND).unwrap_or_default();
    let local = i64::try_from(ticks).unwrap_or_default() + away;
    let days = i64::from(days) - EPOCH + local.div_euclid(day);
    let (sign, minutes) = if offset < 0 { ('-', -offset) } else { ('+', offset) };
    let time = time(u64::try_from(local.rem_euclid(day)).unwrap_or_default(), scale);
    format!("{} {time} {sign}{:02}:{:02}", date(days), minutes / 60, minutes % 60)
}

fn uuid(bytes: &[u8; 16]) -> String {
    let digits = &hex(bytes)[2..];
    [
        &digits[..8],
        &digits[8..12],
        &digits[12..16],
        &digits[16..20],
        &digits[20..],
    ]
    .join("-")
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::from("0x"), |mut text, byte| {
        // Writing to a String does not fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_told_exactly() {
        let decimal = |negative, magnitude, scale| {
            Value::Decimal(Decimal {
                precision: 38,
                scale,
                negative,
                magnitude,
            })
        };
        let any = SqlType::Int;
        for (value, sql_type, text) in [
            (Value::Null, any.clone(), "\\N"),
            (decimal(true, 12_345, 2), any.clone(), "-123.45"),
            (decimal(false, 5, 3), any.clone(), "0.005"),
            (
                decimal(false, u128::MAX / 4, 0),
                any.clone(),
                "85070591730234615865843651857942052863",
            ),
            (Value::Money(-1), any.clone(), "-0.0001"),
            (Value::Date(0), SqlType::Date, "0001-01-01"),
            (Value::Date(3_652_058), SqlType::Date, "9999-12-31"),
            (Value::Time(863_999_999_999), SqlType::Time { scale: 3 }, "23:59:59.999"),
            (Value::Time(0), SqlType::Time { scale: 0 }, "00:00:00"),
            (
                Value::DateTime { days: 0, ticks: 1 },
                SqlType::DateTime,
                "1900-01-01 00:00:00.003",
            ),
            (
                Value::DateTime {
                    days: -53_690,
                    ticks: 0,
                },
                SqlType::DateTime,
                "1753-01-01 00:00:00.000",
            ),
            (
                Value::SmallDateTime { days: 1, minutes: 61 },
                SqlType::SmallDateTime,
                "1900-01-02 01:01:00",
            ),
            (
                Value::DateTimeOffset {
                    days: 738_944,
                    ticks: 864_000_000_000 - 1,
                    offset: 60,
                },
                SqlType::DateTimeOffset { scale: 0 },
                "2024-03-01 00:59:59 +01:00",
            ),
            (Value::Binary(vec![0xDE, 0xAD]), any.clone(), "0xdead"),
            (Value::Uuid([0x11; 16]), any, "11111111-1111-1111-1111-111111111111"),
        ] {
            assert_eq!(canonical(&value, &sql_type), text, "{value:?}");
        }
    }

    #[test]
    fn a_text_that_reads_like_null_is_quoted() {
        let text = |text: &str| csv(&Value::Text(text.into()), &SqlType::NText);
        assert_eq!(text("\\N"), "\"\\N\"");
        assert_eq!(text("a \"b\", c"), "\"a \"\"b\"\", c\"");
        assert_eq!(text("plain"), "plain");
    }
}
