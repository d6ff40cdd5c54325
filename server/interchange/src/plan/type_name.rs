//! The names of SQL Server's types as people read them, and what they take in a key.

use bacpac::SqlType;

/// `nvarchar(40)`, `decimal(10,2)`.
pub fn type_name(sql_type: &SqlType) -> String {
    let plain = |name: &str| name.to_owned();
    match sql_type {
        SqlType::TinyInt => plain("tinyint"),
        SqlType::SmallInt => plain("smallint"),
        SqlType::Int => plain("int"),
        SqlType::BigInt => plain("bigint"),
        SqlType::Bit => plain("bit"),
        SqlType::Real => plain("real"),
        SqlType::Float => plain("float"),
        SqlType::SmallMoney => plain("smallmoney"),
        SqlType::Money => plain("money"),
        SqlType::Decimal { precision, scale } => format!("decimal({precision},{scale})"),
        SqlType::Date => plain("date"),
        SqlType::Time { scale } => format!("time({scale})"),
        SqlType::DateTime2 { scale } => format!("datetime2({scale})"),
        SqlType::DateTimeOffset { scale } => format!("datetimeoffset({scale})"),
        SqlType::DateTime => plain("datetime"),
        SqlType::SmallDateTime => plain("smalldatetime"),
        SqlType::UniqueIdentifier => plain("uniqueidentifier"),
        SqlType::Char(n) => format!("char({n})"),
        SqlType::NChar(n) => format!("nchar({n})"),
        SqlType::VarChar(n) => format!("varchar({n})"),
        SqlType::NVarChar(n) => format!("nvarchar({n})"),
        SqlType::Binary(n) => format!("binary({n})"),
        SqlType::VarBinary(n) => format!("varbinary({n})"),
        SqlType::RowVersion => plain("rowversion"),
        SqlType::Text => plain("text"),
        SqlType::NText => plain("ntext"),
        SqlType::Image => plain("image"),
        SqlType::VarCharMax => plain("varchar(max)"),
        SqlType::NVarCharMax => plain("nvarchar(max)"),
        SqlType::VarBinaryMax => plain("varbinary(max)"),
        SqlType::Xml => plain("xml"),
        SqlType::Json => plain("json"),
        SqlType::Geography => plain("geography"),
        SqlType::Geometry => plain("geometry"),
        SqlType::HierarchyId => plain("hierarchyid"),
        SqlType::SqlVariant => plain("sql_variant"),
        SqlType::Unsupported(name) => name.clone(),
    }
}

/// Text or bytes of any length, for types that are such but for a length; every other type is itself.
pub(crate) fn unbounded(sql_type: &SqlType) -> SqlType {
    match sql_type {
        SqlType::NVarChar(_) => SqlType::NVarCharMax,
        SqlType::VarBinary(_) => SqlType::VarBinaryMax,
        other => other.clone(),
    }
}

/// Bytes that a type of fixed length takes in a key; `None` for text and bytes of variable length and for what no key can have.
pub(crate) fn key_bytes(sql_type: &SqlType) -> Option<u64> {
    let clock = |scale: &u8| match scale {
        0..=2 => 3,
        3 | 4 => 4,
        _ => 5,
    };
    Some(match sql_type {
        SqlType::TinyInt | SqlType::Bit => 1,
        SqlType::SmallInt => 2,
        SqlType::Int | SqlType::Real | SqlType::SmallMoney | SqlType::SmallDateTime => 4,
        SqlType::BigInt | SqlType::Float | SqlType::Money | SqlType::DateTime | SqlType::RowVersion => 8,
        SqlType::Decimal { precision, .. } => match precision {
            0..=9 => 5,
            10..=19 => 9,
            20..=28 => 13,
            _ => 17,
        },
        SqlType::Date => 3,
        SqlType::Time { scale } => clock(scale),
        SqlType::DateTime2 { scale } => clock(scale) + 3,
        SqlType::DateTimeOffset { scale } => clock(scale) + 5,
        SqlType::UniqueIdentifier => 16,
        SqlType::Char(n) | SqlType::Binary(n) => u64::from(*n),
        SqlType::NChar(n) => u64::from(*n) * 2,
        _ => return None,
    })
}
