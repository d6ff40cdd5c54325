//! What a declared type of SQLite asks for: its affinity, by SQLite's own rules, and the kind of value that its name promises.
//! Whether the values keep the promise is seen elsewhere.

use crate::forms::decimal::Shape;

/// SQLite's affinities.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Affinity {
    Integer,
    Text,
    Blob,
    Real,
    Numeric,
}

/// What a name promises.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Promise {
    Integer,
    Boolean,
    Real,
    Decimal(Shape),
    /// Decimals kept as text, because numbers of SQLite would not hold their digits.
    DecimalText(Shape),
    /// Any number.
    Numeric,
    Date,
    DateTime,
    Time,
    Uuid,
    /// At most that many characters, when it says so.
    Text(Option<u16>),
    Blob,
    /// Nothing.
    Anything,
}

/// Affinity of a declared type.
pub(super) fn affinity(declared: &str) -> Affinity {
    let name = declared.to_ascii_uppercase();
    let has = |part: &str| name.contains(part);
    if has("INT") {
        Affinity::Integer
    } else if has("CHAR") || has("CLOB") || has("TEXT") {
        Affinity::Text
    } else if has("BLOB") || name.is_empty() {
        Affinity::Blob
    } else if has("REAL") || has("FLOA") || has("DOUB") {
        Affinity::Real
    } else {
        Affinity::Numeric
    }
}

/// What a declared type promises. In a STRICT table `ANY` is no numeric type.
pub(super) fn promise(declared: &str) -> Promise {
    let name = declared.to_ascii_uppercase();
    let (base, arguments) = match name.split_once('(') {
        Some((base, rest)) => (base.trim(), rest.split(')').next().unwrap_or("")),
        None => (name.trim(), ""),
    };
    let numbers: Option<Vec<u16>> = arguments.split(',').map(|number| number.trim().parse().ok()).collect();
    let shape = || {
        let (precision, scale) = match numbers.as_deref()? {
            [precision] => (*precision, 0),
            [precision, scale] => (*precision, *scale),
            _ => return None,
        };
        let shape = Shape {
            precision: u8::try_from(precision).ok()?,
            scale: u8::try_from(scale).ok()?,
        };
        ((1..=38).contains(&shape.precision) && shape.scale <= shape.precision).then_some(shape)
    };
    match base {
        "BOOL" | "BOOLEAN" => Promise::Boolean,
        "DECIMAL" | "NUMERIC" | "DEC" | "NUMBER" => shape().map_or(Promise::Numeric, Promise::Decimal),
        "DECIMAL_TEXT" => shape().map_or(Promise::Text(None), Promise::DecimalText),
        "DATE" => Promise::Date,
        "DATETIME"
        | "DATETIME2"
        | "DATETIMEOFFSET"
        | "TIMESTAMP"
        | "TIMESTAMPTZ"
        | "TIMESTAMP WITH TIME ZONE"
        | "TIMESTAMP WITHOUT TIME ZONE" => Promise::DateTime,
        "TIME" => Promise::Time,
        "UUID" | "GUID" | "UNIQUEIDENTIFIER" => Promise::Uuid,
        "ANY" => Promise::Anything,
        _ => match affinity(declared) {
            Affinity::Integer => Promise::Integer,
            Affinity::Real => Promise::Real,
            Affinity::Numeric => Promise::Numeric,
            Affinity::Blob if base.is_empty() => Promise::Anything,
            Affinity::Blob => Promise::Blob,
            Affinity::Text => Promise::Text(match numbers.as_deref() {
                Some([length]) => Some(*length).filter(|length| (1..=4_000).contains(length)),
                _ => None,
            }),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_promise_and_the_affinity_is_sqlites() {
        assert_eq!(promise("varchar(40)"), Promise::Text(Some(40)));
        assert_eq!(promise("VARCHAR(5000)"), Promise::Text(None));
        assert_eq!(
            promise("Decimal( 10 , 2 )"),
            Promise::Decimal(Shape {
                precision: 10,
                scale: 2
            })
        );
        assert_eq!(promise("DECIMAL(40,2)"), Promise::Numeric);
        assert_eq!(promise("decimal"), Promise::Numeric);
        assert_eq!(promise(""), Promise::Anything);
        assert_eq!(promise("BIGINT UNSIGNED"), Promise::Integer);
        assert_eq!(affinity("FLOATING POINT"), Affinity::Integer);
        assert_eq!(affinity("DECIMAL_TEXT(38,2)"), Affinity::Text);
        assert_eq!(affinity("ANY"), Affinity::Numeric);
    }
}
