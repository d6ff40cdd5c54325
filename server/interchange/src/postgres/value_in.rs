//! Values of a file as the text that PostgreSQL's types read, counting what cannot stay what it was. It does not choose the
//! types.
use super::civil::{DAY, DateText, LAST_TICK, TimeText};
use super::copy_text::Line;
use super::declared::Group;
use super::json;
use super::literal::{array_text, hstore_text, row_text};
use bacpac::{Decimal, Value};
use domain::export_log::{ChangeKind, ValueChange, count_change};

/// How values become those of a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Form {
    pub(super) group: Group,
    /// JSON arrays become arrays, with this between elements.
    pub(super) array: Option<char>,
    /// The column is made again as it was in PostgreSQL.
    pub(super) restored: bool,
    /// Zeros at the end of a number were added by its column.
    pub(super) trimmed: bool,
}

/// Days from 0001-01-01 to 1900-01-01.
const DAYS_TO_1900: i64 = 693_595;
/// Units of 100 ns in a minute.
const MINUTE: u64 = 600_000_000;

/// Appends a value. `row` counts from 1.
pub(super) fn write(line: &mut Line, value: &Value, form: Form, changes: &mut Vec<ValueChange>, row: u64) {
    let mut changed = |kind| count_change(changes, kind, || row.to_string());
    let cut = |ticks: u64, changed: &mut dyn FnMut(ChangeKind)| {
        if !ticks.is_multiple_of(10) {
            changed(ChangeKind::FractionCut);
        }
    };
    match value {
        Value::Null => line.null(),
        Value::TinyInt(number) => line.plain(format_args!("{number}")),
        Value::SmallInt(number) => line.plain(format_args!("{number}")),
        Value::Int(number) => line.plain(format_args!("{number}")),
        Value::BigInt(number) => line.plain(format_args!("{number}")),
        Value::Bit(yes) => line.plain(format_args!("{}", if *yes { 't' } else { 'f' })),
        Value::Real(number) => line.plain(format_args!("{number:e}")),
        Value::Float(number) => line.plain(format_args!("{number:e}")),
        Value::SmallMoney(number) => line.plain(format_args!("{}", Money(i64::from(*number)))),
        Value::Money(number) => line.plain(format_args!("{}", Money(*number))),
        Value::Decimal(number) if form.trimmed => line.plain(format_args!("{}", DecimalText(trimmed(*number)))),
        Value::Decimal(number) => line.plain(format_args!("{}", DecimalText(*number))),
        Value::Date(days) => line.plain(format_args!("{}", DateText(*days))),
        // Only 24:00 is exported as this.
        Value::Time(LAST_TICK) if form.restored => line.plain(format_args!("24:00:00")),
        Value::Time(ticks) => {
            cut(*ticks, &mut changed);
            line.plain(format_args!("{}", TimeText(*ticks)));
        }
        Value::DateTime2 { days, ticks } => {
            cut(*ticks, &mut changed);
            line.plain(format_args!("{} {}", DateText(*days), TimeText(*ticks)));
        }
        Value::DateTimeOffset { days, ticks, offset } => {
            cut(*ticks, &mut changed);
            if *offset != 0 {
                changed(ChangeKind::OffsetLost);
            }
            line.plain(format_args!("{} {}+00", DateText(*days), TimeText(*ticks)));
        }
        Value::DateTime { days, ticks } => {
            let milliseconds = (u64::from(*ticks) * 10 + 1) / 3;
            moment_since_1900(line, i64::from(*days), milliseconds * 10_000);
        }
        Value::SmallDateTime { days, minutes } => {
            moment_since_1900(line, i64::from(*days), u64::from(*minutes) * MINUTE);
        }
        Value::Uuid(bytes) => line.plain(format_args!("{}", UuidText(bytes))),
        Value::Text(text) => write_text(line, text, form, &mut changed),
        Value::BrokenText(units) => {
            changed(ChangeKind::SurrogateReplaced);
            write_text(line, &String::from_utf16_lossy(units), form, &mut changed);
        }
        Value::Binary(bytes) if form.group == Group::Geometry => line.hex("", bytes),
        Value::Binary(bytes) if form.group == Group::Text => line.hex("0x", bytes),
        Value::Binary(bytes) => line.hex("\\\\x", bytes),
        Value::Variant(variant) => match variant.value() {
            Some(Value::Variant(_)) | None => line.hex("0x", &variant.payload),
            Some(value) => write(line, &value, form, changes, row),
        },
    }
}

fn write_text(line: &mut Line, text: &str, form: Form, changed: &mut impl FnMut(ChangeKind)) {
    let kept;
    let text = if text.contains('\0') {
        changed(ChangeKind::NulRemoved);
        kept = text.replace('\0', "");
        &kept
    } else {
        text
    };
    // What is not the JSON that was expected is given to the type as it is: it decides.
    let made = match form {
        Form {
            array: Some(delimiter), ..
        } => match json::array(text) {
            Some(elements) => Some(array_text(&elements, delimiter)),
            // An array with bounds of its own.
            None => json::text(text),
        },
        Form { group: Group::Row, .. } => json::pairs(text).map(|pairs| {
            let fields: Vec<_> = pairs.into_iter().map(|(_, value)| value).collect();
            row_text(&fields)
        }),
        Form {
            group: Group::Hstore, ..
        } => json::pairs(text).map(|pairs| hstore_text(&pairs)),
        _ => None,
    };
    line.text(made.as_deref().unwrap_or(text));
}

/// The days of old types go back to 1753, never before the year 1.
fn moment_since_1900(line: &mut Line, days: i64, ticks: u64) {
    let days = u32::try_from(days + DAYS_TO_1900).unwrap_or(0);
    // The last of a day's 1/300 seconds is rounded up to the next day by no server; it stays in its own.
    let ticks = ticks.min(DAY - 10_000);
    line.plain(format_args!("{} {}", DateText(days), TimeText(ticks)));
}

struct Money(i64);

impl std::fmt::Display for Money {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        let units = self.0.unsigned_abs();
        write!(f, "{sign}{}.{:04}", units / 10_000, units % 10_000)
    }
}

fn trimmed(mut number: Decimal) -> Decimal {
    while number.scale > 0 && number.magnitude.is_multiple_of(10) {
        number.scale -= 1;
        number.magnitude /= 10;
    }
    number
}

struct DecimalText(Decimal);

impl std::fmt::Display for DecimalText {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let scale = usize::from(self.0.scale);
        let digits = format!("{:0>width$}", self.0.magnitude, width = scale + 1);
        let (whole, fraction) = digits.split_at(digits.len() - scale);
        let sign = if self.0.negative && self.0.magnitude != 0 {
            "-"
        } else {
            ""
        };
        write!(f, "{sign}{whole}")?;
        if scale > 0 {
            write!(f, ".{fraction}")?;
        }
        Ok(())
    }
}

struct UuidText<'a>(&'a [u8; 16]);

impl std::fmt::Display for UuidText<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (index, byte) in self.0.iter().enumerate() {
            if matches!(index, 4 | 6 | 8 | 10) {
                f.write_str("-")?;
            }
            write!(f, "{byte:02x}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(value: Value, group: Group, array: Option<char>) -> String {
        let mut line = Line::default();
        let form = Form {
            group,
            array,
            restored: true,
            trimmed: false,
        };
        write(&mut line, &value, form, &mut Vec::new(), 1);
        String::from_utf8(line.bytes).unwrap()
    }

    #[test]
    fn values_become_what_the_types_read() {
        let decimal = |negative, magnitude, scale| {
            Value::Decimal(Decimal {
                precision: 38,
                scale,
                negative,
                magnitude,
            })
        };
        assert_eq!(text(decimal(true, 5, 3), Group::Numeric, None), "-0.005");
        assert_eq!(text(decimal(true, 0, 0), Group::Numeric, None), "0");
        assert_eq!(text(Value::Money(-1), Group::Numeric, None), "-0.0001");
        assert_eq!(text(Value::Float(1e300), Group::Float, None), "1e300");
        assert_eq!(text(Value::Time(LAST_TICK), Group::Time, None), "24:00:00");
        let midnight = Value::DateTime {
            days: 0,
            ticks: 25_919_999,
        };
        assert_eq!(text(midnight, Group::Timestamp, None), "1900-01-01 23:59:59.997000");
        assert_eq!(text(Value::Binary(vec![0xde, 1]), Group::Bytes, None), "\\\\xde01");
        let json = |json: &str| Value::Text(json.to_owned());
        assert_eq!(
            text(json(r#"[1,null,"a\"b"]"#), Group::Text, Some(',')),
            r#"{"1",NULL,"a\\"b"}"#
        );
        assert_eq!(text(json(r#""[0:1]={1,2}""#), Group::Integer, Some(',')), "[0:1]={1,2}");
        assert_eq!(text(json(r#"{"a":"1","b":null}"#), Group::Row, None), r#"("1",)"#);
    }
}
