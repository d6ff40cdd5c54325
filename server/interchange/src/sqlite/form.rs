//! How the values of a column of SQLite are said in the file, and how they are read back: the rule of each column, recorded in
//! the file. A rule is only chosen when every value of the column comes back with its storage class and its bytes.

use bacpac::{SqlType, Value};
use rusqlite::types::ValueRef;
use serde::{Deserialize, Serialize};

use crate::forms::calendar::{self, Clock, Instant, Moment, Zone};
use crate::forms::decimal::{self, Shape};
use crate::forms::{mixed, uuid};

/// Whole numbers up to here are the same as floating-point numbers.
pub(super) const EXACT: u64 = 1 << 53;

/// The rule of a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Form {
    /// Integers.
    Integer,
    /// Integers 0 and 1.
    Bit,
    /// Floating-point numbers; infinities become NULL.
    Real,
    /// Integers that are exact as floating-point numbers, and floating-point numbers that are not whole.
    RealOrInteger,
    /// Integers, and floating-point numbers that are not whole, as decimals.
    Decimal,
    /// Text of decimals with all digits of their scale.
    DecimalText,
    /// `2024-02-29`.
    Date,
    /// `23:59:59`.
    Time(Clock),
    /// `2024-02-29 23:59:59`.
    Moment(Moment),
    /// Identifiers in upper (`true`) or lower case.
    Uuid(bool),
    /// Text.
    Text,
    /// Blobs.
    Blob,
    /// Values of several classes, as text.
    Mixed,
}

/// What could not be kept of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Loss {
    /// It was no number that SQL Server has.
    Infinity,
    /// Its bytes were no UTF-8.
    InvalidText,
}

/// The value is not one that the rule was chosen for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Misfit;

impl Form {
    /// The type of the file that this rule has; `shape` is that of decimals.
    pub(super) fn sql_type(self, shape: Option<Shape>) -> SqlType {
        match self {
            Self::Integer => SqlType::BigInt,
            Self::Bit => SqlType::Bit,
            Self::Real | Self::RealOrInteger => SqlType::Float,
            Self::Decimal | Self::DecimalText => {
                let shape = shape.unwrap_or(Shape {
                    precision: 38,
                    scale: 0,
                });
                SqlType::Decimal {
                    precision: shape.precision,
                    scale: shape.scale,
                }
            }
            Self::Date => SqlType::Date,
            Self::Time(clock) => SqlType::Time { scale: clock.digits },
            Self::Moment(moment) if moment.zone == Zone::None => SqlType::DateTime2 {
                scale: moment.clock.digits,
            },
            Self::Moment(moment) => SqlType::DateTimeOffset {
                scale: moment.clock.digits,
            },
            Self::Uuid(_) => SqlType::UniqueIdentifier,
            Self::Text | Self::Mixed => SqlType::NVarCharMax,
            Self::Blob => SqlType::VarBinaryMax,
        }
    }

    /// The rule for a type that a foreign key demanded of a column with another one.
    pub(super) fn adapted(self, sql_type: &SqlType, has_values: bool) -> Self {
        match (sql_type, self) {
            (SqlType::BigInt, Self::Bit) => Self::Integer,
            (SqlType::Float, Self::Integer) if has_values => Self::RealOrInteger,
            (SqlType::NVarChar(_) | SqlType::NVarCharMax, Self::Mixed | Self::Text) => self,
            (SqlType::NVarChar(_) | SqlType::NVarCharMax, _) => Self::Text,
            (SqlType::VarBinary(_) | SqlType::VarBinaryMax, _) => Self::Blob,
            (sql_type, _) if has_values || self.sql_type(None) == *sql_type => self,
            // No value will be met: only what comes from elsewhere has to be read.
            (SqlType::BigInt, _) => Self::Integer,
            (SqlType::Float, _) => Self::Real,
            (SqlType::Bit, _) => Self::Bit,
            (SqlType::Decimal { .. }, Self::DecimalText) => Self::DecimalText,
            (SqlType::Decimal { .. }, _) => Self::Decimal,
            (SqlType::Date, _) => Self::Date,
            (SqlType::UniqueIdentifier, _) => Self::Uuid(false),
            (SqlType::Time { scale }, _) => Self::Time(Clock {
                seconds: true,
                digits: *scale,
            }),
            (SqlType::DateTime2 { scale }, _) => Self::Moment(moment(*scale, Zone::None)),
            (SqlType::DateTimeOffset { scale }, _) => Self::Moment(moment(*scale, Zone::SpacedOffset)),
            _ => self,
        }
    }

    /// Whether values of this rule can be read from columns of that type.
    pub(super) fn reads(self, sql_type: &SqlType) -> bool {
        let text = matches!(sql_type, SqlType::NVarChar(_) | SqlType::NVarCharMax);
        match self {
            Self::Text | Self::Mixed => text,
            Self::Blob => matches!(sql_type, SqlType::VarBinary(_) | SqlType::VarBinaryMax),
            Self::Decimal | Self::DecimalText => matches!(sql_type, SqlType::Decimal { .. }),
            Self::Time(_) => matches!(sql_type, SqlType::Time { .. }),
            Self::Moment(moment) if moment.zone == Zone::None => matches!(sql_type, SqlType::DateTime2 { .. }),
            Self::Moment(_) => matches!(sql_type, SqlType::DateTimeOffset { .. }),
            _ => self.sql_type(None) == *sql_type,
        }
    }

    /// Says a value. `slot` holds the last value of the column, whose memory is used again.
    pub(super) fn write(self, value: ValueRef<'_>, shape: Shape, slot: &mut Value) -> Result<Option<Loss>, Misfit> {
        let mut loss = None;
        *slot = match (value, self) {
            (ValueRef::Null, _) => Value::Null,
            (ValueRef::Integer(number), Self::Integer) => Value::BigInt(number),
            (ValueRef::Integer(0), Self::Bit) => Value::Bit(false),
            (ValueRef::Integer(1), Self::Bit) => Value::Bit(true),
            (ValueRef::Real(number), Self::Real | Self::RealOrInteger) => {
                if number.is_finite() {
                    Value::Float(number)
                } else {
                    loss = Some(Loss::Infinity);
                    Value::Null
                }
            }
            (ValueRef::Integer(number), Self::RealOrInteger) if number.unsigned_abs() <= EXACT => {
                Value::Float(number as f64)
            }
            (ValueRef::Integer(number), Self::Decimal) => {
                Value::Decimal(decimal::of_integer(number, shape).ok_or(Misfit)?)
            }
            (ValueRef::Real(number), Self::Decimal) => {
                Value::Decimal(decimal::of_real(number, shape, &mut room(slot)).ok_or(Misfit)?)
            }
            (ValueRef::Text(bytes), Self::DecimalText) => {
                Value::Decimal(decimal::parse(utf8(bytes)?, shape).ok_or(Misfit)?)
            }
            (ValueRef::Text(bytes), Self::Date) => Value::Date(calendar::parse_date(utf8(bytes)?).ok_or(Misfit)?),
            (ValueRef::Text(bytes), Self::Time(clock)) => match calendar::parse_clock(utf8(bytes)?) {
                Some((found, ticks)) if found == clock => Value::Time(ticks),
                _ => return Err(Misfit),
            },
            (ValueRef::Text(bytes), Self::Moment(moment)) => match calendar::parse_moment(utf8(bytes)?) {
                Some((found, instant)) if found == moment => instant_value(moment, instant),
                _ => return Err(Misfit),
            },
            (ValueRef::Text(bytes), Self::Uuid(_)) => Value::Uuid(uuid::parse(utf8(bytes)?).ok_or(Misfit)?.0),
            (ValueRef::Blob(bytes), Self::Blob) => {
                let mut kept = bytes_of(slot);
                kept.extend_from_slice(bytes);
                Value::Binary(kept)
            }
            (ValueRef::Text(bytes), Self::Text) => {
                let mut text = room(slot);
                loss = push_lossy(bytes, &mut text);
                Value::Text(text)
            }
            (value, Self::Mixed) => {
                let mut text = room(slot);
                match value {
                    ValueRef::Integer(number) => mixed::push_integer(number, &mut text),
                    ValueRef::Real(number) => mixed::push_real(number, &mut text),
                    ValueRef::Blob(bytes) => mixed::push_blob(bytes, &mut text),
                    ValueRef::Text(bytes) => match std::str::from_utf8(bytes) {
                        Ok(valid) => mixed::push_text(valid, &mut text),
                        Err(_) => mixed::push_bytes(bytes, &mut text),
                    },
                    ValueRef::Null => {}
                }
                Value::Text(text)
            }
            _ => return Err(Misfit),
        };
        Ok(loss)
    }
}

fn moment(digits: u8, zone: Zone) -> Moment {
    Moment {
        letter: false,
        clock: Clock { seconds: true, digits },
        zone,
    }
}

fn instant_value(moment: Moment, instant: Instant) -> Value {
    let Instant { days, ticks, offset } = instant;
    if moment.zone == Zone::None {
        Value::DateTime2 { days, ticks }
    } else {
        Value::DateTimeOffset { days, ticks, offset }
    }
}

fn utf8(bytes: &[u8]) -> Result<&str, Misfit> {
    std::str::from_utf8(bytes).map_err(|_| Misfit)
}

/// The text that a slot held, emptied; a huge one does not keep its memory.
fn room(slot: &mut Value) -> String {
    match std::mem::replace(slot, Value::Null) {
        Value::Text(mut text) if text.capacity() <= 1 << 20 => {
            text.clear();
            text
        }
        _ => String::new(),
    }
}

fn bytes_of(slot: &mut Value) -> Vec<u8> {
    match std::mem::replace(slot, Value::Null) {
        Value::Binary(mut bytes) if bytes.capacity() <= 1 << 20 => {
            bytes.clear();
            bytes
        }
        _ => Vec::new(),
    }
}

fn push_lossy(bytes: &[u8], text: &mut String) -> Option<Loss> {
    let found = String::from_utf8_lossy(bytes);
    text.push_str(&found);
    matches!(found, std::borrow::Cow::Owned(_)).then_some(Loss::InvalidText)
}

/// A value read back, as SQLite takes it. Texts and blobs made on the way are in `text` and `blob`.
pub(super) enum Stored<'a> {
    Null,
    Integer(i64),
    Real(f64),
    /// A text of the file, or the one in `text`.
    Text(Option<&'a str>),
    /// Bytes of the file, or those in `blob`.
    Blob(Option<&'a [u8]>),
    /// A text that is no UTF-8: its bytes are in `blob`.
    Bytes,
}

/// Room for texts and blobs that are not in the file as they are.
#[derive(Default)]
pub(super) struct Room {
    pub(super) text: String,
    pub(super) blob: Vec<u8>,
}

impl Form {
    /// Reads a value back.
    pub(super) fn read<'a>(self, value: &'a Value, room: &mut Room) -> Result<Stored<'a>, Misfit> {
        room.text.clear();
        Ok(match (value, self) {
            (Value::Null, _) => Stored::Null,
            (Value::BigInt(number), Self::Integer) => Stored::Integer(*number),
            (Value::Bit(yes), Self::Bit) => Stored::Integer(i64::from(*yes)),
            (Value::Float(number), Self::Real) => Stored::Real(*number),
            (Value::Float(number), Self::RealOrInteger) => {
                // Rules out -0.0, which no integer is.
                let whole = number.trunc() == *number && !(*number == 0.0 && number.is_sign_negative());
                if whole && number.abs() <= EXACT as f64 {
                    Stored::Integer(*number as i64)
                } else {
                    Stored::Real(*number)
                }
            }
            (Value::Decimal(found), Self::Decimal) => {
                match decimal::to_number(found.negative, found.magnitude, found.scale) {
                    Ok(whole) => Stored::Integer(whole),
                    Err(number) => Stored::Real(number),
                }
            }
            (Value::Decimal(found), Self::DecimalText) => {
                decimal::push(found.negative, found.magnitude, found.scale, &mut room.text);
                Stored::Text(None)
            }
            (Value::Date(days), Self::Date) => {
                calendar::push_date(*days, &mut room.text);
                Stored::Text(None)
            }
            (Value::Time(ticks), Self::Time(clock)) => {
                calendar::push_clock(clock, *ticks, &mut room.text);
                Stored::Text(None)
            }
            (Value::DateTime2 { days, ticks }, Self::Moment(moment)) => {
                let instant = Instant {
                    days: *days,
                    ticks: *ticks,
                    offset: 0,
                };
                calendar::push_moment(moment, instant, &mut room.text);
                Stored::Text(None)
            }
            (Value::DateTimeOffset { days, ticks, offset }, Self::Moment(moment)) => {
                let instant = Instant {
                    days: *days,
                    ticks: *ticks,
                    offset: if moment.zone == Zone::Zulu { 0 } else { *offset },
                };
                calendar::push_moment(moment, instant, &mut room.text);
                Stored::Text(None)
            }
            (Value::Uuid(bytes), Self::Uuid(upper)) => {
                uuid::push(bytes, upper, &mut room.text);
                Stored::Text(None)
            }
            (Value::Text(text), Self::Text) => Stored::Text(Some(text)),
            (Value::Binary(bytes), Self::Blob) => Stored::Blob(Some(bytes)),
            (Value::Text(text), Self::Mixed) => match mixed::read(text) {
                mixed::Meaning::Integer(number) => Stored::Integer(number),
                mixed::Meaning::Real(number) => Stored::Real(number),
                mixed::Meaning::Text(text) => Stored::Text(Some(text)),
                mixed::Meaning::Blob(bytes) => {
                    room.blob = bytes;
                    Stored::Blob(None)
                }
                mixed::Meaning::Bytes(bytes) => {
                    room.blob = bytes;
                    Stored::Bytes
                }
            },
            (Value::BrokenText(units), Self::Text | Self::Mixed) => {
                room.text.push_str(&String::from_utf16_lossy(units));
                Stored::Text(None)
            }
            _ => return Err(Misfit),
        })
    }
}
