//! The tables of a database as its catalog has them: columns, counters, keys, conditions, indexes, foreign keys. It reads no
//! rows.
use super::kinds::{Catalog, Meaning, checks};
use super::session::{Session, TextRow, literal, qualified};
use super::source::{
    ColumnSource, Counter, ForeignKeySource, IndexColumn, IndexSource, KeySource, OnChange, SequenceSource, TableSource,
};
use std::collections::HashMap;

/// A table with what its columns mean.
pub(super) struct Found {
    pub(super) source: TableSource,
    /// By column.
    pub(super) meanings: Vec<Meaning>,
    /// By column: whether texts that are not the same may be equal.
    pub(super) folding: Vec<bool>,
    /// Children whose rows are here too: the keys of the table do not hold for them.
    pub(super) has_children: bool,
    /// The foreign keys as the server says them, in the order of the source's.
    pub(super) key_texts: Vec<String>,
    pub(super) index_texts: Vec<String>,
}

impl Found {
    /// As SQL takes it.
    pub(super) fn name(&self) -> String {
        qualified(&self.source.schema, &self.source.name)
    }

    /// Positions of columns, of as many as there are.
    pub(super) fn positions(&self, names: &[String]) -> Vec<usize> {
        let position = |name: &String| self.source.columns.iter().position(|column| column.name == *name);
        names.iter().filter_map(position).collect()
    }
}

/// What is no table of the database's own.
pub(super) const OF_USERS: &str = "nspname NOT IN ('pg_catalog', 'information_schema') AND nspname !~ '^pg_'";

fn flag(field: Option<String>) -> bool {
    field.is_some_and(|text| text == "true")
}

fn names(field: Option<String>) -> Vec<String> {
    field
        .and_then(|json| serde_json::from_str(&json).ok())
        .unwrap_or_default()
}

/// Every table with columns, partitions and children inside their parents; locked against changes of its shape.
pub(super) fn tables(session: &mut Session, catalog: &Catalog) -> Result<Vec<Found>, sqlx::Error> {
    let listed = session.rows(
        &format!(
            "SELECT pg_class.oid::text, nspname::text, relname::text,
                    (relkind = 'r' AND EXISTS (SELECT FROM pg_inherits WHERE inhparent = pg_class.oid))::text
             FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
             WHERE relkind IN ('r', 'p') AND relpersistence <> 't' AND {OF_USERS}
               AND NOT EXISTS (SELECT FROM pg_inherits WHERE inhrelid = pg_class.oid)
               AND NOT EXISTS (SELECT FROM pg_depend
                               WHERE classid = 'pg_class'::regclass AND objid = pg_class.oid AND deptype = 'e')
               AND EXISTS (SELECT FROM pg_attribute
                           WHERE attrelid = pg_class.oid AND attnum > 0 AND NOT attisdropped)
             ORDER BY nspname COLLATE \"C\", relname COLLATE \"C\""
        ),
        &[],
    )?;
    let mut found = Vec::new();
    for row in listed {
        let mut fields = row.into_iter();
        let mut next = || fields.next().flatten().unwrap_or_default();
        let (oid, schema, name, has_children) = (next(), next(), next(), next());
        session.execute(&format!(
            "LOCK TABLE {} IN ACCESS SHARE MODE",
            qualified(&schema, &name)
        ))?;
        let mut table = Found {
            source: TableSource {
                schema,
                name,
                ..TableSource::default()
            },
            meanings: Vec::new(),
            folding: Vec::new(),
            has_children: has_children == "true",
            key_texts: Vec::new(),
            index_texts: Vec::new(),
        };
        columns(session, &oid, catalog, &mut table)?;
        keys(session, &oid, &mut table.source)?;
        foreign_keys(session, &oid, &mut table)?;
        indexes(session, &oid, &mut table)?;
        found.push(table);
    }
    Ok(found)
}

fn columns(session: &mut Session, oid: &str, catalog: &Catalog, table: &mut Found) -> Result<(), sqlx::Error> {
    let rows = session.rows(
        "SELECT attname::text, format_type(atttypid, atttypmod), atttypid::text, atttypmod::text, attnotnull::text,
                attidentity::text, attgenerated::text, pg_get_expr(adbin, adrelid),
                CASE WHEN attcollation <> typcollation AND collnamespace = 'pg_catalog'::regnamespace THEN collname END::text,
                CASE WHEN attcollation <> typcollation AND collnamespace <> 'pg_catalog'::regnamespace
                     THEN collnamespace::regnamespace || '.' || collname END::text,
                (NOT coalesce(collisdeterministic, true))::text,
                (SELECT json_build_array(nspname, relname, pg_depend.deptype)
                 FROM pg_depend JOIN pg_class ON pg_class.oid = objid JOIN pg_namespace ON pg_namespace.oid = relnamespace
                 WHERE pg_depend.classid = 'pg_class'::regclass AND refclassid = 'pg_class'::regclass
                   AND refobjid = attrelid AND refobjsubid = attnum AND deptype IN ('a', 'i') AND relkind = 'S'
                 LIMIT 1)::text,
                (SELECT json_agg(json_build_array(nspname, relname))
                 FROM pg_depend JOIN pg_class ON pg_class.oid = refobjid JOIN pg_namespace ON pg_namespace.oid = relnamespace
                 WHERE pg_depend.classid = 'pg_attrdef'::regclass AND objid = pg_attrdef.oid
                   AND refclassid = 'pg_class'::regclass AND relkind = 'S')::text
         FROM pg_attribute JOIN pg_type ON pg_type.oid = atttypid
         LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
         LEFT JOIN pg_collation ON pg_collation.oid = attcollation
         WHERE attrelid = $1::oid AND attnum > 0 AND NOT attisdropped ORDER BY attnum",
        &[oid],
    )?;
    for row in rows {
        let mut next = fields(row);
        let name = next().unwrap_or_default();
        let sql_type = next().unwrap_or_default();
        let number = |field: Option<String>| field.and_then(|text| text.parse::<i64>().ok()).unwrap_or_default();
        let (type_oid, modifier) = (number(next()) as u32, number(next()) as i32);
        let not_null = flag(next());
        let identity = next().unwrap_or_default();
        let generated = next().unwrap_or_default();
        let expression = next();
        let (collation, own_collation) = (next(), next());
        let folding = flag(next());
        let owned: Option<[String; 3]> = next().and_then(|json| serde_json::from_str(&json).ok());
        let used: Vec<[String; 2]> = next()
            .and_then(|json| serde_json::from_str(&json).ok())
            .unwrap_or_default();
        let mut column = ColumnSource {
            in_file: String::new(),
            name,
            sql_type,
            not_null,
            collation,
            own_collation,
            ..ColumnSource::default()
        };
        let is_next = |expression: &String| {
            expression.starts_with("nextval('")
                && expression.ends_with("'::regclass)")
                && expression.matches('\'').count() == 2
        };
        match (identity.as_str(), &owned) {
            ("a" | "d", Some([schema, name, _])) => {
                column.counter = sequence(session, schema, name)?.map(|sequence| Counter::Identity {
                    always: identity == "a",
                    sequence,
                });
            }
            _ if !generated.is_empty() => column.generated = expression,
            _ => match (expression, used.as_slice()) {
                (Some(default), [[schema, name]]) if is_next(&default) => {
                    let is_owned = owned
                        .as_ref()
                        .is_some_and(|[own, found, _]| own == schema && found == name);
                    column.counter = Some(Counter::Sequence {
                        schema: schema.clone(),
                        name: name.clone(),
                        owned: is_owned,
                    });
                }
                (expression, _) => column.default = expression,
            },
        }
        table.source.columns.push(column);
        table.meanings.push(catalog.meaning(type_oid, modifier));
        table.folding.push(folding);
    }
    Ok(())
}

/// One sequence with the state that it has now: sequences are outside of every snapshot.
pub(super) fn sequence(session: &mut Session, schema: &str, name: &str) -> Result<Option<SequenceSource>, sqlx::Error> {
    let place = qualified(schema, name);
    let rows = session.rows(
        &format!(
            "SELECT format_type(seqtypid, NULL), seqstart::text, seqincrement::text, seqmin::text, seqmax::text,
                    seqcache::text, seqcycle::text, last_value::text, is_called::text
             FROM pg_sequence, {place} WHERE seqrelid = {}::regclass",
            literal(&place)
        ),
        &[],
    )?;
    let Some(row) = rows.into_iter().next() else {
        return Ok(None);
    };
    let mut fields = row.into_iter();
    let mut next = || fields.next().flatten().unwrap_or_default();
    let sql_type = next();
    let mut number = || next().parse::<i64>().unwrap_or_default();
    let (start, increment, minimum, maximum, cache) = (number(), number(), number(), number(), number());
    let cycles = next() == "true";
    let last = next().parse().unwrap_or_default();
    let called = next() == "true";
    Ok(Some(SequenceSource {
        schema: schema.to_owned(),
        name: name.to_owned(),
        sql_type,
        start,
        increment,
        minimum,
        maximum,
        cache,
        cycles,
        last,
        called,
    }))
}

/// Sequences that no identity column has inside it.
pub(super) fn sequences(session: &mut Session) -> Result<Vec<SequenceSource>, sqlx::Error> {
    let rows = session.rows(
        &format!(
            "SELECT nspname::text, relname::text FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
             WHERE relkind = 'S' AND relpersistence <> 't' AND {OF_USERS}
               AND NOT EXISTS (SELECT FROM pg_depend
                               WHERE classid = 'pg_class'::regclass AND objid = pg_class.oid AND deptype IN ('e', 'i'))
             ORDER BY nspname COLLATE \"C\", relname COLLATE \"C\""
        ),
        &[],
    )?;
    let mut found = Vec::new();
    for row in rows {
        if let [Some(schema), Some(name)] = row.as_slice() {
            found.extend(sequence(session, schema, name)?);
        }
    }
    Ok(found)
}

/// The names of the columns whose numbers a list of the catalog has.
/// The fields of a row, one after another; those that are NULL, and those beyond the last, are none.
fn fields(row: TextRow) -> impl FnMut() -> Option<String> {
    let mut fields = row.into_iter();
    move || fields.next().flatten()
}

fn named(list: &str, relation: &str) -> String {
    format!(
        "(SELECT json_agg(attname ORDER BY place) FROM unnest({list}) WITH ORDINALITY AS listed (number, place)
          JOIN pg_attribute ON attrelid = {relation} AND attnum = number)::text"
    )
}

fn keys(session: &mut Session, oid: &str, table: &mut TableSource) -> Result<(), sqlx::Error> {
    let rows = session.rows(
        &format!(
            "SELECT conname::text, (contype = 'p')::text, {}, {}, (to_jsonb(pg_index) ->> 'indnullsnotdistinct'),
                    condeferrable::text, condeferred::text
             FROM pg_constraint JOIN pg_index ON indexrelid = conindid
             WHERE conrelid = $1::oid AND contype IN ('p', 'u') ORDER BY contype, conname COLLATE \"C\"",
            named("conkey", "conrelid"),
            named("(indkey::int2[])[indnkeyatts:indnatts - 1]", "indrelid"),
        ),
        &[oid],
    )?;
    for row in rows {
        let mut next = fields(row);
        table.keys.push(KeySource {
            name: next().unwrap_or_default(),
            primary: flag(next()),
            columns: names(next()),
            included: names(next()),
            nulls_equal: flag(next()),
            deferrable: flag(next()),
            deferred: flag(next()),
        });
    }
    let found = session.text(
        "SELECT json_agg(json_build_array(conname, pg_get_expr(conbin, conrelid), convalidated::text)
                         ORDER BY conname COLLATE \"C\")::text
         FROM pg_constraint WHERE conrelid = $1::oid AND contype = 'c'",
        &[oid],
    )?;
    table.checks = checks(found.as_deref());
    Ok(())
}

fn action(letter: Option<String>) -> OnChange {
    match letter.as_deref() {
        Some("r") => OnChange::Restrict,
        Some("c") => OnChange::Cascade,
        Some("n") => OnChange::SetNull,
        Some("d") => OnChange::SetDefault,
        _ => OnChange::NoAction,
    }
}

fn foreign_keys(session: &mut Session, oid: &str, table: &mut Found) -> Result<(), sqlx::Error> {
    let rows = session.rows(
        &format!(
            "SELECT conname::text, {}, nspname::text, relname::text, {}, confdeltype::text, confupdtype::text,
                    (SELECT json_agg(attname) FROM jsonb_array_elements_text(
                         CASE jsonb_typeof(to_jsonb(pg_constraint) -> 'confdelsetcols')
                              WHEN 'array' THEN to_jsonb(pg_constraint) -> 'confdelsetcols' END) AS listed (number)
                     JOIN pg_attribute ON attrelid = conrelid AND attnum = number::int2)::text,
                    (confmatchtype = 'f')::text, condeferrable::text, condeferred::text, convalidated::text,
                    pg_get_constraintdef(pg_constraint.oid)
             FROM pg_constraint JOIN pg_class ON pg_class.oid = confrelid JOIN pg_namespace ON pg_namespace.oid = relnamespace
             WHERE conrelid = $1::oid AND contype = 'f' AND conparentid = 0 ORDER BY conname COLLATE \"C\"",
            named("conkey", "conrelid"),
            named("confkey", "confrelid"),
        ),
        &[oid],
    )?;
    for row in rows {
        let mut next = fields(row);
        table.source.foreign_keys.push(ForeignKeySource {
            name: next().unwrap_or_default(),
            columns: names(next()),
            schema: next().unwrap_or_default(),
            table: next().unwrap_or_default(),
            foreign_columns: names(next()),
            on_delete: action(next()),
            on_update: action(next()),
            delete_columns: names(next()),
            full: flag(next()),
            deferrable: flag(next()),
            deferred: flag(next()),
            valid: flag(next()),
        });
        table.key_texts.push(next().unwrap_or_default());
    }
    Ok(())
}

/// Ordered indexes on columns; every other is left out elsewhere.
pub(super) const PLAIN_INDEX: &str = "amname = 'btree' AND indexprs IS NULL";

fn indexes(session: &mut Session, oid: &str, table: &mut Found) -> Result<(), sqlx::Error> {
    let rows = session.rows(
        &format!(
            "SELECT relname::text, {}, {}, array_to_json(indoption::int2[])::text,
                    (SELECT json_agg(CASE WHEN opcdefault OR opcnamespace <> 'pg_catalog'::regnamespace THEN '' ELSE opcname END
                                     ORDER BY place)
                     FROM unnest(indclass::oid[]) WITH ORDINALITY AS listed (class, place)
                     JOIN pg_opclass ON pg_opclass.oid = class)::text,
                    indisunique::text, (to_jsonb(pg_index) ->> 'indnullsnotdistinct'), pg_get_expr(indpred, indrelid),
                    pg_get_indexdef(indexrelid)
             FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid JOIN pg_am ON pg_am.oid = relam
             WHERE indrelid = $1::oid AND {PLAIN_INDEX} AND indisvalid
               AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid AND contype IN ('p', 'u', 'x'))
             ORDER BY relname COLLATE \"C\"",
            named("(indkey::int2[])[0:indnkeyatts - 1]", "indrelid"),
            named("(indkey::int2[])[indnkeyatts:indnatts - 1]", "indrelid"),
        ),
        &[oid],
    )?;
    for row in rows {
        let mut next = fields(row);
        let name = next().unwrap_or_default();
        let (columns, included) = (names(next()), names(next()));
        let options: Vec<u16> = next()
            .and_then(|json| serde_json::from_str(&json).ok())
            .unwrap_or_default();
        let classes = names(next());
        let columns = columns.into_iter().enumerate().map(|(at, name)| {
            let options = options.get(at).copied().unwrap_or_default();
            IndexColumn {
                name,
                descending: options & 1 != 0,
                nulls_first: options & 2 != 0,
                class: classes.get(at).filter(|class| !class.is_empty()).cloned(),
            }
        });
        table.source.indexes.push(IndexSource {
            name,
            columns: columns.collect(),
            included,
            unique: flag(next()),
            nulls_equal: flag(next()),
            predicate: next(),
        });
        table.index_texts.push(next().unwrap_or_default());
    }
    Ok(())
}

/// Tables by schema and name.
pub(super) fn places(tables: &[Found]) -> HashMap<(String, String), usize> {
    let place = |(at, table): (usize, &Found)| ((table.source.schema.clone(), table.source.name.clone()), at);
    tables.iter().enumerate().map(place).collect()
}
