//! Names that are settled so that they can be written, and models that break a rule: each is refused before the first byte, with
//! the object and the rule.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]
mod made;

use bacpac::*;
use made::*;
use std::io::Cursor;

/// The rules that the model breaks once it was changed.
fn broken(change: impl FnOnce(&mut Model)) -> String {
    let mut model = model();
    change(&mut model);
    let violations = model.violations(false);
    let refused = PackageWriter::new(Cursor::new(Vec::new()), &model, WriterOptions::default());
    assert_eq!(refused.is_err(), !violations.is_empty());
    violations.iter().map(|found| format!("{found}\n")).collect()
}

#[test]
fn the_model_that_the_others_are_made_from_breaks_no_rule() {
    assert_eq!(broken(|_| {}), "");
}

#[test]
fn each_rule_is_told_with_the_object_that_breaks_it() {
    type Change = fn(&mut Model);
    let cases: &[(&str, Change)] = &[
        ("app.Parent table: another table has the same data folder", |model| {
            let twin = model.tables[0].clone();
            model.tables.insert(0, twin);
        }),
        ("other.Child: its schema is not in the model", |model| {
            model.tables[1].schema = "other".into()
        }),
        ("dbo.Ch(ild): its name must be percent-encoded", |model| {
            model.tables[1].name = "Ch(ild)".into()
        }),
        ("xxx: its name is longer than 128 code units", |model| {
            model.tables[1].unique[0].name = "x".repeat(129)
        }),
        ("dbo.Child: : it has no name", |model| {
            model.tables[1].unique[0].name = String::new()
        }),
        (
            "app.Parent table: ck_AMOUNT: its name occurs twice in the schema",
            |model| {
                model.tables[0].defaults[0].name = "ck_AMOUNT".into();
            },
        ),
        (
            "sequence [app].[Counter]: its name occurs twice in the schema",
            |model| model.tables[0].checks[0].name = "counter".into(),
        ),
        ("its name occurs twice in the table", |model| {
            model.tables[0].indexes[0].name = "PK_parents".into()
        }),
        ("dbo.Child.NOTE: its name occurs twice", |model| {
            let twin = column("NOTE", SqlType::Int, true);
            model.tables[1].columns.push(twin);
        }),
        ("dbo.Child: it has no column that holds data", |model| {
            model.tables[1].columns.clear()
        }),
        ("dbo.Child: it has more than 1024 columns", |model| {
            let many = (0..1_024).map(|number| column(&format!("n{number}"), SqlType::Bit, true));
            model.tables[1].columns.extend(many);
        }),
        (
            "dbo.Child: its columns of fixed length take more than 8060 bytes",
            |model| {
                let wide = ["a", "b"].map(|name| column(name, SqlType::NChar(4_000), true));
                model.tables[1].columns.extend(wide);
            },
        ),
        ("NVarChar(4001) is out of the range", |model| {
            model.tables[1].columns[1].field.sql_type = SqlType::NVarChar(4_001);
        }),
        ("SQL Server 2016 has no Json", |model| {
            model.tables[1].columns[1].field.sql_type = SqlType::Json
        }),
        ("SQL Server 2016 has no Unsupported(\"vector\")", |model| {
            model.tables[1].columns[1].field.sql_type = SqlType::Unsupported("vector".into());
        }),
        ("char with a UTF-8 collation", |model| {
            let column = &mut model.tables[1].columns[1];
            column.field.sql_type = SqlType::Char(3);
            column.collation = Some("Latin1_General_100_CI_AS_SC_UTF8".into());
        }),
        ("dbo.Child.ParentId: its type has no collation", |model| {
            model.tables[1].columns[0].collation = Some("Latin1_General_100_BIN2".into());
        }),
        ("app.Parent table.Id: an identity column", |model| {
            model.tables[0].columns[0].identity.as_mut().unwrap().increment = 0;
        }),
        ("column Id of a primary key allows NULL", |model| {
            model.tables[0].columns[0].field.nullable = true
        }),
        ("UQ_child: column Note has a type that no key can have", |model| {
            model.tables[1].unique[0].columns[0].name = "Note".into();
        }),
        ("its key takes up to 1702 bytes; 1700 are allowed", |model| {
            model.tables[1].columns[1].field.sql_type = SqlType::NVarChar(851);
            model.tables[1].unique[0].columns[0].name = "Note".into();
        }),
        ("its key takes up to 902 bytes; 900 are allowed", |model| {
            model.tables[1].columns[1].field.sql_type = SqlType::NVarChar(451);
            model.tables[1].unique[0] = key("UQ", &["Note"], true);
        }),
        ("it has more than one clustered index", |model| {
            model.tables[0].primary_key.as_mut().unwrap().clustered = true;
            model.tables[0].indexes[0].clustered = true;
        }),
        ("a clustered index has no filter", |model| {
            model.tables[0].indexes[0].clustered = true
        }),
        ("table [app].[gone] does not exist", |model| {
            model.tables[1].foreign_keys[0].foreign_table.0[1] = "gone".into();
        }),
        ("FK_child_parent: Int refers to BigInt", |model| {
            model.tables[1].columns[0].field.sql_type = SqlType::Int
        }),
        ("no key of app.Parent table has exactly the columns", |model| {
            model.tables[0].primary_key = None
        }),
        ("column ParentId cannot be set to NULL", |model| {
            model.tables[1].columns[0].field.nullable = false
        }),
        ("a delete in app.Parent table reaches it on two ways", |model| {
            let mut second = model.tables[1].foreign_keys[0].clone();
            second.name = "FK_2".into();
            model.tables[1].foreign_keys.push(second);
        }),
        ("its expression is empty", |model| {
            model.tables[0].checks[0].expression = " ".into()
        }),
        ("its expression has a character that XML cannot carry", |model| {
            model.tables[0].checks[0].expression = "([amount]<>'\r')".into();
        }),
        ("column Id cannot have a default", |model| {
            model.tables[0].defaults[0].column = "Id".into()
        }),
        ("its type is not tinyint", |model| {
            model.sequences[0].declared = "[decimal]".into()
        }),
        ("a value is out of the range of its type", |model| {
            model.sequences[0].current = Some(1 << 40)
        }),
        ("what it belongs to is not in the model", |model| {
            model.extended_properties[2].host.0[3] = "gone".into();
        }),
        ("its value is longer than 7500 bytes", |model| {
            model.extended_properties[2].literal = format!("N'{}'", "x".repeat(3_751));
        }),
        (
            "DF_amount: its expression uses [app].[twice], which is not written",
            |model| {
                model.tables[0].defaults[0].expression = "([App].[twice](2))".into();
                model.programmable.push(Programmable {
                    kind: "SqlScalarFunction".into(),
                    name: ObjectName(vec!["app".into(), "twice".into()]),
                    text: String::new(),
                });
            },
        ),
        ("its collation is not the name of one", |model| {
            model.collation = Some("x; DROP".into())
        }),
    ];
    for (number, (rule, change)) in cases.iter().enumerate() {
        let found = broken(*change);
        assert!(found.contains(rule), "case {number}: {rule:?} is not in {found:?}");
    }
}

#[test]
fn odd_names_are_settled_and_kept_beside() {
    let mut model = model();
    model.schemas[0] = "sys".into();
    model.tables[0].schema = "sys".into();
    model.tables[0].name = "l'été/2024 ".into();
    model.tables[1].foreign_keys[0].foreign_table = ObjectName(vec!["sys".into(), "l'été/2024 ".into()]);
    model.extended_properties.remove(1);
    model.sequences.clear();
    // Names that are the same to SQL Server, a column that XML cannot carry, and constraints without names.
    let columns = ["a", "A", "a ", "b\u{1}", ""].map(|name| column(name, SqlType::Int, true));
    for name in ["l_été_2024", "L_ÉTÉ_2024", "", "é", &"n".repeat(200), &"n".repeat(201)] {
        let mut twin = table("sys", name, columns.to_vec());
        twin.primary_key = None;
        twin.unique.push(key("", &["a ", "b\u{1}"], false));
        twin.checks.push(Check {
            name: "CK_amount".into(),
            expression: "([b\u{1}]>(0) OR [a ]<>'[b]')".into(),
            not_trusted: false,
        });
        model.tables.push(twin);
    }
    let renamed = model.settle_names();
    assert_eq!(model.violations(false), []);
    assert_eq!(model.tables[0].full_name(), "sys_2.l__t__2024");
    assert_eq!(model.tables[3].full_name(), "sys_2.l__t__2024_2");
    assert_eq!(model.tables[4].full_name(), "sys_2.L__T__2024_3");
    assert_eq!(model.tables[5].name, "_");
    let names: Vec<_> = model.tables[3]
        .columns
        .iter()
        .map(|column| column.field.name.as_str())
        .collect();
    assert_eq!(names, ["a", "A_2", "a _3", "b_", "column"]);
    assert_eq!(model.tables[3].checks[0].expression, "([b_]>(0) OR [a _3]<>'[b]')");
    let source = |host: ObjectName| {
        let found = model
            .extended_properties
            .iter()
            .find(|found| found.host == host && found.name == "SourceName");
        found.and_then(ExtendedProperty::value)
    };
    assert_eq!(
        source(ExtendedProperty::table_host("sys_2", "l__t__2024")).as_deref(),
        Some("[sys].[l'été/2024 ]")
    );
    assert_eq!(
        source(ExtendedProperty::column_host("sys_2", "l__t__2024_2", "A_2")).as_deref(),
        Some("A")
    );
    assert!(
        renamed
            .iter()
            .any(|found| found.kind == "constraint" && found.before.is_empty())
    );
    assert_eq!(model.settle_names(), [], "settled names are left alone");
}

#[test]
fn names_that_must_be_encoded_are_written_when_that_is_asked_for() {
    let mut model = Model {
        tables: vec![table("dbo", "a(b)'é%", vec![column("x", SqlType::Int, false)])],
        ..Model::default()
    };
    assert_eq!(model.violations(false).len(), 1);
    let options = WriterOptions {
        encoded_names: true,
        ..WriterOptions::default()
    };
    let mut writer = PackageWriter::new(Cursor::new(Vec::new()), &model, options.clone()).unwrap();
    writer.row(0, &[Value::Int(1)]).unwrap();
    let (sink, written) = writer.finish().unwrap();
    self_check(Cursor::new(sink.get_ref()), &written).unwrap();
    let package = Package::open(Cursor::new(sink.get_ref()), &Limits::default()).unwrap();
    assert_eq!(
        package.parts(0)[0].entry.name,
        "Data/dbo.a%28b%29%27%C3%A9%25/TableData-000-00000.BCP"
    );
    // Two tables whose folders would be one.
    model.schemas = vec!["a".into(), "a.b".into()];
    model.tables = [("a", "b.c"), ("a.b", "c")]
        .map(|(schema, name)| table(schema, name, model.tables[0].columns.clone()))
        .to_vec();
    let violations = model.violations(true);
    assert_eq!(violations[0].rule, "another table has the same data folder");
    model.settle_names();
    assert_eq!(model.violations(false), []);
}
