//! The types as PostgreSQL prints them, read back. Only types that every server has are known here, and what is read is made
//! of known words and numbers alone: such a text can be put into a statement.
use bacpac::SqlType;

/// What a type asks of the values of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Group {
    Integer,
    Boolean,
    Float,
    Numeric,
    Money,
    Date,
    Time,
    Timestamp,
    TimestampTz,
    Uuid,
    Bytes,
    /// Carried as its text form.
    Text,
    /// Carried as a JSON object.
    Row,
    /// Carried as a JSON object.
    Hstore,
    /// Carried as its bytes, which the type reads in hexadecimal.
    Geometry,
}

impl Group {
    /// Whether values of a column of the file can become values of such a type.
    pub(super) fn takes(self, sql_type: &SqlType) -> bool {
        use SqlType as S;
        let text = matches!(
            sql_type,
            S::NVarChar(_)
                | S::NVarCharMax
                | S::NChar(_)
                | S::VarChar(_)
                | S::VarCharMax
                | S::Char(_)
                | S::NText
                | S::Xml
                | S::Json
        );
        let whole = matches!(
            sql_type,
            S::TinyInt | S::SmallInt | S::Int | S::BigInt | S::Decimal { scale: 0, .. }
        );
        match self {
            Self::Bytes | Self::Geometry => {
                matches!(sql_type, S::Binary(_) | S::VarBinary(_) | S::VarBinaryMax | S::Image)
            }
            Self::Integer => text || whole,
            Self::Boolean => text || *sql_type == S::Bit,
            Self::Float => text || matches!(sql_type, S::Real | S::Float),
            Self::Numeric | Self::Money => {
                text || whole || matches!(sql_type, S::Decimal { .. } | S::Money | S::SmallMoney)
            }
            Self::Date => text || *sql_type == S::Date,
            Self::Time => text || matches!(sql_type, S::Time { .. }),
            Self::Timestamp => text || matches!(sql_type, S::DateTime2 { .. } | S::DateTime | S::SmallDateTime),
            Self::TimestampTz => text || matches!(sql_type, S::DateTimeOffset { .. }),
            Self::Uuid => text || *sql_type == S::UniqueIdentifier,
            Self::Text | Self::Row | Self::Hstore => text,
        }
    }
}

/// A type as it was printed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Printed {
    /// One that every server has: its text can be put into a statement.
    BuiltIn { sql: String, group: Group, array: bool },
    /// One of somebody's: it is what a type of that name is.
    Named { schema: String, name: String, array: bool },
}

/// Types by their words; `#` stands for a number and `#,#` for two.
const BUILT_IN: &[(&str, Group)] = &[
    ("smallint", Group::Integer),
    ("integer", Group::Integer),
    ("bigint", Group::Integer),
    ("oid", Group::Integer),
    ("boolean", Group::Boolean),
    ("real", Group::Float),
    ("double precision", Group::Float),
    ("numeric", Group::Numeric),
    ("numeric(#,#)", Group::Numeric),
    ("money", Group::Money),
    ("date", Group::Date),
    ("time without time zone", Group::Time),
    ("time(#) without time zone", Group::Time),
    ("timestamp without time zone", Group::Timestamp),
    ("timestamp(#) without time zone", Group::Timestamp),
    ("timestamp with time zone", Group::TimestampTz),
    ("timestamp(#) with time zone", Group::TimestampTz),
    ("uuid", Group::Uuid),
    ("bytea", Group::Bytes),
    ("text", Group::Text),
    ("name", Group::Text),
    ("\"char\"", Group::Text),
    ("character", Group::Text),
    ("bpchar", Group::Text),
    ("character(#)", Group::Text),
    ("character varying", Group::Text),
    ("character varying(#)", Group::Text),
    ("json", Group::Text),
    ("jsonb", Group::Text),
    ("jsonpath", Group::Text),
    ("xml", Group::Text),
    ("time with time zone", Group::Text),
    ("time(#) with time zone", Group::Text),
    ("bit", Group::Text),
    ("\"bit\"", Group::Text),
    ("bit(#)", Group::Text),
    ("bit varying", Group::Text),
    ("bit varying(#)", Group::Text),
    ("inet", Group::Text),
    ("cidr", Group::Text),
    ("macaddr", Group::Text),
    ("macaddr8", Group::Text),
    ("tsvector", Group::Text),
    ("tsquery", Group::Text),
    ("point", Group::Text),
    ("line", Group::Text),
    ("lseg", Group::Text),
    ("box", Group::Text),
    ("path", Group::Text),
    ("polygon", Group::Text),
    ("circle", Group::Text),
    ("pg_lsn", Group::Text),
    ("pg_snapshot", Group::Text),
    ("txid_snapshot", Group::Text),
    ("xid", Group::Text),
    ("xid8", Group::Text),
    ("cid", Group::Text),
    ("tid", Group::Text),
    ("int4range", Group::Text),
    ("int8range", Group::Text),
    ("numrange", Group::Text),
    ("tsrange", Group::Text),
    ("tstzrange", Group::Text),
    ("daterange", Group::Text),
    ("int4multirange", Group::Text),
    ("int8multirange", Group::Text),
    ("nummultirange", Group::Text),
    ("tsmultirange", Group::Text),
    ("tstzmultirange", Group::Text),
    ("datemultirange", Group::Text),
    ("interval", Group::Text),
    ("interval(#)", Group::Text),
    ("interval year", Group::Text),
    ("interval month", Group::Text),
    ("interval day", Group::Text),
    ("interval hour", Group::Text),
    ("interval minute", Group::Text),
    ("interval second", Group::Text),
    ("interval second(#)", Group::Text),
    ("interval year to month", Group::Text),
    ("interval day to hour", Group::Text),
    ("interval day to minute", Group::Text),
    ("interval day to second", Group::Text),
    ("interval day to second(#)", Group::Text),
    ("interval hour to minute", Group::Text),
    ("interval hour to second", Group::Text),
    ("interval hour to second(#)", Group::Text),
    ("interval minute to second", Group::Text),
    ("interval minute to second(#)", Group::Text),
];

/// Reads a type; `None` when it is not one that could be made again.
pub(super) fn read(text: &str) -> Option<Printed> {
    let (name, array) = match text.strip_suffix("[]") {
        Some(name) => (name, true),
        None => (text, false),
    };
    let pattern = pattern(name);
    if let Some((_, group)) = BUILT_IN.iter().find(|(known, _)| *known == pattern) {
        return Some(Printed::BuiltIn {
            sql: name.to_owned(),
            group: *group,
            array,
        });
    }
    let mut rest = name;
    let schema = identifier(&mut rest)?;
    rest = rest.strip_prefix('.')?;
    let name = identifier(&mut rest)?;
    rest.is_empty().then_some(Printed::Named { schema, name, array })
}

/// The text with `#` for every number inside parentheses.
fn pattern(text: &str) -> String {
    let Some((before, rest)) = text.split_once('(') else {
        return text.to_owned();
    };
    let Some((numbers, after)) = rest.split_once(')') else {
        return text.to_owned();
    };
    let is_number = |text: &str| text.strip_prefix('-').unwrap_or(text).parse::<u32>().is_ok() && !text.contains('+');
    if !numbers.split(',').all(is_number) {
        return text.to_owned();
    }
    let places = vec!["#"; numbers.split(',').count()].join(",");
    format!("{before}({places}){after}")
}

/// Takes a name, quoted or not, from the front.
fn identifier(rest: &mut &str) -> Option<String> {
    if let Some(quoted) = rest.strip_prefix('"') {
        let mut name = String::new();
        let mut letters = quoted.chars();
        loop {
            match letters.next()? {
                '"' => match letters.as_str().strip_prefix('"') {
                    Some(tail) => {
                        name.push('"');
                        letters = tail.chars();
                    }
                    None => {
                        *rest = letters.as_str();
                        return (!name.is_empty()).then_some(name);
                    }
                },
                letter => name.push(letter),
            }
        }
    }
    let plain = |letter: char| letter.is_alphanumeric() || letter == '_' || letter == '$';
    let end = rest.find(|letter| !plain(letter)).unwrap_or(rest.len());
    let (name, tail) = rest.split_at(end);
    *rest = tail;
    (!name.is_empty()).then(|| name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_are_read_as_the_server_prints_them() {
        for text in [
            "numeric(10,-2)",
            "interval day to second(3)",
            "timestamp(3) with time zone",
            "\"char\"",
            "bit varying(7)",
        ] {
            assert!(
                matches!(read(text), Some(Printed::BuiltIn { sql, array: false, .. }) if sql == text),
                "{text}"
            );
        }
        let named = |schema: &str, name: &str, array| {
            Some(Printed::Named {
                schema: schema.to_owned(),
                name: name.to_owned(),
                array,
            })
        };
        assert_eq!(read("\"My \"\"App\".\"Mood\"[]"), named("My \"App", "Mood", true));
        assert_eq!(read("app.mood"), named("app", "mood", false));
        assert!(matches!(
            read("numeric(10,2)[]"),
            Some(Printed::BuiltIn { array: true, .. })
        ));
    }

    #[test]
    fn nothing_else_is_taken_for_a_type() {
        for text in [
            "",
            "integer; DROP TABLE x",
            "numeric(10,2",
            "numeric(10,2,3)",
            "numeric(1e3)",
            "character(+5)",
            "text)",
            "mood",
            "a.b.c",
            "a.\"b",
            "a. b",
            "regclass",
            "integer DEFAULT 1",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
