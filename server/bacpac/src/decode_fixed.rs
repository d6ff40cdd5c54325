//! Turns the payload of one field into a value once its length is known to be right. It reads no stream.
use crate::calendar::{DATETIME_DAYS, DATETIME_TICKS, LAST_DAY, MINUTES, OFFSET, TICKS_PER_DAY, decimal_bound};
use crate::error::Fault;
use crate::sql_type::SqlType;
use crate::value::{Decimal, Value};

/// A little-endian unsigned number of up to eight bytes.
pub(crate) fn uint(bytes: &[u8]) -> u64 {
    bytes
        .iter()
        .take(8)
        .rev()
        .fold(0, |all, byte| all << 8 | u64::from(*byte))
}

/// UTF-16 (little-endian, an even number of bytes) as text; code units are kept when they are not well formed. Most text is
/// ASCII or has long runs of it, which need no decoding.
pub(crate) fn text_value(bytes: &[u8]) -> Value {
    let units = |bytes: &[u8]| -> Vec<u16> {
        let pairs = bytes.chunks_exact(2);
        pairs.map(|pair| u16::from_le_bytes([pair[0], pair[1]])).collect()
    };
    let mut text = Vec::with_capacity(bytes.len() / 2 + bytes.len() / 16);
    let mut rest = bytes;
    while !rest.is_empty() {
        let ascii = |pair: &[u8]| pair[1] == 0 && pair[0] < 0x80;
        let run = rest
            .chunks_exact(2)
            .position(|pair| !ascii(pair))
            .unwrap_or(rest.len() / 2);
        let (plain, tail) = rest.split_at(run * 2);
        text.extend(plain.chunks_exact(2).map(|pair| pair[0]));
        // One letter takes at most two code units.
        let next = tail.chunks_exact(2).take(2);
        let next = next.map(|pair| u16::from_le_bytes([pair[0], pair[1]]));
        let Some(letter) = char::decode_utf16(next).next() else {
            break;
        };
        let Ok(letter) = letter else {
            return Value::BrokenText(units(bytes));
        };
        text.extend_from_slice(letter.encode_utf8(&mut [0; 4]).as_bytes());
        rest = tail.get(letter.len_utf16() * 2..).unwrap_or_default();
    }
    match String::from_utf8(text) {
        Ok(text) => Value::Text(text),
        Err(_) => Value::BrokenText(units(bytes)),
    }
}

/// Swaps a GUID between the order of its bytes in the data and the order in which they are printed.
pub(crate) fn swap_uuid(mut bytes: [u8; 16]) -> [u8; 16] {
    bytes[..4].reverse();
    bytes[4..6].reverse();
    bytes[6..8].reverse();
    bytes
}

/// The value of a type of fixed width. `bytes` has exactly that width.
pub(crate) fn fixed(sql_type: &SqlType, bytes: &[u8]) -> Result<Value, Fault> {
    let number = uint(bytes);
    let value = match sql_type {
        SqlType::TinyInt => Value::TinyInt(number as u8),
        SqlType::SmallInt => Value::SmallInt(number as i16),
        SqlType::Int => Value::Int(number as i32),
        SqlType::BigInt => Value::BigInt(number as i64),
        SqlType::Bit => Value::Bit(number != 0),
        SqlType::Real => Value::Real(f32::from_bits(number as u32)),
        SqlType::Float => Value::Float(f64::from_bits(number)),
        SqlType::SmallMoney => Value::SmallMoney(number as i32),
        // The two halves are stored high first.
        SqlType::Money => Value::Money(number.rotate_left(32) as i64),
        SqlType::Decimal { .. } => Value::Decimal(decimal(bytes)?),
        SqlType::Date => Value::Date(day(number)?),
        SqlType::Time { .. } => Value::Time(clock(number)?),
        SqlType::DateTime2 { .. } => Value::DateTime2 {
            ticks: clock(number & 0xff_ffff_ffff)?,
            days: day(number >> 40)?,
        },
        SqlType::DateTimeOffset { .. } => {
            let offset = bytes.get(8..10).map_or(i16::MAX, |pair| uint(pair) as i16);
            if !OFFSET.contains(&offset) {
                return Err(Fault::Range("the offset from UTC"));
            }
            Value::DateTimeOffset {
                ticks: clock(number & 0xff_ffff_ffff)?,
                days: day(number >> 40)?,
                offset,
            }
        }
        SqlType::DateTime => {
            let (days, ticks) = (number as u32 as i32, (number >> 32) as u32);
            if !DATETIME_DAYS.contains(&days) || ticks >= DATETIME_TICKS {
                return Err(Fault::Range("the datetime"));
            }
            Value::DateTime { days, ticks }
        }
        SqlType::SmallDateTime => {
            let (days, minutes) = (number as u16, (number >> 16) as u16);
            if minutes >= MINUTES {
                return Err(Fault::Range("the smalldatetime"));
            }
            Value::SmallDateTime { days, minutes }
        }
        SqlType::UniqueIdentifier => {
            let bytes = <[u8; 16]>::try_from(bytes).map_err(|_| Fault::Range("the uniqueidentifier"))?;
            Value::Uuid(swap_uuid(bytes))
        }
        other => return Err(Fault::Unsupported(format!("{other:?}"))),
    };
    Ok(value)
}

fn decimal(bytes: &[u8]) -> Result<Decimal, Fault> {
    let (&[precision, scale, sign], digits) = bytes.split_first_chunk::<3>().ok_or(Fault::Truncated)?;
    let magnitude = u128::from_le_bytes(<[u8; 16]>::try_from(digits).map_err(|_| Fault::Truncated)?);
    let bound = decimal_bound(precision).ok_or(Fault::Range("the precision"))?;
    if scale > precision {
        return Err(Fault::Range("the scale"));
    }
    if sign > 1 {
        return Err(Fault::Range("the sign"));
    }
    if magnitude >= bound {
        return Err(Fault::Range("the decimal"));
    }
    Ok(Decimal {
        precision,
        scale,
        negative: sign == 0,
        magnitude,
    })
}

fn day(number: u64) -> Result<u32, Fault> {
    let days = (number & 0xff_ffff) as u32;
    if days <= LAST_DAY {
        Ok(days)
    } else {
        Err(Fault::Range("the date"))
    }
}

fn clock(ticks: u64) -> Result<u64, Fault> {
    if ticks < TICKS_PER_DAY {
        Ok(ticks)
    } else {
        Err(Fault::Range("the time of day"))
    }
}
