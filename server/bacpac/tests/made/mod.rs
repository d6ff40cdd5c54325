//! A model that uses everything the writer can write, and rows for it. Shared by the tests of the writer.
#![allow(dead_code, reason = "each test uses a part of it")]
use bacpac::*;

pub fn column(name: &str, sql_type: SqlType, nullable: bool) -> Column {
    Column {
        field: Field::new(name, sql_type, nullable),
        declared: String::new(),
        collation: None,
        identity: None,
        generated_always: false,
    }
}

pub fn key(name: &str, columns: &[&str], clustered: bool) -> Key {
    Key {
        name: name.to_owned(),
        columns: columns.iter().map(|name| key_column(name, false)).collect(),
        clustered,
    }
}

pub fn key_column(name: &str, descending: bool) -> KeyColumn {
    KeyColumn {
        name: name.to_owned(),
        descending,
    }
}

pub fn table(schema: &str, name: &str, columns: Vec<Column>) -> Table {
    Table {
        schema: schema.to_owned(),
        name: name.to_owned(),
        columns,
        ..Table::default()
    }
}

fn object(parts: &[&str]) -> ObjectName {
    ObjectName(parts.iter().map(|part| (*part).to_owned()).collect())
}

/// Two tables that refer to one another, and one without rows.
pub fn model() -> Model {
    let mut id = column("Id", SqlType::BigInt, false);
    id.identity = Some(Identity {
        seed: 100,
        increment: 5,
        last_value: Some(77_777),
    });
    let mut code = column("co]de <&>\"\n", SqlType::NVarChar(20), true);
    code.collation = Some("Latin1_General_100_BIN2".to_owned());
    let mut parents = table(
        "app",
        "Parent table",
        vec![
            id,
            code,
            column("amount", SqlType::Decimal { precision: 9, scale: 2 }, false),
        ],
    );
    parents.computed.push(ComputedColumn {
        name: "twice".to_owned(),
        expression: "([amount]*(2))".to_owned(),
        persisted: true,
    });
    parents.primary_key = Some(Key {
        columns: vec![key_column("Id", true)],
        ..key("PK_parents", &[], false)
    });
    parents.indexes.push(Index {
        name: "UX_code".to_owned(),
        columns: vec![key_column("co]de <&>\"\n", false)],
        included: vec!["amount".to_owned()],
        unique: true,
        clustered: false,
        filter: Some("([co]]de <&>\"\n] IS NOT NULL)".to_owned()),
    });
    parents.checks.push(Check {
        name: "CK_amount".to_owned(),
        expression: "([amount]>=(0) AND [amount]<>']]>')".to_owned(),
        not_trusted: true,
    });
    parents.defaults.push(DefaultConstraint {
        name: "DF_amount".to_owned(),
        column: "amount".to_owned(),
        expression: "((0))".to_owned(),
    });
    let mut children = table(
        "dbo",
        "Child",
        vec![
            column("ParentId", SqlType::BigInt, true),
            column("Note", SqlType::NVarCharMax, true),
        ],
    );
    children.foreign_keys.push(ForeignKey {
        name: "FK_child_parent".to_owned(),
        columns: vec!["ParentId".to_owned()],
        foreign_table: object(&["app", "Parent table"]),
        foreign_columns: vec!["Id".to_owned()],
        on_delete: ForeignKeyAction::Cascade,
        on_update: ForeignKeyAction::SetNull,
        not_trusted: true,
    });
    children.unique.push(key("UQ_child", &["ParentId"], false));
    let properties = [
        ExtendedProperty::text(ExtendedProperty::database_host(), "SourceEngine", "SQLite 3.51"),
        ExtendedProperty::text(
            ExtendedProperty::table_host("app", "Parent table"),
            "SourceName",
            "l'été ]]> <b>&\n",
        ),
        ExtendedProperty::text(
            ExtendedProperty::column_host("dbo", "Child", "Note"),
            "SourceType",
            "JSONB",
        ),
    ];
    Model {
        schemas: vec!["app".to_owned()],
        tables: vec![
            parents,
            children,
            table("app", "empty", vec![column("x", SqlType::Xml, true)]),
        ],
        sequences: vec![Sequence {
            name: object(&["app", "Counter"]),
            declared: "[int]".to_owned(),
            start: 1,
            increment: -1,
            current: Some(-42),
            minimum: Some(-1_000),
            maximum: None,
            cycles: true,
        }],
        extended_properties: properties.into_iter().flatten().collect(),
        ..Model::default()
    }
}

pub fn parent(id: i64) -> Vec<Value> {
    vec![
        Value::BigInt(id),
        Value::Text(format!("code {id} é𝄞")),
        Value::Decimal(Decimal {
            precision: 9,
            scale: 2,
            negative: false,
            magnitude: id as u128,
        }),
    ]
}

pub fn child(id: i64) -> Vec<Value> {
    vec![Value::BigInt(id), Value::Text("note ".repeat(id as usize))]
}

/// The whole of a file: what was written, what is read back.
pub fn read_back(bytes: &[u8], tables: usize) -> (Model, Vec<Vec<Vec<Value>>>) {
    let mut package = Package::open(std::io::Cursor::new(bytes), &Limits::default()).unwrap();
    let mut rows = vec![Vec::new(); tables];
    let report = package.verify(|table, row| rows[table].push(row.to_vec())).unwrap();
    assert_eq!(report.findings, []);
    (package.model().clone(), rows)
}
