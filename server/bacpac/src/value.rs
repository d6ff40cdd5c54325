//! One typed value of a row, kept so exactly that encoding it again gives the same bytes. It does not convert between
//! types and does not know the column that it came from.
use crate::variant::Variant;

/// A decimal number: `(-1)^negative * magnitude / 10^scale`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Decimal {
    /// Digits of the column, 1 to 38.
    pub precision: u8,
    /// Digits after the point, 0 to `precision`.
    pub scale: u8,
    /// The sign; a negative zero is kept as it was written.
    pub negative: bool,
    /// The digits, less than `10^precision`.
    pub magnitude: u128,
}

/// A value. Units are those of the type, none is rounded.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// No value.
    Null,
    /// `tinyint`.
    TinyInt(u8),
    /// `smallint`.
    SmallInt(i16),
    /// `int`.
    Int(i32),
    /// `bigint`.
    BigInt(i64),
    /// `bit`.
    Bit(bool),
    /// `real`, `float(n)` with n up to 24.
    Real(f32),
    /// `float`.
    Float(f64),
    /// `smallmoney`, in ten-thousandths.
    SmallMoney(i32),
    /// `money`, in ten-thousandths.
    Money(i64),
    /// `decimal`, `numeric`.
    Decimal(Decimal),
    /// `date`: days since 0001-01-01, 0 to 3,652,058.
    Date(u32),
    /// `time`: units of 100 ns since midnight, less than 864,000,000,000.
    Time(u64),
    /// `datetime2`.
    DateTime2 {
        /// As in [`Value::Date`].
        days: u32,
        /// As in [`Value::Time`].
        ticks: u64,
    },
    /// `datetimeoffset`; local time = UTC + offset.
    DateTimeOffset {
        /// Of the UTC time, as in [`Value::Date`].
        days: u32,
        /// Of the UTC time, as in [`Value::Time`].
        ticks: u64,
        /// Minutes, -840 to 840.
        offset: i16,
    },
    /// `datetime`.
    DateTime {
        /// Days since 1900-01-01, -53,690 to 2,958,463.
        days: i32,
        /// Units of 1/300 s since midnight, less than 25,920,000.
        ticks: u32,
    },
    /// `smalldatetime`.
    SmallDateTime {
        /// Days since 1900-01-01.
        days: u16,
        /// Minutes since midnight, less than 1,440.
        minutes: u16,
    },
    /// `uniqueidentifier`, its 16 bytes in the order in which they are printed.
    Uuid([u8; 16]),
    /// Any character type, `xml` and `json`.
    Text(String),
    /// Character data that is not well-formed UTF-16 (a surrogate without its pair), as code units.
    BrokenText(Vec<u16>),
    /// `binary`, `varbinary`, `image`, `rowversion`, and the opaque form of `geography`, `geometry`, `hierarchyid`.
    Binary(Vec<u8>),
    /// `sql_variant`.
    Variant(Variant),
}

impl Value {
    /// The kind alone, for errors: a value itself may be huge, or nobody's business.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Null => "NULL",
            Self::TinyInt(_) => "tinyint",
            Self::SmallInt(_) => "smallint",
            Self::Int(_) => "int",
            Self::BigInt(_) => "bigint",
            Self::Bit(_) => "bit",
            Self::Real(_) => "real",
            Self::Float(_) => "float",
            Self::SmallMoney(_) => "smallmoney",
            Self::Money(_) => "money",
            Self::Decimal(_) => "decimal",
            Self::Date(_) => "date",
            Self::Time(_) => "time",
            Self::DateTime2 { .. } => "datetime2",
            Self::DateTimeOffset { .. } => "datetimeoffset",
            Self::DateTime { .. } => "datetime",
            Self::SmallDateTime { .. } => "smalldatetime",
            Self::Uuid(_) => "uniqueidentifier",
            Self::Text(_) | Self::BrokenText(_) => "text",
            Self::Binary(_) => "binary",
            Self::Variant(_) => "sql_variant",
        }
    }
}
