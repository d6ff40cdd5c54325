//! Values that a part can hold but no SQL Server would take: the encoder lets them pass, because files may be encoded again as
//! they are; the writer of new files refuses them.
use crate::calendar::{LAST_DAY, TICKS_PER_DAY};
use crate::encode::EncodeError;
use crate::sql_type::{Field, SqlType};
use crate::value::Value;

/// 100 ns units in a minute.
const MINUTE: i64 = 600_000_000;

/// # Errors
/// [`EncodeError::Range`] for infinities and NaN, a decimal of another precision or scale than its column's, and a time with
/// offset whose local time is outside the years 1 to 9999.
pub(crate) fn check(fields: &[Field], row: &[Value]) -> Result<(), EncodeError> {
    for (field, value) in fields.iter().zip(row) {
        let writable = match (value, &field.sql_type) {
            (Value::Float(number), _) => number.is_finite(),
            (Value::Real(number), _) => number.is_finite(),
            (Value::Decimal(found), SqlType::Decimal { precision, scale }) => {
                (found.precision, found.scale) == (*precision, *scale)
            }
            (Value::DateTimeOffset { days, ticks, offset }, _) => {
                let day = TICKS_PER_DAY as i64;
                let local = i64::from(*days) * day + *ticks as i64 + i64::from(*offset) * MINUTE;
                (0..(i64::from(LAST_DAY) + 1) * day).contains(&local)
            }
            _ => true,
        };
        if !writable {
            return Err(EncodeError::Range(field.name.clone()));
        }
    }
    Ok(())
}
