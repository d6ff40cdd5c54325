//! What a BACPAC of a PostgreSQL database does not have: programs, views, rules of access, indexes of other kinds. Each is listed
//! with its text, and all texts together become a part of the file that loaders pass over.
use super::catalog::{OF_USERS, PLAIN_INDEX};
use super::session::Session;
use domain::export_log::{LeftOut, NotCarried, ObjectKind};

/// Not brought by an extension. Functions and casts are also inside types that need them; tables depend on themselves.
fn own(class: &str, oid: &str) -> String {
    let kinds = match class {
        "pg_proc" | "pg_cast" => "'e', 'i'",
        _ => "'e'",
    };
    format!(
        "NOT EXISTS (SELECT FROM pg_depend
                     WHERE classid = '{class}'::regclass AND objid = {oid} AND pg_depend.deptype IN ({kinds}))"
    )
}

/// A kind of object with the query that lists name, table and text of each.
fn queries() -> Vec<(ObjectKind, LeftOut, String)> {
    use LeftOut::{Internal, NoCounterpart, NotRun};
    let in_class = own("pg_class", "pg_class.oid");
    let class = |kinds: &str, text: &str| {
        format!(
            "SELECT nspname || '.' || relname, NULL, {text}
             FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
             WHERE relkind IN ({kinds}) AND relpersistence <> 't' AND {OF_USERS} AND {in_class}"
        )
    };
    let view = |kind: &str, word: &str| {
        class(
            kind,
            &format!(
                "'CREATE {word} ' || quote_ident(nspname) || '.' || quote_ident(relname) || E' AS\\n' || pg_get_viewdef(pg_class.oid)"
            ),
        )
    };
    let routine = |kinds: &str| {
        format!(
            "SELECT nspname || '.' || proname || '(' || pg_get_function_identity_arguments(pg_proc.oid) || ')', NULL,
                    CASE WHEN prokind <> 'a' THEN pg_get_functiondef(pg_proc.oid) ELSE 'AGGREGATE' END
             FROM pg_proc JOIN pg_namespace ON pg_namespace.oid = pronamespace
             WHERE prokind IN ({kinds}) AND {OF_USERS} AND {}",
            own("pg_proc", "pg_proc.oid")
        )
    };
    // Something of a table, given by the column that names the table.
    let of_table = |name: &str, text: &str, from: &str, relation: &str, condition: &str| {
        format!(
            "SELECT {name}, nspname || '.' || owner.relname, {text}
             FROM {from} JOIN pg_class AS owner ON owner.oid = {relation}
             JOIN pg_namespace ON pg_namespace.oid = owner.relnamespace
             WHERE {OF_USERS} AND {condition} AND {}",
            own("pg_class", "owner.oid")
        )
    };
    let index = |condition: &str| {
        of_table(
            "pg_class.relname",
            "pg_get_indexdef(indexrelid)",
            "pg_index JOIN pg_class ON pg_class.oid = indexrelid JOIN pg_am ON pg_am.oid = pg_class.relam",
            "indrelid",
            &format!(
                "{condition} AND NOT owner.relispartition
                 AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid AND contype = 'x')"
            ),
        )
    };
    let named = |catalog: &str, name: &str, text: &str| {
        format!(
            "SELECT {name}, NULL, {text} FROM {catalog} WHERE {}",
            own(catalog, &format!("{catalog}.oid"))
        )
    };
    let of_schema = |catalog: &str, prefix: &str, name: &str, text: &str, condition: &str| {
        format!(
            "SELECT nspname || '.' || {name}, NULL, {text} FROM {catalog}
             JOIN pg_namespace ON pg_namespace.oid = {prefix}namespace WHERE {OF_USERS} AND {condition} AND {}",
            own(catalog, &format!("{catalog}.oid"))
        )
    };
    vec![
        (ObjectKind::Extension, NoCounterpart, "SELECT extname, NULL, 'VERSION ' || extversion FROM pg_extension WHERE extname <> 'plpgsql'".to_owned()),
        (
            ObjectKind::Type,
            NoCounterpart,
            of_schema("pg_type", "typ", "typname", "format_type(pg_type.oid, NULL)", "typtype IN ('b', 'r') AND typcategory <> 'A'"),
        ),
        (ObjectKind::Collation, NoCounterpart, of_schema("pg_collation", "coll", "collname", "concat_ws(', ', 'PROVIDER ' || collprovider::text, 'LOCALE ' || coalesce(to_jsonb(pg_collation) ->> 'colllocale', to_jsonb(pg_collation) ->> 'colliculocale', collcollate))", "true")),
        (ObjectKind::View, NotRun, view("'v'", "VIEW")),
        (ObjectKind::MaterializedView, NotRun, view("'m'", "MATERIALIZED VIEW")),
        (ObjectKind::ForeignTable, NoCounterpart, class("'f'", "''")),
        (ObjectKind::Function, NotRun, routine("'f', 'w', 'a'")),
        (ObjectKind::Procedure, NotRun, routine("'p'")),
        (
            ObjectKind::Trigger,
            NotRun,
            of_table("tgname", "pg_get_triggerdef(pg_trigger.oid)", "pg_trigger", "tgrelid", "NOT tgisinternal AND NOT owner.relispartition"),
        ),
        (ObjectKind::Trigger, NotRun, named("pg_event_trigger", "evtname", "'EVENT TRIGGER ON ' || evtevent || ' EXECUTE FUNCTION ' || evtfoid::regproc::text")),
        (
            ObjectKind::Rule,
            NotRun,
            of_table("rulename", "pg_get_ruledef(pg_rewrite.oid)", "pg_rewrite", "ev_class", "rulename <> '_RETURN'"),
        ),
        (
            ObjectKind::Policy,
            NoCounterpart,
            of_table(
                "polname",
                "'FOR ' || CASE polcmd WHEN 'r' THEN 'SELECT' WHEN 'a' THEN 'INSERT' WHEN 'w' THEN 'UPDATE' WHEN 'd' THEN 'DELETE' ELSE 'ALL' END || coalesce(' USING (' || pg_get_expr(polqual, polrelid) || ')', '')
                  || coalesce(' WITH CHECK (' || pg_get_expr(polwithcheck, polrelid) || ')', '')",
                "pg_policy",
                "polrelid",
                "true",
            ),
        ),
        (ObjectKind::ExpressionIndex, NoCounterpart, index("indexprs IS NOT NULL")),
        (ObjectKind::MethodIndex, NoCounterpart, index(&format!("indexprs IS NULL AND NOT ({PLAIN_INDEX})"))),
        (ObjectKind::Index, NoCounterpart, index(&format!("{PLAIN_INDEX} AND NOT indisvalid AND owner.relkind <> 'p'"))),
        (
            ObjectKind::ExclusionConstraint,
            NoCounterpart,
            of_table("conname", "pg_get_constraintdef(pg_constraint.oid)", "pg_constraint", "conrelid", "contype = 'x' AND conparentid = 0"),
        ),
        (
            ObjectKind::Statistics,
            NoCounterpart,
            of_table("stxname", "pg_get_statisticsobjdef(pg_statistic_ext.oid)", "pg_statistic_ext", "stxrelid", "true"),
        ),
        (
            ObjectKind::Other,
            NoCounterpart,
            of_table(
                "'partitions'",
                "'PARTITION BY ' || pg_get_partkeydef(owner.oid) || E'\\n' || coalesce((
                     SELECT string_agg(part.relname || ' ' || pg_get_expr(part.relpartbound, part.oid), E'\\n' ORDER BY part.relname)
                     FROM pg_inherits JOIN pg_class AS part ON part.oid = inhrelid WHERE inhparent = owner.oid), '')",
                "pg_partitioned_table",
                "partrelid",
                "true",
            ),
        ),
        (
            ObjectKind::Table,
            NoCounterpart,
            of_table(
                "owner.relname",
                "'INHERITS (' || inhparent::regclass::text || '): its rows are in there; columns of its own: ' || coalesce((
                     SELECT string_agg(attname, ', ' ORDER BY attnum) FROM pg_attribute
                     WHERE attrelid = owner.oid AND attnum > 0 AND NOT attisdropped AND attinhcount = 0), 'none')",
                "pg_inherits",
                "inhrelid",
                "NOT owner.relispartition AND owner.relkind = 'r'",
            ),
        ),
        (
            ObjectKind::Table,
            NoCounterpart,
            class(
                "'r', 'p'",
                "'it has no column'",
            ) + " AND NOT EXISTS (SELECT FROM pg_attribute WHERE attrelid = pg_class.oid AND attnum > 0 AND NOT attisdropped)",
        ),
        (
            ObjectKind::Table,
            Internal,
            format!(
                "SELECT nspname || '.' || relname, NULL, 'of an extension'
                 FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
                 WHERE relkind IN ('r', 'p') AND {OF_USERS} AND NOT ({in_class})"
            ),
        ),
        (
            ObjectKind::Other,
            NoCounterpart,
            class("'r', 'p'", "'UNLOGGED'") + " AND relpersistence = 'u'",
        ),
        (
            ObjectKind::Other,
            NoCounterpart,
            class("'r', 'p'", "'ROW LEVEL SECURITY'") + " AND relrowsecurity",
        ),
        (
            ObjectKind::LargeObject,
            NoCounterpart,
            "SELECT count(*) || ' large objects', NULL, '' FROM pg_largeobject_metadata HAVING count(*) > 0".to_owned(),
        ),
        (ObjectKind::Other, NoCounterpart, named("pg_publication", "pubname", "'PUBLICATION'")),
        (ObjectKind::Other, NoCounterpart, named("pg_foreign_server", "srvname", "'FOREIGN SERVER'")),
        (
            ObjectKind::Other,
            NoCounterpart,
            format!(
                "SELECT castsource::regtype::text || ' to ' || casttarget::regtype::text, NULL, 'CAST' FROM pg_cast
                 WHERE pg_cast.oid >= 16384 AND {}",
                own("pg_cast", "pg_cast.oid")
            ),
        ),
        (ObjectKind::Other, NoCounterpart, of_schema("pg_operator", "opr", "oprname", "'OPERATOR ' || pg_operator.oid::regoperator::text", "true")),
        (
            ObjectKind::Comment,
            NoCounterpart,
            format!(
                "SELECT identity, NULL, description FROM pg_description,
                        pg_identify_object(classoid, objoid, objsubid) AS named (type, schema, name, identity)
                 WHERE objoid >= 16384 AND classoid <> 'pg_extension'::regclass AND (schema IS NULL OR schema NOT IN ('pg_catalog', 'information_schema'))
                   AND {}",
                own("pg_description.classoid::regclass::text", "objoid").replace("'pg_description.classoid::regclass::text'::regclass", "pg_description.classoid")
            ),
        ),
    ]
}

/// Everything that is left out, in one order.
pub(super) fn list(session: &mut Session) -> Result<Vec<NotCarried>, sqlx::Error> {
    let mut found = Vec::new();
    for (kind, reason, sql) in queries() {
        let sql = format!(
            "SELECT listed.name::text, listed.owner::text, listed.text::text FROM ({sql}) AS listed (name, owner, text)
             ORDER BY 2 NULLS FIRST, 1"
        );
        // A view of which something is missing cannot be said; the rows do not depend on it.
        let rows = match session.attempt(|session| session.rows(&sql, &[]))? {
            Ok(rows) => rows,
            Err(error) => vec![vec![Some("?".to_owned()), None, Some(super::message(&error))]],
        };
        for row in rows {
            let mut fields = row.into_iter();
            found.push(NotCarried {
                kind,
                name: fields.next().flatten().unwrap_or_default(),
                table: fields.next().flatten(),
                reason,
                text: fields.next().flatten().unwrap_or_default(),
            });
        }
    }
    Ok(found)
}

/// The texts one below the other, for `SourceSchema/source.sql`.
pub(super) fn script(left_out: &[NotCarried]) -> Option<String> {
    let mut script = String::new();
    for object in left_out.iter().filter(|object| !object.text.is_empty()) {
        let of = object
            .table
            .as_ref()
            .map(|table| format!(" of {table}"))
            .unwrap_or_default();
        let title = format!("{:?} {}{of}", object.kind, object.name).replace(['\n', '\r'], " ");
        script.push_str(&format!(
            "-- {title}\n{};\n\n",
            object.text.trim_end().trim_end_matches(';')
        ));
    }
    (!script.is_empty()).then_some(script)
}
