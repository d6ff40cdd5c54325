//! How much room the types take in a row and in a key of SQL Server. It says nothing of the data encoding.
use crate::sql_type::SqlType;

impl SqlType {
    /// Bytes in the part of a row that cannot be stored elsewhere; what has no fixed length counts two.
    pub(crate) fn row_bytes(&self) -> usize {
        match self {
            Self::Bit => 1,
            Self::VarChar(_) | Self::NVarChar(_) | Self::VarBinary(_) => 2,
            Self::Text | Self::NText | Self::Image => 2,
            Self::VarCharMax | Self::NVarCharMax | Self::VarBinaryMax | Self::Xml | Self::Json => 2,
            Self::Geography | Self::Geometry | Self::HierarchyId | Self::SqlVariant | Self::Unsupported(_) => 2,
            other => other.key_bytes().unwrap_or(2),
        }
    }

    /// Greatest bytes in a key; `None` when the type cannot be in one.
    pub(crate) fn key_bytes(&self) -> Option<usize> {
        Some(match self {
            Self::TinyInt | Self::Bit => 1,
            Self::SmallInt => 2,
            Self::Int | Self::Real | Self::SmallMoney | Self::SmallDateTime => 4,
            Self::BigInt | Self::Float | Self::Money | Self::DateTime | Self::RowVersion => 8,
            Self::Decimal { precision, .. } => match precision {
                0..=9 => 5,
                10..=19 => 9,
                20..=28 => 13,
                _ => 17,
            },
            Self::Date => 3,
            Self::Time { scale } => clock_bytes(*scale),
            Self::DateTime2 { scale } => clock_bytes(*scale) + 3,
            Self::DateTimeOffset { scale } => clock_bytes(*scale) + 5,
            Self::UniqueIdentifier => 16,
            Self::Char(n) | Self::VarChar(n) | Self::Binary(n) | Self::VarBinary(n) => usize::from(*n),
            Self::NChar(n) | Self::NVarChar(n) => usize::from(*n) * 2,
            Self::HierarchyId => 892,
            Self::Text | Self::NText | Self::Image | Self::SqlVariant | Self::Unsupported(_) => return None,
            Self::VarCharMax | Self::NVarCharMax | Self::VarBinaryMax | Self::Xml | Self::Json => return None,
            Self::Geography | Self::Geometry => return None,
        })
    }

    /// Whether columns of the type compare by a collation.
    pub(crate) fn has_collation(&self) -> bool {
        matches!(
            self,
            Self::Char(_)
                | Self::NChar(_)
                | Self::VarChar(_)
                | Self::NVarChar(_)
                | Self::Text
                | Self::NText
                | Self::VarCharMax
                | Self::NVarCharMax
        )
    }
}

fn clock_bytes(scale: u8) -> usize {
    match scale {
        0..=2 => 3,
        3 | 4 => 4,
        _ => 5,
    }
}
