//! From the model's type specifiers to [`SqlType`] and back: built-in types, alias types, lengths and scales. It knows no
//! columns.
use crate::name::ObjectName;
use crate::sql_type::SqlType;
use crate::xml::Node;
use std::collections::HashMap;

/// A type specifier as the model writes it.
#[derive(Debug, Clone, Default)]
pub(crate) struct TypeSpec {
    pub(crate) name: ObjectName,
    length: Option<String>,
    scale: Option<String>,
    precision: Option<String>,
    max: bool,
}

impl TypeSpec {
    /// `node` is the specifier, or an alias type, which carries the same properties.
    pub(crate) fn read(node: &Node) -> Option<Self> {
        let name = node.references("Type").next()?;
        Some(Self {
            name,
            length: node.property("Length").map(str::to_owned),
            scale: node.property("Scale").map(str::to_owned),
            precision: node.property("Precision").map(str::to_owned),
            max: node.is_true("IsMax"),
        })
    }

    /// A built-in type without properties.
    pub(crate) fn named(name: &str) -> Self {
        Self {
            name: ObjectName(vec![name.to_owned()]),
            ..Self::default()
        }
    }

    /// The type, through at most eight alias types.
    pub(crate) fn resolve(&self, aliases: &HashMap<String, TypeSpec>) -> Result<SqlType, String> {
        let mut spec = self;
        for _ in 0..8 {
            match aliases.get(&spec.name.key()) {
                Some(base) => spec = base,
                None => return spec.built_in(),
            }
        }
        Err(format!("alias type {} does not end in a built-in type", self.name))
    }

    fn built_in(&self) -> Result<SqlType, String> {
        let name = self.name.last().to_lowercase();
        let number = |property: &Option<String>, absent: u32, least: u32, most: u32| match property {
            None => Ok(absent),
            Some(text) => match text.parse::<u32>() {
                Ok(number) if (least..=most).contains(&number) => Ok(number),
                _ => Err(format!("{name} with {text:?}, allowed are {least} to {most}")),
            },
        };
        let length = |most| number(&self.length, 1, 1, most).map(|length| length as u16);
        let scale = || number(&self.scale, 0, 0, 7).map(|scale| scale as u8);
        Ok(match name.as_str() {
            "tinyint" => SqlType::TinyInt,
            "smallint" => SqlType::SmallInt,
            "int" => SqlType::Int,
            "bigint" => SqlType::BigInt,
            "bit" => SqlType::Bit,
            "real" => SqlType::Real,
            "float" if number(&self.precision, 53, 1, 53)? <= 24 => SqlType::Real,
            "float" => SqlType::Float,
            "smallmoney" => SqlType::SmallMoney,
            "money" => SqlType::Money,
            "decimal" | "numeric" => {
                let precision = number(&self.precision, 18, 1, 38)?;
                let scale = number(&self.scale, 0, 0, precision)? as u8;
                SqlType::Decimal {
                    precision: precision as u8,
                    scale,
                }
            }
            "date" => SqlType::Date,
            "time" => SqlType::Time { scale: scale()? },
            "datetime2" => SqlType::DateTime2 { scale: scale()? },
            "datetimeoffset" => SqlType::DateTimeOffset { scale: scale()? },
            "datetime" => SqlType::DateTime,
            "smalldatetime" => SqlType::SmallDateTime,
            "uniqueidentifier" => SqlType::UniqueIdentifier,
            "varchar" if self.max => SqlType::VarCharMax,
            "nvarchar" if self.max => SqlType::NVarCharMax,
            "varbinary" if self.max => SqlType::VarBinaryMax,
            "char" => SqlType::Char(length(8_000)?),
            "varchar" => SqlType::VarChar(length(8_000)?),
            "nchar" => SqlType::NChar(length(4_000)?),
            "nvarchar" => SqlType::NVarChar(length(4_000)?),
            "sysname" => SqlType::NVarChar(128),
            "binary" => SqlType::Binary(length(8_000)?),
            "varbinary" => SqlType::VarBinary(length(8_000)?),
            "rowversion" | "timestamp" => SqlType::RowVersion,
            "text" => SqlType::Text,
            "ntext" => SqlType::NText,
            "image" => SqlType::Image,
            "xml" => SqlType::Xml,
            "json" => SqlType::Json,
            "geography" => SqlType::Geography,
            "geometry" => SqlType::Geometry,
            "hierarchyid" => SqlType::HierarchyId,
            "sql_variant" => SqlType::SqlVariant,
            _ => SqlType::Unsupported(self.name.to_string()),
        })
    }
}

/// How the model writes a type: the name of the built-in one, and its properties in their order. `None` for a type that the
/// platform written (SQL Server 2016) does not have, or whose encoding is not known.
pub(crate) fn specifier(sql_type: &SqlType) -> Option<(&'static str, Vec<(&'static str, String)>)> {
    let length = |n: &u16| vec![("Length", n.to_string())];
    let scale = |n: &u8| vec![("Scale", n.to_string())];
    let max = || vec![("IsMax", "True".to_owned())];
    Some(match sql_type {
        SqlType::TinyInt => ("[tinyint]", vec![]),
        SqlType::SmallInt => ("[smallint]", vec![]),
        SqlType::Int => ("[int]", vec![]),
        SqlType::BigInt => ("[bigint]", vec![]),
        SqlType::Bit => ("[bit]", vec![]),
        SqlType::Real => ("[real]", vec![]),
        SqlType::Float => ("[float]", vec![("Precision", "53".to_owned())]),
        SqlType::SmallMoney => ("[smallmoney]", vec![]),
        SqlType::Money => ("[money]", vec![]),
        SqlType::Decimal { precision, scale } => {
            let precision = ("Precision", precision.to_string());
            match scale {
                0 => ("[decimal]", vec![precision]),
                _ => ("[decimal]", vec![("Scale", scale.to_string()), precision]),
            }
        }
        SqlType::Date => ("[date]", vec![]),
        SqlType::Time { scale: digits } => ("[time]", scale(digits)),
        SqlType::DateTime2 { scale: digits } => ("[datetime2]", scale(digits)),
        SqlType::DateTimeOffset { scale: digits } => ("[datetimeoffset]", scale(digits)),
        SqlType::DateTime => ("[datetime]", vec![]),
        SqlType::SmallDateTime => ("[smalldatetime]", vec![]),
        SqlType::UniqueIdentifier => ("[uniqueidentifier]", vec![]),
        SqlType::Char(n) => ("[char]", length(n)),
        SqlType::NChar(n) => ("[nchar]", length(n)),
        SqlType::VarChar(n) => ("[varchar]", length(n)),
        SqlType::NVarChar(n) => ("[nvarchar]", length(n)),
        SqlType::Binary(n) => ("[binary]", length(n)),
        SqlType::VarBinary(n) => ("[varbinary]", length(n)),
        SqlType::RowVersion => ("[rowversion]", vec![]),
        SqlType::Text => ("[text]", vec![]),
        SqlType::NText => ("[ntext]", vec![]),
        SqlType::Image => ("[image]", vec![]),
        SqlType::VarCharMax => ("[varchar]", max()),
        SqlType::NVarCharMax => ("[nvarchar]", max()),
        SqlType::VarBinaryMax => ("[varbinary]", max()),
        SqlType::Xml => ("[xml]", vec![]),
        SqlType::Geography => ("[sys].[geography]", vec![]),
        SqlType::Geometry => ("[sys].[geometry]", vec![]),
        SqlType::HierarchyId => ("[sys].[hierarchyid]", vec![]),
        SqlType::SqlVariant => ("[sql_variant]", vec![]),
        SqlType::Json | SqlType::Unsupported(_) => return None,
    })
}
