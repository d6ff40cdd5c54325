//! Files that say they are ours and are not: nothing in them is run, and what they ask for is told.

use crate::round_trip::options;
use crate::server::Server;
use bacpac::{ExtendedProperty, FileWriter, Limits, Model, Package, Value, WriterOptions};
use domain::export_log::{ImportReport, ImportWarning, ObjectKind};
use interchange::{ImportError, postgres};
use std::fs::File;
use std::path::PathBuf;

const HONEST: &str = "
    CREATE DOMAIN d AS integer DEFAULT 4 CHECK (VALUE < 100);
    CREATE TABLE t (a integer CONSTRAINT held CHECK (a > 1), b text DEFAULT 'x5', c integer GENERATED ALWAYS AS (a * 2) STORED, d d, e integer[]);
    CREATE INDEX positive ON t (a) WHERE a > 3;
    INSERT INTO t (a, d, e) VALUES (5, 6, '{7}');";

struct Forger<'a> {
    server: &'a Server,
    model: Model,
    rows: Vec<Vec<Value>>,
    made: usize,
}

impl<'a> Forger<'a> {
    fn new(server: &'a Server) -> Self {
        server.create("honest");
        server.run("honest", HONEST);
        let file = server.file("honest.bacpac");
        postgres::export(&server.settings("honest"), &file, &options(), &|_, _| true).unwrap();
        let mut package = Package::open(File::open(file).unwrap(), &Limits::default()).unwrap();
        let model = package.model().clone();
        let mut rows = Vec::new();
        package.verify(|_, row| rows.push(row.to_vec())).unwrap();
        Self {
            server,
            model,
            rows,
            made: 0,
        }
    }

    /// The honest file with one text of its schema replaced.
    fn forge(&mut self, model: &Model) -> PathBuf {
        self.made += 1;
        let path = self.server.file(&format!("forged{}.bacpac", self.made));
        let mut file = FileWriter::create(&path, model, WriterOptions::default()).unwrap();
        for row in &self.rows {
            file.row(0, row).unwrap();
        }
        file.finish().unwrap();
        path
    }

    fn replaced(&self, honest: &str, forged: &str) -> Model {
        let mut model = self.model.clone();
        let property = model
            .extended_properties
            .iter_mut()
            .find(|property| property.name == "SourceSchema1")
            .unwrap();
        let text = property.value().unwrap();
        let quoted = |text: &str| serde_json::to_string(text).unwrap();
        let (honest, forged) = (quoted(honest), quoted(forged));
        let (honest, forged) = (&honest[1..honest.len() - 1], &forged[1..forged.len() - 1]);
        assert!(text.contains(honest), "{honest} in {text}");
        let text = text.replace(honest, forged);
        *property = ExtendedProperty::text(ExtendedProperty::database_host(), "SourceSchema1", &text).unwrap();
        model
    }

    /// What became of it in a database that has functions for the taking.
    fn import(&mut self, model: &Model) -> (String, Result<ImportReport, ImportError>) {
        let path = self.forge(model);
        let database = format!("forged{}", self.made);
        let settings = self.server.create(&database);
        self.server.run(
            &database,
            "CREATE FUNCTION public.evil(integer) RETURNS integer LANGUAGE plpgsql IMMUTABLE AS
             $$ BEGIN PERFORM lo_create(4711); RETURN $1; END $$;
             CREATE OPERATOR public.@@@ (FUNCTION = public.evil, RIGHTARG = integer);
             CREATE FUNCTION public.to_int(text) RETURNS integer LANGUAGE plpgsql IMMUTABLE AS
             $$ BEGIN PERFORM lo_create(4712); RETURN 1; END $$;
             CREATE FUNCTION public.to_bool(oid) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS
             $$ BEGIN PERFORM lo_create(4713); RETURN true; END $$;
             CREATE CAST (oid AS boolean) WITH FUNCTION public.to_bool(oid) AS IMPLICIT;
             CREATE CAST (text AS integer) WITH FUNCTION public.to_int(text) AS ASSIGNMENT",
        );
        let result = postgres::import(&path, &settings, &Limits::default(), &|_, _| true);
        (database, result)
    }
}

/// Expressions that may not be part of a database; `{a}` is a number to speak of.
const HOSTILE: [&str; 18] = [
    "lo_create(4711) > 0",
    "public.evil({a}) > 0",
    "OPERATOR(public.@@@) {a} > 0",
    "{a} > 0 AND lo_create((4711)::oid)::integer > 0",
    "({a})::oid",
    "pg_sleep(0) IS NOT NULL",
    "{a} > (SELECT lo_create(4711)::integer)",
    "true) , ADD COLUMN evil text DEFAULT lo_create(4711), ADD CHECK (true",
    "true); SELECT lo_create(4711); SELECT (true",
    "true), c text DEFAULT (lo_create(4711)::text), CHECK (true",
    "{a} > 0 -- ",
    "{a} = E'\\'' OR ('a' = '",
    "query_to_xml('SELECT lo_create(4711)', true, true, '') IS NOT NULL",
    "current_user = 'x'",
    "nextval('t'::regclass) > 0",
    "{a} > (random() * 3)",
    "(ROW({a}, lo_create(4711))).f1 > 0",
    "'7'::text",
];

#[test]
fn nothing_in_a_forged_file_is_run() {
    let Some(server) = Server::start() else { return };
    let mut forger = Forger::new(&server);
    for hostile in HOSTILE {
        let of = |what: &str| hostile.replace("{a}", what);
        let mut model = forger.replaced("(a > 1)", &of("a"));
        for (honest, forged) in [
            (json("(a * 2)"), json(&of("a"))),
            (json("'x5'::text"), json(&of("1"))),
            (json("(a > 3)"), json(&of("a"))),
            (json("(VALUE < 100)"), json(&of("VALUE"))),
            (
                "\"default\":\"4\"".to_owned(),
                format!("\"default\":{}", json(&of("1"))),
            ),
        ] {
            model = raw(&model, &honest, &forged);
        }
        let (database, result) = forger.import(&model);
        let report = result.unwrap_or_else(|error| panic!("{hostile}: {error}"));
        assert!(report.restored);
        let mut expected = vec![
            (ObjectKind::Check, "held"),
            (ObjectKind::Index, "positive"),
            (ObjectKind::Check, "d_check"),
        ];
        match hostile {
            // A number is what the column computes: nothing is wrong with it.
            "({a})::oid" => {}
            _ => expected.push((ObjectKind::GeneratedColumn, "c")),
        }
        // A default may be random, or who is connected; a text is an honest one.
        match hostile {
            "({a})::oid" => expected.push((ObjectKind::Default, "b")),
            "'7'::text" => expected.push((ObjectKind::Default, "")),
            "{a} > (random() * 3)" | "current_user = 'x'" => {}
            _ => expected.extend([(ObjectKind::Default, "b"), (ObjectKind::Default, "")]),
        }
        for (kind, name) in expected {
            let told = report
                .weakened
                .iter()
                .any(|told| told.kind == kind && told.name == name);
            assert!(told, "{kind:?} {name} {hostile}: {:#?}", report.weakened);
        }
        let counted = |sql: &str| server.text(&database, sql).unwrap();
        assert_eq!(
            counted("SELECT count(*)::text FROM pg_largeobject_metadata"),
            "0",
            "{hostile}"
        );
        let columns = "SELECT count(*)::text FROM pg_attribute WHERE attrelid = 'public.t'::regclass AND attnum > 0";
        assert_eq!(counted(columns), "5", "{hostile}");
        // What the server says of the rules that are there has none of the calls.
        let rest = server.rows(
            &database,
            "SELECT pg_get_expr(adbin, adrelid) FROM pg_attrdef UNION ALL
             SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE connamespace = 'public'::regnamespace UNION ALL
             SELECT pg_get_expr(indpred, indrelid) FROM pg_index WHERE indpred IS NOT NULL",
        );
        for text in rest.into_iter().flatten().flatten() {
            assert!(
                !["evil", "lo_create", "@@@", "pg_sleep", "xml", "to_int"]
                    .iter()
                    .any(|call| text.contains(call)),
                "{text}"
            );
        }
        assert_eq!(server.table_rows(&database, "public.t", "a, b, d, e").len(), 1);
    }
}

fn json(text: &str) -> String {
    serde_json::to_string(text).unwrap()
}

/// The honest schema with a piece of its JSON replaced.
fn raw(model: &Model, honest: &str, forged: &str) -> Model {
    let mut model = model.clone();
    let property = model
        .extended_properties
        .iter_mut()
        .find(|property| property.name == "SourceSchema1")
        .unwrap();
    let text = property.value().unwrap();
    assert!(text.contains(honest), "{honest} in {text}");
    let text = text.replace(honest, forged);
    *property = ExtendedProperty::text(ExtendedProperty::database_host(), "SourceSchema1", &text).unwrap();
    model
}

#[test]
fn a_file_that_lies_of_its_types_becomes_what_its_rows_are() {
    let Some(server) = Server::start() else { return };
    let mut forger = Forger::new(&server);
    for (honest, forged) in [
        ("\"sql_type\":\"integer\"", "\"sql_type\":\"uuid\""),
        ("\"sql_type\":\"integer[]\"", "\"sql_type\":\"inet[]\""),
        (
            "\"sql_type\":\"integer[]\"",
            "\"sql_type\":\"integer DEFAULT lo_create(4711)\"",
        ),
        ("\"sql_type\":\"integer[]\"", "\"sql_type\":\"public.nowhere\""),
        ("\"base\":\"integer\"", "\"base\":\"date\""),
        ("\"sql_type\":\"integer[]\"", "\"sql_type\":\"public.d[]\""),
    ] {
        let model = raw(&forger.model, honest, forged);
        let (database, result) = forger.import(&model);
        let report = result.unwrap_or_else(|error| panic!("{forged}: {error}"));
        let rows: u64 = report.tables.iter().map(|table| table.rows).sum();
        assert_eq!(rows, 1, "{forged}");
        let found = server.table_rows(&database, "public.t", "a, d");
        assert_eq!(found, [[Some("5".to_owned()), Some("6".to_owned())]], "{forged}");
    }
    // Tables that are no longer those: counterparts, and the types that columns name themselves.
    let model = raw(&forger.model, "\"in_file\":\"a\"", "\"in_file\":\"z\"");
    let (database, result) = forger.import(&model);
    let report = result.unwrap();
    assert!(!report.restored && report.warnings.contains(&ImportWarning::SourceSchemaIgnored));
    let columns = server.content(&database).swap_remove(0).1;
    assert_eq!(columns, ["a integer", "b text", "c integer", "d d", "e integer[]"]);
    // What would be the server's own.
    let model = raw(
        &forger.model,
        "{\"schema\":\"public\",\"name\":\"d\"",
        "{\"schema\":\"pg_catalog\",\"name\":\"d\"",
    );
    assert!(!forger.import(&model).1.unwrap().restored);
    // A schema that is no schema.
    let model = raw(&forger.model, "{", "[");
    assert!(!forger.import(&model).1.unwrap().restored);
}

/// Everything in a JSON document that is a text or a number.
fn leaves<'a>(value: &'a mut serde_json::Value, found: &mut Vec<&'a mut serde_json::Value>) {
    match value {
        serde_json::Value::Array(items) => items.iter_mut().for_each(|item| leaves(item, found)),
        serde_json::Value::Object(fields) => fields.values_mut().for_each(|field| leaves(field, found)),
        serde_json::Value::Null => {}
        _ => found.push(value),
    }
}

#[test]
fn a_schema_with_anything_in_any_place_is_imported_or_leaves_nothing() {
    let Some(server) = Server::start() else { return };
    let mut forger = Forger::new(&server);
    let mut random = fastrand::Rng::with_seed(4711);
    let property = |model: &Model| {
        let found = model
            .extended_properties
            .iter()
            .position(|found| found.name == "SourceSchema1");
        found.unwrap()
    };
    let honest = forger.model.extended_properties[property(&forger.model)]
        .value()
        .unwrap();
    let mut imported = 0;
    for round in 0..16 {
        let mut document: serde_json::Value = serde_json::from_str(&honest).unwrap();
        let mut found = Vec::new();
        leaves(&mut document, &mut found);
        for _ in 0..random.usize(1..4) {
            let other = found[random.usize(..found.len())].clone();
            let anything = [
                serde_json::json!(""),
                serde_json::json!("x\"; DROP TABLE t; --"),
                serde_json::json!("lo_create(4711)"),
                serde_json::json!("é".repeat(200)),
                serde_json::json!("integer[]"),
                serde_json::json!(i64::MIN),
                serde_json::json!(0),
                serde_json::json!(true),
                other,
            ];
            let at = random.usize(..found.len());
            // Of the kind that stands there, or the document is none.
            let same_kind =
                |one: &serde_json::Value| std::mem::discriminant(one) == std::mem::discriminant(&*found[at]);
            let fitting: Vec<_> = anything.iter().filter(|one| same_kind(one)).collect();
            if let Some(chosen) = random.choice(fitting) {
                *found[at] = chosen.clone();
            }
        }
        let mut model = forger.model.clone();
        let at = property(&model);
        model.extended_properties[at] = ExtendedProperty::text(
            ExtendedProperty::database_host(),
            "SourceSchema1",
            &document.to_string(),
        )
        .unwrap();
        let (database, result) = forger.import(&model);
        let content = server.content(&database);
        match result {
            Ok(report) => {
                imported += 1;
                assert_eq!(
                    report.tables.iter().map(|table| table.rows).sum::<u64>(),
                    1,
                    "{document}"
                );
                assert_eq!(content.len(), 1, "{document}");
            }
            Err(error) => {
                assert!(content.is_empty(), "{error}: {document}");
                eprintln!("{round}: {error}");
            }
        }
        let objects = server.text(&database, "SELECT count(*)::text FROM pg_largeobject_metadata");
        assert_eq!(objects.as_deref(), Some("0"), "{document}");
    }
    assert!(imported > 8, "{imported}");
}
