//! The column types and how each lies in the data: prefix, width, longest value. It holds no values.

/// The type of a column.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs, reason = "each variant is the SQL type of its name")]
pub enum SqlType {
    TinyInt,
    SmallInt,
    Int,
    BigInt,
    Bit,
    /// Also `float(n)` with n up to 24.
    Real,
    Float,
    SmallMoney,
    Money,
    /// Also `numeric`. `precision` 1 to 38, `scale` 0 to `precision`.
    Decimal {
        precision: u8,
        scale: u8,
    },
    Date,
    /// `scale` 0 to 7: the decimals shown; the encoding is the same for all.
    Time {
        scale: u8,
    },
    DateTime2 {
        scale: u8,
    },
    DateTimeOffset {
        scale: u8,
    },
    DateTime,
    SmallDateTime,
    UniqueIdentifier,
    /// Length in UTF-16 code units.
    Char(u16),
    NChar(u16),
    VarChar(u16),
    /// Also `sysname`, which is `nvarchar(128)`.
    NVarChar(u16),
    /// Length in bytes.
    Binary(u16),
    VarBinary(u16),
    /// Also `timestamp`.
    RowVersion,
    Text,
    NText,
    Image,
    VarCharMax,
    NVarCharMax,
    VarBinaryMax,
    Xml,
    Json,
    Geography,
    Geometry,
    HierarchyId,
    SqlVariant,
    /// A type whose encoding is not known; only its name is.
    Unsupported(String),
}

/// What the codec needs to know of a column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field {
    /// Column name, for errors.
    pub name: String,
    /// Type.
    pub sql_type: SqlType,
    /// Whether the column allows NULL; it changes the encoding.
    pub nullable: bool,
}

impl Field {
    /// A field of that name and type.
    pub fn new(name: impl Into<String>, sql_type: SqlType, nullable: bool) -> Self {
        Self {
            name: name.into(),
            sql_type,
            nullable,
        }
    }
}

/// What a length-prefixed field holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Content {
    Text,
    Bytes,
}

/// How a field lies in the data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shape {
    /// `width` bytes; one length byte before them when nullable, or always.
    Fixed { width: u8, always_prefixed: bool },
    /// `bytes` bytes without prefix when NOT NULL; a two-byte length when nullable (`char` only).
    Bare { bytes: u16 },
    /// A prefix of two or four bytes; `most` is the longest value in bytes, `exact` forbids a shorter one.
    Prefixed {
        prefix: u8,
        most: u32,
        exact: bool,
        content: Content,
    },
    /// A prefix of eight bytes, plain or chunked.
    Max { content: Content },
    /// A prefix of four bytes, NULL is length 0.
    Variant,
    /// Not known.
    Unknown,
}

impl SqlType {
    pub(crate) fn shape(&self) -> Shape {
        let fixed = |width| Shape::Fixed {
            width,
            always_prefixed: false,
        };
        let always = |width| Shape::Fixed {
            width,
            always_prefixed: true,
        };
        let prefixed = |most, content| Shape::Prefixed {
            prefix: 2,
            most,
            exact: false,
            content,
        };
        let long = |content| Shape::Prefixed {
            prefix: 4,
            most: i32::MAX as u32,
            exact: false,
            content,
        };
        match self {
            Self::TinyInt => fixed(1),
            Self::SmallInt => fixed(2),
            Self::Int | Self::Real | Self::SmallMoney | Self::SmallDateTime => fixed(4),
            Self::BigInt | Self::Float | Self::Money | Self::DateTime | Self::DateTime2 { .. } => fixed(8),
            Self::Date => fixed(3),
            Self::Time { .. } => fixed(5),
            Self::DateTimeOffset { .. } => fixed(10),
            Self::Bit => always(1),
            Self::UniqueIdentifier => always(16),
            Self::Decimal { .. } => always(19),
            Self::Char(n) => Shape::Bare {
                bytes: n.saturating_mul(2),
            },
            Self::NChar(n) | Self::VarChar(n) | Self::NVarChar(n) => prefixed(u32::from(*n) * 2, Content::Text),
            Self::Binary(n) | Self::VarBinary(n) => prefixed(u32::from(*n), Content::Bytes),
            Self::RowVersion => Shape::Prefixed {
                prefix: 2,
                most: 8,
                exact: true,
                content: Content::Bytes,
            },
            Self::Text | Self::NText => long(Content::Text),
            Self::Image => long(Content::Bytes),
            Self::VarCharMax | Self::NVarCharMax | Self::Xml | Self::Json => Shape::Max { content: Content::Text },
            Self::VarBinaryMax | Self::Geography | Self::Geometry | Self::HierarchyId => Shape::Max {
                content: Content::Bytes,
            },
            Self::SqlVariant => Shape::Variant,
            Self::Unsupported(_) => Shape::Unknown,
        }
    }

    /// Whether short text is filled with spaces to the column's length.
    pub(crate) fn padded_units(&self) -> Option<usize> {
        match self {
            Self::Char(n) | Self::NChar(n) => Some(usize::from(*n)),
            _ => None,
        }
    }
}
