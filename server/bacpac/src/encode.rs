//! Writes rows as the BCP encoding. It checks every value against its column, and changes none silently except that
//! short `char` and `nchar` text is filled with spaces, as the types are defined.
use crate::calendar::{DATETIME_DAYS, DATETIME_TICKS, LAST_DAY, MINUTES, OFFSET, TICKS_PER_DAY, decimal_bound};
use crate::decode_fixed::swap_uuid;
use crate::sql_type::{Content, Field, Shape, SqlType};
use crate::utf16::utf16;
use crate::value::Value;

/// Text longer than this many bytes is written in chunks by [`MaxForm::Vendor`].
const CHUNKED_ABOVE: usize = 5_242_880;
const CHUNK: usize = 4_194_304;

/// How long text of `(max)` columns is written. Readers accept both.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MaxForm {
    /// Always with its length in front.
    Plain,
    /// In chunks of 4 MiB when it is longer than 5 MiB, as the vendor's writer does.
    Vendor,
}

/// Why a row cannot be encoded. Nothing of the row was written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EncodeError {
    /// More or fewer values than columns.
    #[error("{found} values for {expected} columns")]
    Count {
        /// Values given.
        found: usize,
        /// Columns of the table.
        expected: usize,
    },
    /// NULL in a NOT NULL column.
    #[error("column {0} does not allow NULL")]
    Null(String),
    /// A value of another type than the column's.
    #[error("column {column}: {found} does not fit {expected}")]
    Type {
        /// Column name.
        column: String,
        /// Kind of the value.
        found: String,
        /// Type of the column.
        expected: String,
    },
    /// A value longer than the column.
    #[error("column {column}: {found} bytes, the column holds {most}")]
    Length {
        /// Column name.
        column: String,
        /// Bytes of the value.
        found: u64,
        /// Bytes of the column.
        most: u64,
    },
    /// A number outside the range of the type.
    #[error("column {0}: the value is out of range")]
    Range(String),
}

/// Encodes rows of one table.
#[derive(Debug, Clone)]
pub struct RowEncoder {
    fields: Vec<(Field, Shape)>,
    form: MaxForm,
}

impl RowEncoder {
    /// An encoder for rows of `fields`.
    pub fn new(fields: &[Field], form: MaxForm) -> Self {
        Self {
            fields: fields
                .iter()
                .map(|field| (field.clone(), field.sql_type.shape()))
                .collect(),
            form,
        }
    }

    /// Appends the row to `out`.
    ///
    /// # Errors
    /// [`EncodeError`] when the values do not fit the columns; `out` is then as it was.
    pub fn encode(&self, row: &[Value], out: &mut Vec<u8>) -> Result<(), EncodeError> {
        if row.len() != self.fields.len() {
            return Err(EncodeError::Count {
                found: row.len(),
                expected: self.fields.len(),
            });
        }
        let before = out.len();
        for ((field, shape), value) in self.fields.iter().zip(row) {
            if let Err(error) = self.field(field, *shape, value, out) {
                out.truncate(before);
                return Err(error);
            }
        }
        Ok(())
    }

    fn field(&self, field: &Field, shape: Shape, value: &Value, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        if matches!(value, Value::Null) {
            if !field.nullable {
                return Err(EncodeError::Null(field.name.clone()));
            }
            out.extend_from_slice(match shape {
                Shape::Fixed { .. } => &[0xff],
                Shape::Bare { .. } | Shape::Prefixed { prefix: 2, .. } => &[0xff; 2],
                Shape::Prefixed { .. } => &[0xff; 4],
                Shape::Max { .. } => &[0xff; 8],
                Shape::Variant => &[0; 4],
                Shape::Unknown => return Err(mismatch(field, value)),
            });
            return Ok(());
        }
        match shape {
            Shape::Fixed { width, always_prefixed } => {
                if field.nullable || always_prefixed {
                    out.push(width);
                }
                fixed(field, value, out)
            }
            Shape::Bare { bytes } => {
                if field.nullable {
                    out.extend_from_slice(&bytes.to_le_bytes());
                }
                let length = payload(field, value, Content::Text, out)?;
                fits(field, length, usize::from(bytes))
            }
            Shape::Prefixed {
                prefix,
                most,
                exact,
                content,
            } => {
                let length = prefixed(field, value, content, usize::from(prefix), out)?;
                fits(field, length, most as usize)?;
                if exact && length != most as usize {
                    return Err(mismatch(field, value));
                }
                Ok(())
            }
            Shape::Max { content } => {
                let start = out.len();
                let length = prefixed(field, value, content, 8, out)?;
                fits(field, length, i32::MAX as usize)?;
                if self.form == MaxForm::Vendor && content == Content::Text && length > CHUNKED_ABOVE {
                    chunk(start, out);
                }
                Ok(())
            }
            Shape::Variant => variant(field, value, out),
            Shape::Unknown => Err(mismatch(field, value)),
        }
    }
}

/// Turns the plain field that begins at `start` into its chunked form.
fn chunk(start: usize, out: &mut Vec<u8>) {
    let plain = out.split_off(start);
    out.extend_from_slice(&(u64::MAX - 1).to_le_bytes());
    for chunk in plain[8..].chunks(CHUNK) {
        out.extend_from_slice(&(chunk.len() as u32).to_le_bytes());
        out.extend_from_slice(chunk);
    }
    out.extend_from_slice(&[0; 4]);
}

fn mismatch(field: &Field, value: &Value) -> EncodeError {
    EncodeError::Type {
        column: field.name.clone(),
        found: value.kind().to_owned(),
        expected: format!("{:?}", field.sql_type),
    }
}

fn fits(field: &Field, found: usize, most: usize) -> Result<(), EncodeError> {
    if found <= most {
        return Ok(());
    }
    Err(EncodeError::Length {
        column: field.name.clone(),
        found: found as u64,
        most: most as u64,
    })
}

/// Appends a length of `prefix` bytes and the value; gives the length.
fn prefixed(
    field: &Field,
    value: &Value,
    content: Content,
    prefix: usize,
    out: &mut Vec<u8>,
) -> Result<usize, EncodeError> {
    let start = out.len();
    out.resize(start + prefix, 0);
    let length = payload(field, value, content, out)?;
    // A greatest length beyond what the prefix can say would else be written as another length, or as NULL.
    if let Some(least_wrong) = 1usize.checked_shl(8 * prefix as u32).map(|all| all - 1)
        && length >= least_wrong
    {
        return fits(field, length, least_wrong - 1).map(|()| length);
    }
    out[start..start + prefix].copy_from_slice(&(length as u64).to_le_bytes()[..prefix]);
    Ok(length)
}

/// Appends the bytes of a value and gives their number.
fn payload(field: &Field, value: &Value, content: Content, out: &mut Vec<u8>) -> Result<usize, EncodeError> {
    let start = out.len();
    match (content, value) {
        (Content::Text, Value::Text(text)) => utf16(text, out),
        (Content::Text, Value::BrokenText(units)) => out.extend(units.iter().flat_map(|unit| unit.to_le_bytes())),
        (Content::Bytes, Value::Binary(bytes)) => out.extend_from_slice(bytes),
        _ => return Err(mismatch(field, value)),
    }
    if let Some(units) = field.sql_type.padded_units() {
        while out.len() - start < units * 2 {
            out.extend_from_slice(&[b' ', 0]);
        }
    }
    Ok(out.len() - start)
}

fn fixed(field: &Field, value: &Value, out: &mut Vec<u8>) -> Result<(), EncodeError> {
    let check = |holds: bool| {
        if holds {
            Ok(())
        } else {
            Err(EncodeError::Range(field.name.clone()))
        }
    };
    match (&field.sql_type, value) {
        (SqlType::TinyInt, Value::TinyInt(number)) => out.push(*number),
        (SqlType::SmallInt, Value::SmallInt(number)) => out.extend_from_slice(&number.to_le_bytes()),
        (SqlType::Int, Value::Int(number)) => out.extend_from_slice(&number.to_le_bytes()),
        (SqlType::SmallMoney, Value::SmallMoney(number)) => out.extend_from_slice(&number.to_le_bytes()),
        (SqlType::BigInt, Value::BigInt(number)) => out.extend_from_slice(&number.to_le_bytes()),
        (SqlType::Money, Value::Money(number)) => out.extend_from_slice(&number.rotate_left(32).to_le_bytes()),
        (SqlType::Bit, Value::Bit(bit)) => out.push(u8::from(*bit)),
        (SqlType::Real, Value::Real(number)) => out.extend_from_slice(&number.to_le_bytes()),
        (SqlType::Float, Value::Float(number)) => out.extend_from_slice(&number.to_le_bytes()),
        (SqlType::Decimal { .. }, Value::Decimal(number)) => {
            let bound = decimal_bound(number.precision).unwrap_or(0);
            check(number.scale <= number.precision && number.magnitude < bound)?;
            out.extend_from_slice(&[number.precision, number.scale, u8::from(!number.negative)]);
            out.extend_from_slice(&number.magnitude.to_le_bytes());
        }
        (SqlType::Date, Value::Date(days)) => {
            check(*days <= LAST_DAY)?;
            out.extend_from_slice(&days.to_le_bytes()[..3]);
        }
        (SqlType::Time { .. }, Value::Time(ticks)) => {
            check(*ticks < TICKS_PER_DAY)?;
            out.extend_from_slice(&ticks.to_le_bytes()[..5]);
        }
        (SqlType::DateTime2 { .. }, Value::DateTime2 { days, ticks }) => {
            check(*ticks < TICKS_PER_DAY && *days <= LAST_DAY)?;
            out.extend_from_slice(&ticks.to_le_bytes()[..5]);
            out.extend_from_slice(&days.to_le_bytes()[..3]);
        }
        (SqlType::DateTimeOffset { .. }, Value::DateTimeOffset { days, ticks, offset }) => {
            check(*ticks < TICKS_PER_DAY && *days <= LAST_DAY && OFFSET.contains(offset))?;
            out.extend_from_slice(&ticks.to_le_bytes()[..5]);
            out.extend_from_slice(&days.to_le_bytes()[..3]);
            out.extend_from_slice(&offset.to_le_bytes());
        }
        (SqlType::DateTime, Value::DateTime { days, ticks }) => {
            check(DATETIME_DAYS.contains(days) && *ticks < DATETIME_TICKS)?;
            out.extend_from_slice(&days.to_le_bytes());
            out.extend_from_slice(&ticks.to_le_bytes());
        }
        (SqlType::SmallDateTime, Value::SmallDateTime { days, minutes }) => {
            check(*minutes < MINUTES)?;
            out.extend_from_slice(&days.to_le_bytes());
            out.extend_from_slice(&minutes.to_le_bytes());
        }
        (SqlType::UniqueIdentifier, Value::Uuid(bytes)) => out.extend_from_slice(&swap_uuid(*bytes)),
        _ => return Err(mismatch(field, value)),
    }
    Ok(())
}

fn variant(field: &Field, value: &Value, out: &mut Vec<u8>) -> Result<(), EncodeError> {
    let Value::Variant(variant) = value else {
        return Err(mismatch(field, value));
    };
    let length = 2 + variant.properties.len() + variant.payload.len();
    fits(field, length, 8_016)?;
    let count = u8::try_from(variant.properties.len()).map_err(|_| EncodeError::Range(field.name.clone()))?;
    out.extend_from_slice(&(length as u32).to_le_bytes());
    out.extend_from_slice(&[variant.base, count]);
    out.extend_from_slice(&variant.properties);
    out.extend_from_slice(&variant.payload);
    Ok(())
}
