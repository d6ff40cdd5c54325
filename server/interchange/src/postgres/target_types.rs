//! The types of a database that is being filled: the counterparts of the file's types, and the types of the source made again.
//! It makes no table.
use super::declared::{Group, Printed, read};
use super::expression::{Owner, Purpose, add_condition, set_default};
use super::session::{Session, ident, literal, qualified};
use super::source::{Source, TypeKind, TypeSource};
use super::value_in::Form;
use bacpac::SqlType;
use domain::export_log::{DropReason, LeftOut, NotCarried, ObjectKind, Weakened, Weakening};
use std::collections::HashMap;

/// A type that a column can have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Target {
    /// As SQL takes it, made of nothing but known words, numbers and quoted names.
    pub(super) sql: String,
    pub(super) form: Form,
}

/// The type of PostgreSQL that has the values of a type of the file; `None` when they cannot be read at all.
pub(super) fn counterpart(sql_type: &SqlType) -> Option<Target> {
    use SqlType as S;
    let second = |scale: &u8| (*scale).min(6);
    let (sql, group) = match sql_type {
        S::TinyInt | S::SmallInt => ("smallint".to_owned(), Group::Integer),
        S::Int => ("integer".to_owned(), Group::Integer),
        S::BigInt => ("bigint".to_owned(), Group::Integer),
        S::Bit => ("boolean".to_owned(), Group::Boolean),
        S::Real => ("real".to_owned(), Group::Float),
        S::Float => ("double precision".to_owned(), Group::Float),
        S::SmallMoney => ("numeric(10,4)".to_owned(), Group::Numeric),
        S::Money => ("numeric(19,4)".to_owned(), Group::Numeric),
        S::Decimal { precision, scale } => (format!("numeric({precision},{scale})"), Group::Numeric),
        S::Date => ("date".to_owned(), Group::Date),
        S::Time { scale } => (format!("time({})", second(scale)), Group::Time),
        S::DateTime2 { scale } => (format!("timestamp({})", second(scale)), Group::Timestamp),
        S::DateTimeOffset { scale } => (format!("timestamptz({})", second(scale)), Group::TimestampTz),
        S::DateTime => ("timestamp(3)".to_owned(), Group::Timestamp),
        S::SmallDateTime => ("timestamp(0)".to_owned(), Group::Timestamp),
        S::UniqueIdentifier => ("uuid".to_owned(), Group::Uuid),
        S::Char(n) | S::NChar(n) => (format!("character({n})"), Group::Text),
        S::VarChar(n) | S::NVarChar(n) => (format!("character varying({n})"), Group::Text),
        S::Text | S::NText | S::VarCharMax | S::NVarCharMax | S::SqlVariant => ("text".to_owned(), Group::Text),
        S::Xml => ("xml".to_owned(), Group::Text),
        S::Json => ("jsonb".to_owned(), Group::Text),
        S::Binary(_) | S::VarBinary(_) | S::VarBinaryMax | S::Image | S::RowVersion => {
            ("bytea".to_owned(), Group::Bytes)
        }
        S::Geography | S::Geometry | S::HierarchyId => ("bytea".to_owned(), Group::Bytes),
        S::Unsupported(_) => return None,
    };
    Some(plain(sql, group))
}

/// A type for values that their counterpart refused.
pub(super) fn last_resort(sql_type: &SqlType) -> Option<Target> {
    match sql_type {
        SqlType::Xml | SqlType::Json => Some(plain("text".to_owned(), Group::Text)),
        other => counterpart(other),
    }
}

fn plain(sql: String, group: Group) -> Target {
    Target {
        sql,
        form: Form {
            group,
            array: None,
            restored: false,
            trimmed: false,
        },
    }
}

/// Types that extensions of every installation have.
const OF_EXTENSIONS: [(&str, Group); 2] = [("citext", Group::Text), ("hstore", Group::Hstore)];

/// The types that a database has by now.
#[derive(Debug, Default)]
pub(super) struct Types {
    /// By schema and name.
    made: HashMap<(String, String), Target>,
}

impl Types {
    /// Makes the types of a source again, and finds those of extensions.
    pub(super) fn make(
        session: &mut Session,
        source: &Source,
        not_carried: &mut Vec<NotCarried>,
        weakened: &mut Vec<Weakened>,
    ) -> Result<Self, sqlx::Error> {
        let mut types = Self::default();
        for (extension, group) in OF_EXTENSIONS {
            if source.mentions(extension) {
                types.find_extension(session, extension, group)?;
            }
        }
        // A type may be made of another that stands later: what cannot be made now is tried again while others can.
        let mut open: Vec<&TypeSource> = source.types.iter().collect();
        loop {
            let before = open.len();
            let mut left = Vec::new();
            for found in open {
                if !types.make_one(session, found, weakened)? {
                    left.push(found);
                }
            }
            open = left;
            if open.is_empty() || open.len() == before {
                break;
            }
        }
        not_carried.extend(open.into_iter().map(|found| NotCarried {
            kind: ObjectKind::Type,
            name: format!("{}.{}", found.schema, found.name),
            table: None,
            reason: LeftOut::Refused,
            text: String::new(),
        }));
        Ok(types)
    }

    /// The extension is the installation's own; a file only says that it would be useful.
    fn find_extension(&mut self, session: &mut Session, extension: &str, group: Group) -> Result<(), sqlx::Error> {
        session
            .attempt(|session| {
                session.execute(&format!(
                    "CREATE EXTENSION IF NOT EXISTS {extension} WITH SCHEMA public"
                ))
            })?
            .ok();
        let schema = session.text(
            "SELECT nspname::text FROM pg_extension JOIN pg_namespace ON pg_namespace.oid = extnamespace WHERE extname = $1",
            &[extension],
        )?;
        if let Some(schema) = schema {
            let target = plain(qualified(&schema, extension), group);
            self.made.insert((schema, extension.to_owned()), target.clone());
            self.made.insert((String::new(), extension.to_owned()), target);
        }
        Ok(())
    }

    /// `false` when it cannot be made yet, or at all.
    fn make_one(
        &mut self,
        session: &mut Session,
        found: &TypeSource,
        weakened: &mut Vec<Weakened>,
    ) -> Result<bool, sqlx::Error> {
        let name = qualified(&found.schema, &found.name);
        let (sql, target) = match &found.kind {
            TypeKind::Enum(labels) => {
                let labels: Vec<_> = labels.iter().map(|label| literal(label)).collect();
                let sql = format!("CREATE TYPE {name} AS ENUM ({})", labels.join(", "));
                (sql, plain(name.clone(), Group::Text))
            }
            TypeKind::Composite(fields) => {
                let mut parts = Vec::new();
                for (field, printed) in fields {
                    match self.find(printed) {
                        Some(target) => parts.push(format!("{} {}", ident(field), target.sql)),
                        None => return Ok(false),
                    }
                }
                let sql = format!("CREATE TYPE {name} AS ({})", parts.join(", "));
                (sql, plain(name.clone(), Group::Row))
            }
            TypeKind::Domain { base, not_null, .. } => {
                let Some(base) = self.find(base) else {
                    return Ok(false);
                };
                let not_null = if *not_null { " NOT NULL" } else { "" };
                let sql = format!("CREATE DOMAIN {name} AS {}{not_null}", base.sql);
                let form = base.form;
                (
                    sql,
                    Target {
                        sql: name.clone(),
                        form,
                    },
                )
            }
        };
        if session.attempt(|session| session.execute_one(&sql))?.is_err() {
            return Ok(false);
        }
        if let TypeKind::Domain {
            base, default, checks, ..
        } = &found.kind
        {
            let mut lost = |kind, name: &str, text: &str| weakened.push(dropped(kind, &found.name, name, text));
            for check in checks {
                let owner = Owner::Domain(&name);
                if add_condition(session, owner, &check.name, &check.expression, Purpose::Condition)? {
                    if check.valid {
                        let sql = format!("ALTER DOMAIN {name} VALIDATE CONSTRAINT {}", ident(&check.name));
                        session.execute(&sql)?;
                    }
                } else {
                    lost(ObjectKind::Check, &check.name, &check.expression);
                }
            }
            if let Some(default) = default
                && !self.set_domain_default(session, &name, base, default)?
            {
                lost(ObjectKind::Default, "", default);
            }
        }
        self.made.insert((found.schema.clone(), found.name.clone()), target);
        Ok(true)
    }

    fn set_domain_default(
        &self,
        session: &mut Session,
        name: &str,
        base: &str,
        default: &str,
    ) -> Result<bool, sqlx::Error> {
        let Some(base) = self.find(base) else {
            return Ok(false);
        };
        // Only a table can be asked what an expression is.
        session.execute(&format!("CREATE TEMPORARY TABLE asked (answer {})", base.sql))?;
        let harmless = set_default(session, "pg_temp.asked", "answer", default)?;
        session.execute("DROP TABLE pg_temp.asked")?;
        if !harmless {
            return Ok(false);
        }
        let sql = format!("ALTER DOMAIN {name} SET DEFAULT ({default})");
        Ok(session.attempt(|session| session.execute_one(&sql))?.is_ok())
    }

    /// A type as it was printed, if the database has it.
    pub(super) fn find(&self, printed: &str) -> Option<Target> {
        let (target, array) = match read(printed)? {
            Printed::BuiltIn { sql, group, array } => (plain(sql, group), array),
            Printed::Named { schema, name, array } => {
                let found = self.made.get(&(schema, name.clone()));
                (found.or_else(|| self.made.get(&(String::new(), name)))?.clone(), array)
            }
        };
        let Target { mut sql, mut form } = target;
        form.restored = true;
        if array {
            // Arrays of arrays are arrays; only of domains over arrays are there arrays again.
            if form.array.is_some() {
                return None;
            }
            form.array = Some(if sql == "box" { ';' } else { ',' });
            sql.push_str("[]");
        }
        Some(Target { sql, form })
    }
}

impl Source {
    fn mentions(&self, extension: &str) -> bool {
        let columns = self.tables.iter().flat_map(|table| &table.columns);
        let fields = self.types.iter().flat_map(|found| match &found.kind {
            TypeKind::Composite(fields) => fields.iter().map(|(_, printed)| printed.as_str()).collect(),
            TypeKind::Domain { base, .. } => vec![base.as_str()],
            TypeKind::Enum(_) => Vec::new(),
        });
        columns
            .map(|column| column.sql_type.as_str())
            .chain(fields)
            .any(|printed| matches!(read(printed), Some(Printed::Named { name, .. }) if name == extension))
    }
}

/// A rule that was not made again because nothing harmless is known of it.
pub(super) fn dropped(kind: ObjectKind, table: &str, name: &str, text: &str) -> Weakened {
    Weakened {
        kind,
        table: table.to_owned(),
        name: name.to_owned(),
        what: Weakening::Dropped(DropReason::NotTranslated),
        text: text.to_owned(),
        first_rows: Vec::new(),
    }
}
