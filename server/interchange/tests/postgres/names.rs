//! Names that SQL Server cannot tell apart, or cannot have, and shapes at the edge.

use crate::round_trip::{assert_same, carry, options, rules};
use crate::server::Server;
use bacpac::{FileWriter, Limits, Package, Table, Value, WriterOptions};
use domain::export_log::{ImportWarning, TypeReason};
use interchange::{ExportError, postgres};
use std::fs::File;

#[test]
fn names_that_fall_together_come_back_apart() {
    let Some(server) = Server::start() else { return };
    server.create("names");
    let long = "x".repeat(62);
    server.run(
        "names",
        &format!(
            "CREATE SCHEMA dbo; CREATE SCHEMA \"DBO\"; CREATE SCHEMA \"a.b\"; CREATE SCHEMA a; CREATE SCHEMA sys;
             CREATE TABLE public.t (n integer PRIMARY KEY, \"N\" text, \"n \" text, \"]\" text, \"'\" text, \"\"\"\" text);
             CREATE TABLE dbo.t (n integer PRIMARY KEY); CREATE TABLE \"DBO\".t (n integer PRIMARY KEY);
             CREATE TABLE public.\"T\" (n integer REFERENCES public.t, CONSTRAINT t CHECK (n > 0));
             CREATE TABLE \"a.b\".c (n integer); CREATE TABLE a.\"b.c\" (n integer); CREATE TABLE sys.objects (n integer);
             CREATE TABLE {long}a (n integer UNIQUE); CREATE TABLE {long}b (n integer UNIQUE);
             CREATE SEQUENCE dbo.s; CREATE SEQUENCE public.s START 5; SELECT setval('public.s', 9, false);
             CREATE TABLE two (a serial, b serial, c integer GENERATED ALWAYS AS IDENTITY);
             INSERT INTO public.t VALUES (1, 'a', 'b', 'c', 'd', 'e'); INSERT INTO dbo.t VALUES (2); INSERT INTO \"DBO\".t VALUES (3);
             INSERT INTO public.\"T\" VALUES (1); INSERT INTO \"a.b\".c VALUES (4); INSERT INTO a.\"b.c\" VALUES (5);
             INSERT INTO sys.objects VALUES (6); INSERT INTO {long}a VALUES (7); INSERT INTO {long}b VALUES (8);
             INSERT INTO two DEFAULT VALUES"
        ),
    );
    let (log, report) = carry(&server, "names", "names_back");
    assert!(log.is_lossless());
    assert_same(&server, "names", "names_back");
    assert_eq!(rules(&server, "names"), rules(&server, "names_back"));
    assert!(report.weakened.is_empty() && report.renamed.is_empty(), "{report:?}");
    changed_elsewhere(&server, true);
    changed_elsewhere(&server, false);
    let next = |database: &str| server.text(database, "SELECT nextval('public.s')::text");
    assert_eq!(next("names"), next("names_back"));
}

/// The same file after another program has added rows, and a table or none: names and types are still those of the source, and
/// numbers go on after those that were given out elsewhere.
fn changed_elsewhere(server: &Server, adds_table: bool) {
    let mut package = Package::open(
        File::open(server.file("names_back.bacpac")).unwrap(),
        &Limits::default(),
    )
    .unwrap();
    let mut model = package.model().clone();
    if adds_table {
        model.tables.push(Table {
            schema: "dbo".to_owned(),
            name: "added".to_owned(),
            columns: model
                .tables
                .iter()
                .find(|table| table.name == "two")
                .unwrap()
                .columns
                .clone(),
            ..Table::default()
        });
    }
    let database = format!("changed {adds_table}");
    let path = server.file(&database);
    let mut file = FileWriter::create(&path, &model, WriterOptions::default()).unwrap();
    package
        .verify(|table, row| {
            file.row(table, row).unwrap();
            if model.tables[table].name == "two" {
                let seventy: Vec<_> = row.iter().map(|_| Value::Int(70)).collect();
                file.row(table, &seventy).unwrap();
            }
        })
        .unwrap();
    file.finish().unwrap();
    let report = postgres::import(&path, &server.create(&database), &Limits::default(), &|_, _| true).unwrap();
    assert_eq!(report.restored, !adds_table);
    assert_eq!(
        report.warnings.contains(&ImportWarning::SourceSchemaIgnored),
        adds_table
    );
    let (before, mut after) = (server.content("names"), server.content(&database));
    after.retain(|table| !table.0.ends_with(".added"));
    for table in &mut after {
        table.2.retain(|row| row.first() != Some(&Some("70".to_owned())));
    }
    assert_eq!(before, after);
    // SQL Server counts in one column of a table: in the others nothing does.
    let insert = if adds_table {
        "INSERT INTO two (b, c) VALUES (1, 1)"
    } else {
        "INSERT INTO two DEFAULT VALUES"
    };
    server.run(&database, insert);
    for column in if adds_table { ["a", "a"] } else { ["a", "c"] } {
        let greatest = server.text(&database, &format!("SELECT max({column})::text FROM two"));
        assert_eq!(greatest.as_deref(), Some("71"), "{column}");
    }
}

#[test]
fn an_empty_database_is_a_file_and_a_table_too_wide_is_none() {
    let Some(server) = Server::start() else { return };
    server.create("none");
    let (log, report) = carry(&server, "none", "none_back");
    assert!(log.tables.is_empty() && report.tables.is_empty());
    let columns: Vec<_> = (0..1_025).map(|at| format!("c{at} integer")).collect();
    server.run("none", &format!("CREATE TABLE wide ({})", columns.join(", ")));
    let file = server.file("wide.bacpac");
    let wide = postgres::export(&server.settings("none"), &file, &options(), &|_, _| true);
    assert!(
        matches!(wide, Err(ExportError::TooManyColumns { columns: 1_025, .. })),
        "{wide:?}"
    );
    server.run("none", "ALTER TABLE wide DROP c7");
    // More bytes than a row of SQL Server has.
    let columns = |sql_type: &str, count| {
        (0..count)
            .map(|at| format!("c{at} {sql_type}"))
            .collect::<Vec<_>>()
            .join(", ")
    };
    server.run(
        "none",
        &format!(
            "CREATE TABLE long (id integer PRIMARY KEY, {})",
            columns("char(3000)", 5)
        ),
    );
    server.run("none", "INSERT INTO long VALUES (1, 'a', 'b', 'c', NULL, '')");
    server.run(
        "none",
        &format!("CREATE TABLE deep ({}, UNIQUE (c3, c4))", columns("numeric(38,2)", 600)),
    );
    server.run("none", "INSERT INTO deep (c0, c3, c4, c599) VALUES (1.50, 2, 3, -123456789012345678901234567890123456.78), (NULL, 4, 5, 0.1)");
    let (log, _) = carry(&server, "none", "wide_back");
    let told: Vec<_> = log
        .tables
        .iter()
        .map(|table| {
            table
                .columns
                .iter()
                .filter(|column| column.reason == TypeReason::ValuesKept)
                .count()
        })
        .collect();
    assert!(told[0] > 100 && told[1] == 4 && told[2] == 0, "{told:?}");
    assert!(log.is_lossless());
    assert_same(&server, "none", "wide_back");
}

#[test]
fn an_import_may_be_called_from_inside_a_runtime() {
    let Some(server) = Server::start() else { return };
    server.create("inside");
    server.run("inside", "CREATE TABLE t AS SELECT 1 AS one");
    let (file, settings) = (server.file("inside.bacpac"), server.settings("inside"));
    server
        .wait(async { postgres::export(&settings, &file, &options(), &|_, _| true) })
        .unwrap();
}
