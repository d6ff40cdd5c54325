//! What the server has for types, and what each means for the values of a column: which text its values have and which type of
//! the file is its counterpart. It reads no rows.
use super::json::ElementKind;
use super::session::Session;
use super::source::{CheckSource, TypeKind, TypeSource};
use std::collections::HashMap;

/// How the texts of a column are to be understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Kind {
    SmallInt,
    Int,
    BigInt,
    /// A number that fits `bigint` only.
    Oid,
    Bool,
    Real,
    Double,
    /// Digits in all and after the point, where they are declared.
    Numeric(Option<(u8, u8)>),
    Money,
    /// Greatest length in characters, where it is declared.
    Text(Option<u32>),
    Citext,
    /// Length in characters.
    Char(u32),
    Bytes,
    Date,
    /// Digits after the second.
    Time(u8),
    Timestamp(u8),
    TimestampTz(u8),
    Uuid,
    Json,
    Enum(Vec<String>),
    Array {
        elements: ElementKind,
        delimiter: char,
        /// Equal arrays may have different texts.
        unlike: bool,
    },
    /// Names of the fields.
    Row(Vec<String>),
    Hstore,
    Geometry,
    /// Any other, as its text form. `most` is the greatest length in characters; 0 for none.
    Form {
        most: u16,
        /// Equal values may have different texts.
        unlike: bool,
    },
}

/// A type of the catalog.
#[derive(Debug, Clone)]
struct Type {
    schema: String,
    name: String,
    class: char,
    category: char,
    element: u32,
    base: u32,
    base_modifier: i32,
    relation: u32,
    delimiter: char,
    not_null: bool,
}

/// All types of a database.
pub(super) struct Catalog {
    types: HashMap<u32, Type>,
    labels: HashMap<u32, Vec<String>>,
    fields: HashMap<u32, Vec<(String, String)>>,
}

/// What a column's type is.
#[derive(Debug, Clone)]
pub(super) struct Meaning {
    pub(super) kind: Kind,
    /// A domain on the way forbids NULL.
    pub(super) not_null: bool,
}

fn number<T: std::str::FromStr + Default>(field: Option<String>) -> T {
    field.and_then(|text| text.parse().ok()).unwrap_or_default()
}

fn letter(field: Option<String>) -> char {
    field.and_then(|text| text.chars().next()).unwrap_or(' ')
}

impl Catalog {
    pub(super) fn read(session: &mut Session) -> Result<Self, sqlx::Error> {
        let rows = session.rows(
            "SELECT pg_type.oid::text, nspname::text, typname::text, typtype::text, typcategory::text, typelem::text,
                    typbasetype::text, typtypmod::text, typrelid::text, typdelim::text, typnotnull::text
             FROM pg_type JOIN pg_namespace ON pg_namespace.oid = typnamespace",
            &[],
        )?;
        let mut types = HashMap::new();
        for row in rows {
            let mut fields = row.into_iter();
            let mut next = || fields.next().flatten();
            let oid = number(next());
            types.insert(
                oid,
                Type {
                    schema: next().unwrap_or_default(),
                    name: next().unwrap_or_default(),
                    class: letter(next()),
                    category: letter(next()),
                    element: number(next()),
                    base: number(next()),
                    base_modifier: number(next()),
                    relation: number(next()),
                    delimiter: letter(next()),
                    not_null: next().is_some_and(|text| text == "true"),
                },
            );
        }
        let mut labels: HashMap<u32, Vec<String>> = HashMap::new();
        let rows = session.rows(
            "SELECT enumtypid::text, enumlabel::text FROM pg_enum ORDER BY enumtypid, enumsortorder",
            &[],
        )?;
        for row in rows {
            let mut row = row.into_iter();
            let of = number(row.next().flatten());
            labels.entry(of).or_default().extend(row.next().flatten());
        }
        let mut fields: HashMap<u32, Vec<(String, String)>> = HashMap::new();
        let rows = session.rows(
            "SELECT attrelid::text, attname::text, format_type(atttypid, atttypmod)
             FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid
             WHERE attnum > 0 AND NOT attisdropped AND attrelid >= 16384 AND relkind IN ('c', 'r', 'p', 'v', 'm', 'f')
             ORDER BY attrelid, attnum",
            &[],
        )?;
        for row in rows {
            let mut row = row.into_iter();
            let of = number(row.next().flatten());
            let field = row.next().flatten().zip(row.next().flatten());
            fields.entry(of).or_default().extend(field);
        }
        Ok(Self { types, labels, fields })
    }

    /// What a type means.
    pub(super) fn meaning(&self, oid: u32, modifier: i32) -> Meaning {
        let (mut oid, mut modifier, mut not_null) = (oid, modifier, false);
        // Domains over domains; the catalog has no circles, and a damaged one must not hold us.
        for _ in 0..64 {
            match self.types.get(&oid).filter(|found| found.class == 'd') {
                Some(domain) => {
                    not_null |= domain.not_null;
                    (oid, modifier) = (domain.base, domain.base_modifier);
                }
                None => break,
            }
        }
        Meaning {
            kind: self.kind(oid, modifier),
            not_null,
        }
    }

    fn kind(&self, oid: u32, modifier: i32) -> Kind {
        let form = |most, unlike| Kind::Form { most, unlike };
        let Some(found) = self.types.get(&oid) else {
            return form(0, true);
        };
        let own = found.schema == "pg_catalog";
        match found.class {
            'e' => return Kind::Enum(self.labels.get(&oid).cloned().unwrap_or_default()),
            'c' => {
                let fields = self.fields.get(&found.relation);
                return match fields {
                    Some(fields) => Kind::Row(fields.iter().map(|(name, _)| name.clone()).collect()),
                    None => form(0, true),
                };
            }
            'r' | 'm' => return form(0, found.name.starts_with("num")),
            _ => {}
        }
        if found.category == 'A' && found.element != 0 && !(own && found.name.ends_with("vector")) {
            return self.array(found.element);
        }
        let seconds = if (0..=6).contains(&modifier) { modifier as u8 } else { 6 };
        // Lengths are kept with four bytes of header.
        let length = u32::try_from(modifier.saturating_sub(4)).ok().filter(|_| modifier > 4);
        match (own, found.name.as_str()) {
            (true, "int2") => Kind::SmallInt,
            (true, "int4") => Kind::Int,
            (true, "int8") => Kind::BigInt,
            (true, "oid") => Kind::Oid,
            (true, "bool") => Kind::Bool,
            (true, "float4") => Kind::Real,
            (true, "float8") => Kind::Double,
            (true, "numeric") => Kind::Numeric(digits(modifier)),
            (true, "money") => Kind::Money,
            (true, "text" | "name" | "char") => Kind::Text(None),
            (true, "varchar") => Kind::Text(length),
            (true, "bpchar") => length.map_or(Kind::Text(None), Kind::Char),
            (true, "bytea") => Kind::Bytes,
            (true, "date") => Kind::Date,
            (true, "time") => Kind::Time(seconds),
            (true, "timestamp") => Kind::Timestamp(seconds),
            (true, "timestamptz") => Kind::TimestampTz(seconds),
            (true, "uuid") => Kind::Uuid,
            (true, "json" | "jsonb") => Kind::Json,
            (true, "timetz") => form(21, false),
            (true, "interval") => form(64, true),
            (false, "citext") => Kind::Citext,
            (false, "hstore") => Kind::Hstore,
            (false, "geometry" | "geography") => Kind::Geometry,
            (own, _) => form(0, !own),
        }
    }

    fn array(&self, element: u32) -> Kind {
        let meaning = self.meaning(element, -1);
        let (elements, unlike) = match meaning.kind {
            Kind::SmallInt | Kind::Int | Kind::BigInt | Kind::Oid => (ElementKind::Number, false),
            Kind::Real | Kind::Double | Kind::Numeric(_) => (ElementKind::Number, true),
            Kind::Bool => (ElementKind::Boolean, false),
            Kind::Text(_) | Kind::Bytes | Kind::Uuid | Kind::Date | Kind::Enum(_) => (ElementKind::Text, false),
            _ => (ElementKind::Text, true),
        };
        Kind::Array {
            elements,
            delimiter: self.types.get(&element).map_or(',', |found| found.delimiter),
            unlike,
        }
    }

    /// The types that people made, in their own terms; ranges and base types are not among them.
    pub(super) fn sources(&self, session: &mut Session) -> Result<Vec<TypeSource>, sqlx::Error> {
        let rows = session.rows(
            "SELECT pg_type.oid::text, nspname::text, typname::text, typtype::text, format_type(typbasetype, typtypmod),
                    typnotnull::text, pg_get_expr(typdefaultbin, 0),
                    (SELECT json_agg(json_build_array(conname, pg_get_expr(conbin, 0), convalidated::text) ORDER BY conname)
                     FROM pg_constraint WHERE contypid = pg_type.oid AND contype = 'c')::text
             FROM pg_type JOIN pg_namespace ON pg_namespace.oid = typnamespace LEFT JOIN pg_class ON pg_class.oid = typrelid
             WHERE nspname NOT IN ('pg_catalog', 'information_schema') AND nspname !~ '^pg_'
               AND (typtype IN ('e', 'd') OR typtype = 'c' AND relkind = 'c')
               AND NOT EXISTS (SELECT FROM pg_depend
                               WHERE classid = 'pg_type'::regclass AND objid = pg_type.oid AND deptype = 'e')
             ORDER BY nspname, typname",
            &[],
        )?;
        let mut sources = Vec::new();
        for row in rows {
            let mut fields = row.into_iter();
            let mut next = || fields.next().flatten();
            let oid: u32 = number(next());
            let (schema, name) = (next().unwrap_or_default(), next().unwrap_or_default());
            let (class, base, not_null) = (next(), next(), next());
            let default = next();
            let kind = match class.as_deref() {
                Some("e") => TypeKind::Enum(self.labels.get(&oid).cloned().unwrap_or_default()),
                Some("d") => TypeKind::Domain {
                    base: base.unwrap_or_default(),
                    not_null: not_null.is_some_and(|text| text == "true"),
                    default,
                    checks: checks(next().as_deref()),
                },
                _ => {
                    let relation = self.types.get(&oid).map_or(0, |found| found.relation);
                    TypeKind::Composite(self.fields.get(&relation).cloned().unwrap_or_default())
                }
            };
            sources.push(TypeSource { schema, name, kind });
        }
        Ok(sources)
    }
}

/// Checks as a JSON list of name, expression, validity.
pub(super) fn checks(json: Option<&str>) -> Vec<CheckSource> {
    let list: Vec<[String; 3]> = json
        .and_then(|json| serde_json::from_str(json).ok())
        .unwrap_or_default();
    let one = |[name, expression, valid]: [String; 3]| CheckSource {
        name,
        expression,
        valid: valid == "true",
    };
    list.into_iter().map(one).collect()
}

/// Digits in all and after the point, where SQL Server has such a type.
fn digits(modifier: i32) -> Option<(u8, u8)> {
    let packed = u32::try_from(modifier.saturating_sub(4))
        .ok()
        .filter(|_| modifier >= 4)?;
    // Since version 15 the scale has 11 bits and a sign.
    let (precision, scale) = (packed >> 16, packed & 0x7ff);
    let scale = if scale >= 1024 { return None } else { scale };
    let fits = (1..=38).contains(&precision) && scale <= precision;
    fits.then_some((precision as u8, scale as u8))
}
