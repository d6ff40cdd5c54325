//! A PostgreSQL database in the terms of the plan, which both engines share. It decides on no type and no name.
use super::catalog::{Found, places};
use super::kinds::Kind;
use super::look::{Decided, Seen};
use super::session::Session;
use super::source::{Counter, OnChange, SequenceSource, TypeKind, TypeSource};
use crate::plan::predicate::{Literal, Predicate};
use crate::plan::{
    Collate, DefaultMeaning, Dialect, KeyKind, Part, SourceCheck, SourceColumn, SourceDefault, SourceForeignKey,
    SourceKey, SourceTable, parse, parse_literal,
};
use bacpac::{ForeignKeyAction, Identity};
use domain::export_log::{DropReason, LeftOut, NotCarried, ObjectKind, Weakened, Weakening};
use std::collections::HashMap;

/// The schema that becomes `dbo`, where SQL Server looks first: `public`, unless there is one that is called so already.
pub(super) fn dbo(schemas: &[String]) -> Option<&'static str> {
    let is_taken = schemas.iter().any(|schema| schema.eq_ignore_ascii_case("dbo"));
    (!is_taken).then_some("public")
}

/// All tables.
pub(super) fn tables(
    session: &mut Session,
    tables: &[Found],
    seen: &[Vec<Seen>],
    decided: &[Vec<Decided>],
    schemas: &[String],
) -> Result<Vec<SourceTable>, sqlx::Error> {
    let places = places(tables);
    let mut described = Vec::new();
    for ((table, seen), decided) in tables.iter().zip(seen).zip(decided) {
        let names: Vec<&str> = table.source.columns.iter().map(|column| column.name.as_str()).collect();
        let check = |name: &str, text: &str| SourceCheck {
            name: name.to_owned(),
            text: text.to_owned(),
            meaning: parse(text, Dialect::Postgres, &names),
        };
        let mut made = SourceTable {
            schema: match dbo(schemas) {
                Some(public) if table.source.schema == public => "dbo".to_owned(),
                _ => table.source.schema.clone(),
            },
            name: table.source.name.clone(),
            columns: columns(session, table, seen, decided)?,
            keys: keys(session, table, &check)?,
            foreign_keys: table
                .source
                .foreign_keys
                .iter()
                .zip(&table.key_texts)
                .map(|(key, text)| {
                    let other = places.get(&(key.schema.clone(), key.table.clone()));
                    let foreign = other.and_then(|other| tables.get(*other));
                    SourceForeignKey {
                        name: key.name.clone(),
                        columns: table.positions(&key.columns),
                        table: other.copied(),
                        foreign_columns: foreign
                            .map(|table| table.positions(&key.foreign_columns))
                            .unwrap_or_default(),
                        on_delete: action(key.on_delete),
                        on_update: action(key.on_update),
                        deferred: key.deferrable,
                        text: text.clone(),
                    }
                })
                .collect(),
            checks: table
                .source
                .checks
                .iter()
                .map(|found| check(&found.name, &found.expression))
                .collect(),
        };
        for (at, meaning) in table.meanings.iter().enumerate() {
            if let Kind::Enum(labels) = &meaning.kind
                && !labels.is_empty()
            {
                made.checks.push(SourceCheck {
                    name: String::new(),
                    text: format!(
                        "{} IN ({})",
                        Dialect::Postgres.quoted(names.get(at).copied().unwrap_or_default()),
                        labels.join(", ")
                    ),
                    meaning: Some(Predicate::In {
                        column: at,
                        list: labels.iter().cloned().map(Literal::Text).collect(),
                        negated: false,
                    }),
                });
            }
        }
        described.push(made);
    }
    Ok(described)
}

fn action(action: OnChange) -> ForeignKeyAction {
    match action {
        OnChange::NoAction | OnChange::Restrict => ForeignKeyAction::NoAction,
        OnChange::Cascade => ForeignKeyAction::Cascade,
        OnChange::SetNull => ForeignKeyAction::SetNull,
        OnChange::SetDefault => ForeignKeyAction::SetDefault,
    }
}

fn columns(
    session: &mut Session,
    table: &Found,
    seen: &[Seen],
    decided: &[Decided],
) -> Result<Vec<SourceColumn>, sqlx::Error> {
    let mut sequences: HashMap<(String, String), Option<SequenceSource>> = HashMap::new();
    let mut counting = false;
    let mut columns = Vec::new();
    for (at, ((column, seen), decided)) in table.source.columns.iter().zip(seen).zip(decided).enumerate() {
        let kind = table.meanings.get(at).map(|meaning| &meaning.kind);
        let domain_not_null = table.meanings.get(at).is_some_and(|meaning| meaning.not_null);
        let sequence = match &column.counter {
            Some(Counter::Identity { sequence, .. }) => Some(sequence.clone()),
            Some(Counter::Sequence {
                schema,
                name,
                owned: true,
            }) => {
                let place = (schema.clone(), name.clone());
                if !sequences.contains_key(&place) {
                    let found = super::catalog::sequence(session, schema, name)?;
                    sequences.insert(place.clone(), found);
                }
                sequences.get(&place).cloned().flatten()
            }
            _ => None,
        };
        let whole = matches!(kind, Some(Kind::SmallInt | Kind::Int | Kind::BigInt));
        // SQL Server counts in one column of a table.
        let identity = sequence
            .filter(|_| whole && column.not_null && !counting)
            .map(|sequence| Identity {
                seed: sequence.start.into(),
                increment: sequence.increment.into(),
                last_value: sequence.called.then(|| sequence.last.into()),
            });
        counting |= identity.is_some();
        let text = column.default.clone().or_else(|| match &column.counter {
            Some(Counter::Sequence { schema, name, .. }) if identity.is_none() => {
                Some(format!("nextval({schema}.{name})"))
            }
            Some(Counter::Identity { .. }) if identity.is_none() => Some("IDENTITY".to_owned()),
            _ => column
                .generated
                .as_ref()
                .map(|expression| format!("GENERATED ALWAYS AS ({expression}) STORED")),
        });
        let folding = table.folding.get(at) == Some(&true);
        columns.push(SourceColumn {
            name: column.name.clone(),
            source_type: column.sql_type.clone(),
            sql_type: decided.sql_type.clone(),
            alternatives: decided.alternatives.clone(),
            reason: decided.reason.clone(),
            has_values: decided.has_values,
            has_nulls: decided.has_nulls,
            not_null: column.not_null || domain_not_null && seen.nulls == 0,
            longest: decided.longest,
            trailing: seen.trailing && !matches!(kind, Some(Kind::Char(_))),
            replaced: seen.replaced,
            unlike: decided.unlike || folding,
            collate: match kind {
                Some(Kind::Citext) => Collate::NoCase { plain: !seen.not_ascii },
                _ => Collate::Binary,
            },
            identity,
            default: text.map(|text| SourceDefault {
                meaning: column
                    .default
                    .as_deref()
                    .and_then(|default| default_meaning(default, kind)),
                text,
            }),
            changes: Vec::new(),
        });
    }
    Ok(columns)
}

fn default_meaning(text: &str, kind: Option<&Kind>) -> Option<DefaultMeaning> {
    let moment = matches!(kind, Some(Kind::Timestamp(_) | Kind::TimestampTz(_)));
    match text {
        "CURRENT_TIMESTAMP" | "now()" | "statement_timestamp()" | "clock_timestamp()" | "LOCALTIMESTAMP" if moment => {
            Some(DefaultMeaning::CurrentTimestamp)
        }
        "CURRENT_DATE" if kind == Some(&Kind::Date) => Some(DefaultMeaning::CurrentDate),
        "gen_random_uuid()" => Some(DefaultMeaning::NewUuid),
        text => parse_literal(text, Dialect::Postgres).map(DefaultMeaning::Literal),
    }
}

fn keys(
    session: &mut Session,
    table: &Found,
    check: &dyn Fn(&str, &str) -> SourceCheck,
) -> Result<Vec<SourceKey>, sqlx::Error> {
    let mut keys = Vec::new();
    for key in &table.source.keys {
        let parts = parts(table, key.columns.iter().map(|name| (name, false)));
        let whole = parts.len() == key.columns.len();
        let kind = match key.primary {
            // The rows of children are here too, and no key holds for all of them.
            _ if table.has_children && !is_unique(session, table, &key.columns)? => KeyKind::Index { unique: false },
            true => KeyKind::Primary,
            false => KeyKind::Unique,
        };
        keys.extend(whole.then(|| SourceKey {
            name: key.name.clone(),
            kind,
            parts,
            included: table.positions(&key.included),
            filter: None,
            text: String::new(),
        }));
    }
    for (index, text) in table.source.indexes.iter().zip(&table.index_texts) {
        let columns: Vec<String> = index.columns.iter().map(|column| column.name.clone()).collect();
        let parts = parts(
            table,
            index.columns.iter().map(|column| (&column.name, column.descending)),
        );
        let unique = index.unique && (!table.has_children || is_unique(session, table, &columns)?);
        let whole = parts.len() == index.columns.len();
        keys.extend(whole.then(|| SourceKey {
            name: index.name.clone(),
            kind: KeyKind::Index { unique },
            parts,
            included: table.positions(&index.included),
            filter: index.predicate.as_ref().map(|predicate| check(&index.name, predicate)),
            text: text.clone(),
        }));
    }
    Ok(keys)
}

fn parts<'a>(table: &Found, columns: impl Iterator<Item = (&'a String, bool)>) -> Vec<Part> {
    columns
        .filter_map(|(name, descending)| {
            let column = table.source.columns.iter().position(|column| column.name == *name)?;
            Some(Part { column, descending })
        })
        .collect()
}

fn is_unique(session: &mut Session, table: &Found, columns: &[String]) -> Result<bool, sqlx::Error> {
    let columns: Vec<_> = columns.iter().map(|name| super::session::ident(name)).collect();
    let given: Vec<_> = columns.iter().map(|name| format!("{name} IS NOT NULL")).collect();
    let sql = format!(
        "SELECT 'found' FROM {} WHERE {} GROUP BY {} HAVING count(*) > 1 LIMIT 1",
        table.name(),
        given.join(" AND "),
        columns.join(", ")
    );
    Ok(session.text(&sql, &[])?.is_none())
}

/// What columns are besides values, and are not in the file: collations under which different texts are equal, expressions that
/// compute them, counters of which SQL Server has one for a table.
pub(super) fn weakened(tables: &[Found], described: &[SourceTable]) -> Vec<Weakened> {
    let mut told = Vec::new();
    for (table, described) in tables.iter().zip(described) {
        let folding = table
            .source
            .columns
            .iter()
            .zip(&table.folding)
            .filter(|(_, folding)| **folding);
        told.extend(folding.map(|(column, _)| Weakened {
            kind: ObjectKind::Collation,
            table: table.source.name.clone(),
            name: column.name.clone(),
            what: Weakening::CaseSensitivity,
            text: "deterministic = false".to_owned(),
            first_rows: Vec::new(),
        }));
        for (column, described) in table.source.columns.iter().zip(&described.columns) {
            let (kind, text) = match (&column.generated, &column.counter) {
                (Some(expression), _) => (ObjectKind::GeneratedColumn, expression.clone()),
                (None, Some(Counter::Identity { .. })) if described.identity.is_none() => {
                    (ObjectKind::Identity, "GENERATED AS IDENTITY".to_owned())
                }
                _ => continue,
            };
            told.push(Weakened {
                kind,
                table: table.source.name.clone(),
                name: column.name.clone(),
                what: Weakening::Dropped(DropReason::NoCounterpart),
                text,
                first_rows: Vec::new(),
            });
        }
    }
    told
}

/// Types that are not in the file as such; an import into PostgreSQL makes them again.
pub(super) fn types(types: &[TypeSource]) -> Vec<NotCarried> {
    let one = |found: &TypeSource| {
        let (kind, text) = match &found.kind {
            TypeKind::Enum(labels) => (ObjectKind::Type, format!("ENUM ({})", labels.join(", "))),
            TypeKind::Composite(fields) => {
                let fields: Vec<_> = fields
                    .iter()
                    .map(|(name, sql_type)| format!("{name} {sql_type}"))
                    .collect();
                (ObjectKind::Type, format!("({})", fields.join(", ")))
            }
            TypeKind::Domain {
                base,
                not_null,
                default,
                checks,
            } => {
                let mut text = base.clone();
                text.push_str(if *not_null { " NOT NULL" } else { "" });
                text.push_str(
                    &default
                        .as_ref()
                        .map(|default| format!(" DEFAULT {default}"))
                        .unwrap_or_default(),
                );
                for check in checks {
                    text.push_str(&format!(" CONSTRAINT {} CHECK ({})", check.name, check.expression));
                }
                (ObjectKind::Domain, text)
            }
        };
        NotCarried {
            kind,
            name: format!("{}.{}", found.schema, found.name),
            table: None,
            reason: LeftOut::KeptAsText,
            text,
        }
    };
    types.iter().map(one).collect()
}

/// What an import must tell again; the texts are in a part of their own.
pub(super) fn names_only(left_out: &[NotCarried]) -> Vec<NotCarried> {
    let told = left_out.iter().filter(|object| object.reason != LeftOut::KeptAsText);
    told.map(|object| NotCarried {
        text: String::new(),
        ..object.clone()
    })
    .collect()
}
