//! What a PostgreSQL database can hold comes back: the digest says that all of it does, the questions below say it again in
//! SQL for those things that a digest could be blind to.

use std::time::Duration;

use control::ports::database_engine::{DatabaseEngine, DatabaseSource, Settlement};
use control::testing::engine_contract::EngineHarness;
use domain::failure::Cause;

use super::super::count;
use super::harness::Harness;

const ROLES: &str = "
    CREATE ROLE clerk LOGIN PASSWORD 'clerk';
    CREATE ROLE auditor NOLOGIN;
    CREATE ROLE \"Maître d'ouvrage\" NOLOGIN;
    GRANT clerk TO auditor;";

const CONTENT: &str = r#"
    CREATE SCHEMA payroll AUTHORIZATION clerk;
    CREATE EXTENSION pg_trgm SCHEMA public;
    CREATE EXTENSION citext SCHEMA public;
    CREATE TYPE payroll.kind AS ENUM ('salary', 'bonus');
    CREATE DOMAIN payroll.amount AS numeric(12, 2) CHECK (VALUE > -1000000);
    CREATE COLLATION payroll.plain FROM "C";
    CREATE SEQUENCE payroll.slip_number START 4711 INCREMENT 10;
    SELECT nextval('payroll.slip_number'), nextval('payroll.slip_number');
    CREATE TABLE payroll.employee (
        id integer GENERATED ALWAYS AS IDENTITY (START 100) PRIMARY KEY,
        name public.citext NOT NULL UNIQUE,
        gross payroll.amount NOT NULL,
        net payroll.amount GENERATED ALWAYS AS (gross * 0.78) STORED,
        kinds payroll.kind[] DEFAULT '{salary}',
        facts jsonb, photo bytea, span tstzrange, note text
    );
    ALTER TABLE payroll.employee OWNER TO clerk;
    INSERT INTO payroll.employee (name, gross, facts, photo, span, note) VALUES
        ('Zoé', 3100.50, '{"a": [1, null]}', '\xdeadbeef', '[2026-01-01,2026-02-01)', NULL),
        ('Ali', 2900, NULL, '', NULL, E'tab\tand\nnewline \\ and "quotes"');
    ALTER TABLE payroll.employee DROP COLUMN note;
    CREATE INDEX employee_trgm ON payroll.employee USING gin ((name::text) public.gin_trgm_ops);
    CREATE INDEX employee_upper ON payroll.employee (upper(name::text)) INCLUDE (gross) WHERE gross > 0;
    CREATE TABLE payroll.slip (
        number bigint DEFAULT nextval('payroll.slip_number'), month date NOT NULL,
        employee integer REFERENCES payroll.employee ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED,
        PRIMARY KEY (month, number)
    ) PARTITION BY RANGE (month);
    CREATE TABLE payroll.slip_2026 PARTITION OF payroll.slip FOR VALUES FROM ('2026-01-01') TO ('2027-01-01')
        PARTITION BY HASH (number);
    CREATE TABLE payroll.slip_2026_0 PARTITION OF payroll.slip_2026 FOR VALUES WITH (MODULUS 2, REMAINDER 0);
    CREATE TABLE payroll.slip_2026_1 PARTITION OF payroll.slip_2026 FOR VALUES WITH (MODULUS 2, REMAINDER 1);
    CREATE TABLE payroll.slip_other PARTITION OF payroll.slip DEFAULT;
    INSERT INTO payroll.slip (month, employee) SELECT '2026-01-01'::date + 31 * n, 100 + n % 2 FROM generate_series(0, 40) n;
    SET CONSTRAINTS ALL IMMEDIATE;
    CREATE VIEW payroll.total WITH (security_barrier) AS SELECT sum(net) AS net FROM payroll.employee;
    CREATE MATERIALIZED VIEW payroll.by_month AS SELECT month, count(*) FROM payroll.slip GROUP BY month;
    CREATE UNIQUE INDEX ON payroll.by_month (month);
    CREATE FUNCTION payroll.raise(who integer, percent numeric) RETURNS void LANGUAGE plpgsql SECURITY DEFINER AS $body$
    BEGIN
        -- a comment within
        UPDATE payroll.employee SET gross = gross * (1 + percent / 100) WHERE id = who;
    END $body$;
    CREATE PROCEDURE payroll.nothing() LANGUAGE sql AS 'SELECT 1';
    CREATE AGGREGATE payroll.product (numeric) (SFUNC = numeric_mul, STYPE = numeric, INITCOND = '1');
    CREATE FUNCTION payroll.touched() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
    CREATE TRIGGER employee_touched BEFORE UPDATE ON payroll.employee FOR EACH ROW EXECUTE FUNCTION payroll.touched();
    CREATE RULE quiet AS ON DELETE TO payroll.total DO INSTEAD NOTHING;
    ALTER TABLE payroll.employee ENABLE ROW LEVEL SECURITY;
    CREATE POLICY own ON payroll.employee FOR SELECT TO auditor USING (name = current_user);
    GRANT SELECT, UPDATE (gross) ON payroll.employee TO auditor WITH GRANT OPTION;
    GRANT USAGE ON SCHEMA payroll TO "Maître d'ouvrage";
    ALTER DEFAULT PRIVILEGES IN SCHEMA payroll GRANT SELECT ON TABLES TO auditor;
    COMMENT ON TABLE payroll.employee IS 'L''équipe; 100 %';
    COMMENT ON COLUMN payroll.employee.net IS 'net à payer';
    CREATE STATISTICS payroll.related ON gross, id FROM payroll.employee;
    ALTER TABLE payroll.slip_other ADD CONSTRAINT checked_later CHECK (number > 5000) NOT VALID;
    CREATE UNLOGGED TABLE payroll.scratch AS SELECT 1 AS one;
    CREATE TABLE payroll.without_key (a text, b int);
    INSERT INTO payroll.without_key VALUES ('x', 1), ('x', 1), (NULL, 2), ('', NULL);
    SELECT lo_from_bytea(9001, convert_to(repeat('facture ', 200000), 'UTF8'));
    ALTER LARGE OBJECT 9001 OWNER TO clerk;
    GRANT SELECT ON LARGE OBJECT 9001 TO auditor;
    SELECT lo_from_bytea(9002, '');
    CREATE PUBLICATION everything FOR ALL TABLES;
"#;

/// Each question and its answer before the backup and after the restore.
const QUESTIONS: &[(&str, &str)] = &[
    (
        "SELECT net::text FROM payroll.employee WHERE name OPERATOR(public.=) 'zoé'::public.citext",
        "2418.39",
    ),
    ("SELECT nextval('payroll.slip_number')::text", "5141"),
    ("SELECT count(*)::text FROM payroll.slip_2026_0", "2"),
    ("SELECT count(*)::text FROM payroll.slip", "41"),
    ("SELECT length(lo_get(9001))::text", "1600000"),
    ("SELECT length(lo_get(9002))::text", "0"),
    (
        "SELECT pg_get_userbyid(lomowner)::text FROM pg_largeobject_metadata WHERE oid = 9001",
        "clerk",
    ),
    (
        "SELECT relrowsecurity::text FROM pg_class WHERE oid = 'payroll.employee'::regclass",
        "true",
    ),
    (
        "SELECT obj_description('payroll.employee'::regclass)",
        "L'équipe; 100 %",
    ),
    (
        "SELECT pg_get_userbyid(relowner)::text FROM pg_class WHERE oid = 'payroll.employee'::regclass",
        "clerk",
    ),
    (
        "SELECT has_column_privilege('auditor', 'payroll.employee', 'gross', 'UPDATE')::text",
        "true",
    ),
    ("SELECT public.similarity('facture', 'factures')::text", "0.7"),
    (
        "SELECT payroll.product(x)::text FROM unnest('{2,3,7}'::numeric[]) x",
        "42",
    ),
    (
        "SELECT convalidated::text FROM pg_constraint WHERE conname = 'checked_later'",
        "false",
    ),
    ("SELECT count(*)::text FROM payroll.by_month", "41"),
    ("SELECT puballtables::text FROM pg_publication", "true"),
];

fn ask(harness: &Harness, source: &DatabaseSource) {
    for (question, answer) in QUESTIONS {
        let found = harness
            .connect(source)
            .text(question, &[])
            .unwrap_or_else(|error| panic!("{question}: {error}"));
        assert_eq!(&found, answer, "{question}");
    }
    harness
        .connect(source)
        .execute("SELECT setval('payroll.slip_number', 5131)")
        .unwrap();
}

#[test]
fn everything_a_database_can_hold_comes_back() {
    let Some(harness) = Harness::start() else { return };
    harness.run(&harness.source("postgres"), ROLES);
    let source = harness.create_empty("complete");
    harness.run(&source, CONTENT);
    ask(&harness, &source);
    let before = harness.postgres().content_digest(&source).unwrap();
    assert_eq!(
        harness.postgres().content_digest(&source).unwrap(),
        before,
        "reading changes nothing"
    );
    let files = harness.stored(&source);

    let changes = [
        "SELECT nextval('payroll.slip_number')",
        "UPDATE payroll.employee SET photo = NULL WHERE photo = ''",
        "INSERT INTO payroll.without_key VALUES ('x', 1)",
        "SELECT lo_put(9001, 1500000, 'F')",
        "COMMENT ON COLUMN payroll.employee.net IS NULL",
        "REVOKE SELECT ON LARGE OBJECT 9001 FROM auditor",
        "ALTER TABLE payroll.employee DISABLE ROW LEVEL SECURITY",
        "DROP FUNCTION payroll.raise",
        "DROP SCHEMA payroll CASCADE",
    ];
    let mut seen = vec![before];
    for change in changes {
        harness.run(&source, change);
        let now = harness.postgres().content_digest(&source).unwrap();
        assert!(!seen.contains(&now), "the digest does not see {change}");
        seen.push(now);
    }

    harness.swap(&source, "tag", &files);
    ask(&harness, &source);
    assert_eq!(harness.postgres().content_digest(&source).unwrap(), before);
    harness.postgres().settle(&source, "tag", Settlement::Keep).unwrap();
    assert_eq!(harness.remains(&source), Vec::<String>::new());
}

#[test]
fn a_partitioned_table_is_counted_as_one_and_nothing_of_an_extension() {
    let Some(harness) = Harness::start() else { return };
    harness.run(&harness.source("postgres"), ROLES);
    let source = harness.create_empty("counted");
    harness.run(&source, CONTENT);
    harness.run(
        &source,
        "CREATE TABLE payroll.heir () INHERITS (payroll.without_key); INSERT INTO payroll.heir VALUES ('own', 1);
         CREATE TABLE payroll.none_yet (day date) PARTITION BY RANGE (day)",
    );
    let frozen = harness
        .postgres()
        .freeze(&source, &harness.scratch(), &|| true)
        .unwrap();
    let copied = frozen.copy(&|_| true).unwrap();
    let expected = [
        ("payroll.employee", 2),
        ("payroll.heir", 1),
        ("payroll.none_yet", 0),
        ("payroll.scratch", 1),
        ("payroll.slip", 41),
        ("payroll.without_key", 4),
    ];
    let expected = expected.map(|(table, rows)| (table.to_owned(), rows)).into();
    assert_eq!(copied.rows(), Some(&expected));

    let mut session = harness.connect(&source);
    session.execute("BEGIN").unwrap();
    let counted = count::rows(&mut session, Duration::ZERO, &|| true).unwrap();
    assert_eq!(counted, None, "without time nothing is counted, and nothing fails");
    let stopped = count::rows(&mut session, Duration::from_secs(60), &|| false);
    assert_eq!(stopped.unwrap_err().cause, Cause::Interrupted);
}

#[test]
fn the_database_keeps_what_belongs_to_it_as_a_whole() {
    let Some(harness) = Harness::start() else { return };
    let maintenance = harness.source("postgres");
    harness.run(&maintenance, ROLES);
    harness.run(
        &maintenance,
        "CREATE DATABASE whole TEMPLATE template0 OWNER clerk ENCODING 'LATIN1' LOCALE 'C' CONNECTION LIMIT 7",
    );
    for statement in [
        "COMMENT ON DATABASE whole IS 'Paie l''été'",
        "REVOKE ALL ON DATABASE whole FROM PUBLIC",
        "GRANT CONNECT ON DATABASE whole TO auditor WITH GRANT OPTION",
        "GRANT TEMPORARY, CREATE ON DATABASE whole TO \"Maître d'ouvrage\"",
        "ALTER DATABASE whole SET search_path TO \"$user\", payroll, \"a,\"\"b\"",
        "ALTER DATABASE whole SET app.customer = 'Dupont & Fils; ''x'''",
        "ALTER DATABASE whole SET default_transaction_read_only = on",
        "ALTER DATABASE whole SET statement_timeout = '1ms'",
        "ALTER ROLE clerk IN DATABASE whole SET work_mem = '7MB'",
    ] {
        harness.run(&maintenance, statement);
    }
    let source = harness.source("whole");
    let whole = || {
        let rows = harness.connect(&maintenance).rows(
            "SELECT pg_get_userbyid(datdba)::text, pg_encoding_to_char(encoding)::text, datcollate::text, datconnlimit::text,
                    datallowconn::text, shobj_description(oid, 'pg_database'),
                    (SELECT string_agg(a::text, ' ' ORDER BY a::text) FROM unnest(datacl) a),
                    (SELECT string_agg(setrole::regrole || ' ' || c, '; ' ORDER BY setrole, c)
                     FROM pg_db_role_setting, unnest(setconfig) c WHERE setdatabase = pg_database.oid)
             FROM pg_database WHERE datname = 'whole'",
            &[],
        );
        rows.unwrap()
    };
    let before = whole();
    assert!(before[0].iter().all(Option::is_some), "{before:?}");
    let files = harness.stored(&source);
    harness.swap(&source, "tag", &files);
    assert_eq!(whole(), before);
    harness.postgres().settle(&source, "tag", Settlement::RollBack).unwrap();
    assert_eq!(whole(), before);
}
