//! A `sql_variant` value: kept raw, so that nothing is lost, and read as a typed value when its base type is a common one.
//! It does not know code pages: non-ASCII `varchar` stays raw.
use crate::calendar::{TICKS_PER_DAY, decimal_bound};
use crate::decode_fixed::{fixed, uint};
use crate::sql_type::SqlType;
use crate::utf16::text_value;
use crate::value::{Decimal, Value};

/// A value together with its own type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Variant {
    /// TDS type code of the value.
    pub base: u8,
    /// Type properties: scale, precision, collation or greatest length, by base type. At most 255 bytes.
    pub properties: Vec<u8>,
    /// The value as TDS encodes it.
    pub payload: Vec<u8>,
}

impl Variant {
    /// The value read by its base type; `None` when the base type is not a common one or its bytes do not fit it.
    pub fn value(&self) -> Option<Value> {
        let bytes = self.payload.as_slice();
        let as_type = |sql_type: SqlType, width: usize| {
            if bytes.len() == width {
                fixed(&sql_type, bytes).ok()
            } else {
                None
            }
        };
        match self.base {
            0x24 => as_type(SqlType::UniqueIdentifier, 16),
            0x28 => as_type(SqlType::Date, 3),
            0x30 => as_type(SqlType::TinyInt, 1),
            0x32 => as_type(SqlType::Bit, 1),
            0x34 => as_type(SqlType::SmallInt, 2),
            0x38 => as_type(SqlType::Int, 4),
            0x7f => as_type(SqlType::BigInt, 8),
            0x3a => as_type(SqlType::SmallDateTime, 4),
            0x3d => as_type(SqlType::DateTime, 8),
            0x3b => as_type(SqlType::Real, 4),
            0x3e => as_type(SqlType::Float, 8),
            0x3c => as_type(SqlType::Money, 8),
            0x7a => as_type(SqlType::SmallMoney, 4),
            0x29..=0x2b => self.time(),
            0xa5 | 0xad => Some(Value::Binary(self.payload.clone())),
            0x6a | 0x6c => self.decimal(),
            0xe7 | 0xef if bytes.len().is_multiple_of(2) => Some(text_value(bytes)),
            0xa7 | 0xaf if bytes.is_ascii() => Some(Value::Text(String::from_utf8_lossy(bytes).into_owned())),
            _ => None,
        }
    }

    /// Times inside a variant are as short as their scale allows and counted in units of that scale.
    fn time(&self) -> Option<Value> {
        let scale = *self.properties.first()?;
        let width = match scale {
            0..=2 => 3,
            3 | 4 => 4,
            5..=7 => 5,
            _ => return None,
        };
        let (clock, rest) = self.payload.split_at_checked(width)?;
        let ticks = uint(clock)
            .checked_mul(10u64.pow(7 - u32::from(scale)))
            .filter(|ticks| *ticks < TICKS_PER_DAY)?;
        let mut wide = ticks.to_le_bytes()[..5].to_vec();
        wide.extend_from_slice(rest);
        let (sql_type, whole) = match self.base {
            0x29 => (SqlType::Time { scale }, 5),
            0x2a => (SqlType::DateTime2 { scale }, 8),
            _ => (SqlType::DateTimeOffset { scale }, 10),
        };
        if wide.len() == whole {
            fixed(&sql_type, &wide).ok()
        } else {
            None
        }
    }

    fn decimal(&self) -> Option<Value> {
        let (&[precision, scale], (&sign, digits)) = (self.properties.as_slice(), self.payload.split_first()?) else {
            return None;
        };
        if digits.len() > 16 || scale > precision {
            return None;
        }
        let mut magnitude = [0; 16];
        magnitude[..digits.len()].copy_from_slice(digits);
        let magnitude = u128::from_le_bytes(magnitude);
        if magnitude >= decimal_bound(precision)? {
            return None;
        }
        Some(Value::Decimal(Decimal {
            precision,
            scale,
            negative: sign == 0,
            magnitude,
        }))
    }
}
