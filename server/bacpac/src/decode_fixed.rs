//! Turns the payload of one field of fixed width into a value once its length is known to be right, and judges its range. It
//! reads no stream.
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

/// Swaps a GUID between the order of its bytes in the data and the order in which they are printed.
pub(crate) fn swap_uuid(mut bytes: [u8; 16]) -> [u8; 16] {
    bytes[..4].reverse();
    bytes[4..6].reverse();
    bytes[6..8].reverse();
    bytes
}

/// The first bytes of a payload.
fn first<const N: usize>(bytes: &[u8]) -> Result<[u8; N], Fault> {
    bytes.first_chunk::<N>().copied().ok_or(Fault::Truncated)
}

/// Whether [`fixed`] would give a value, without making it.
#[inline(always)]
pub(crate) fn in_range(sql_type: &SqlType, bytes: &[u8]) -> Result<(), Fault> {
    match sql_type {
        SqlType::TinyInt
        | SqlType::SmallInt
        | SqlType::Int
        | SqlType::BigInt
        | SqlType::Bit
        | SqlType::Real
        | SqlType::Float
        | SqlType::SmallMoney
        | SqlType::Money
        | SqlType::UniqueIdentifier => Ok(()),
        SqlType::Decimal { .. } => decimal(bytes).map(drop),
        SqlType::Date => day(bytes).map(drop),
        SqlType::Time { .. } => clock(bytes).map(drop),
        SqlType::DateTime2 { .. } => moment(bytes).map(drop),
        SqlType::DateTimeOffset { .. } => offset_moment(bytes).map(drop),
        SqlType::DateTime => datetime(bytes).map(drop),
        SqlType::SmallDateTime => small_datetime(bytes).map(drop),
        other => Err(Fault::Unsupported(format!("{other:?}"))),
    }
}

/// The value of a type of fixed width. `bytes` has exactly that width.
#[inline(always)]
pub(crate) fn fixed(sql_type: &SqlType, bytes: &[u8]) -> Result<Value, Fault> {
    Ok(match sql_type {
        SqlType::TinyInt => Value::TinyInt(u8::from_le_bytes(first(bytes)?)),
        SqlType::SmallInt => Value::SmallInt(i16::from_le_bytes(first(bytes)?)),
        SqlType::Int => Value::Int(i32::from_le_bytes(first(bytes)?)),
        SqlType::BigInt => Value::BigInt(i64::from_le_bytes(first(bytes)?)),
        SqlType::Bit => Value::Bit(first(bytes)? != [0]),
        SqlType::Real => Value::Real(f32::from_le_bytes(first(bytes)?)),
        SqlType::Float => Value::Float(f64::from_le_bytes(first(bytes)?)),
        SqlType::SmallMoney => Value::SmallMoney(i32::from_le_bytes(first(bytes)?)),
        // The two halves are stored high first.
        SqlType::Money => Value::Money(i64::from_le_bytes(first(bytes)?).rotate_left(32)),
        SqlType::Decimal { .. } => Value::Decimal(decimal(bytes)?),
        SqlType::Date => Value::Date(day(bytes)?),
        SqlType::Time { .. } => Value::Time(clock(bytes)?),
        SqlType::DateTime2 { .. } => {
            let (days, ticks) = moment(bytes)?;
            Value::DateTime2 { days, ticks }
        }
        SqlType::DateTimeOffset { .. } => {
            let (days, ticks, offset) = offset_moment(bytes)?;
            Value::DateTimeOffset { days, ticks, offset }
        }
        SqlType::DateTime => {
            let (days, ticks) = datetime(bytes)?;
            Value::DateTime { days, ticks }
        }
        SqlType::SmallDateTime => {
            let (days, minutes) = small_datetime(bytes)?;
            Value::SmallDateTime { days, minutes }
        }
        SqlType::UniqueIdentifier => Value::Uuid(swap_uuid(first(bytes)?)),
        other => return Err(Fault::Unsupported(format!("{other:?}"))),
    })
}

fn decimal(bytes: &[u8]) -> Result<Decimal, Fault> {
    let (&[precision, scale, sign], digits) = bytes.split_first_chunk::<3>().ok_or(Fault::Truncated)?;
    let magnitude = u128::from_le_bytes(first(digits)?);
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

fn day(bytes: &[u8]) -> Result<u32, Fault> {
    let [a, b, c] = first(bytes)?;
    let days = u32::from_le_bytes([a, b, c, 0]);
    if days <= LAST_DAY {
        Ok(days)
    } else {
        Err(Fault::Range("the date"))
    }
}

fn clock(bytes: &[u8]) -> Result<u64, Fault> {
    let [a, b, c, d, e] = first(bytes)?;
    let ticks = u64::from_le_bytes([a, b, c, d, e, 0, 0, 0]);
    if ticks < TICKS_PER_DAY {
        Ok(ticks)
    } else {
        Err(Fault::Range("the time of day"))
    }
}

/// Time, then date.
fn moment(bytes: &[u8]) -> Result<(u32, u64), Fault> {
    let ticks = clock(bytes)?;
    Ok((day(bytes.get(5..).ok_or(Fault::Truncated)?)?, ticks))
}

fn offset_moment(bytes: &[u8]) -> Result<(u32, u64, i16), Fault> {
    let offset = i16::from_le_bytes(first(bytes.get(8..).ok_or(Fault::Truncated)?)?);
    if !OFFSET.contains(&offset) {
        return Err(Fault::Range("the offset from UTC"));
    }
    let (days, ticks) = moment(bytes)?;
    Ok((days, ticks, offset))
}

fn datetime(bytes: &[u8]) -> Result<(i32, u32), Fault> {
    let [a, b, c, d, e, f, g, h] = first(bytes)?;
    let (days, ticks) = (i32::from_le_bytes([a, b, c, d]), u32::from_le_bytes([e, f, g, h]));
    if DATETIME_DAYS.contains(&days) && ticks < DATETIME_TICKS {
        Ok((days, ticks))
    } else {
        Err(Fault::Range("the datetime"))
    }
}

fn small_datetime(bytes: &[u8]) -> Result<(u16, u16), Fault> {
    let [a, b, c, d] = first(bytes)?;
    let (days, minutes) = (u16::from_le_bytes([a, b]), u16::from_le_bytes([c, d]));
    if minutes < MINUTES {
        Ok((days, minutes))
    } else {
        Err(Fault::Range("the smalldatetime"))
    }
}
