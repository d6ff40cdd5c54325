//! Writes a [`Model`] as `model.xml` for SQL Server 2016 and later, one element at a time. The model must have been checked
//! (`Model::violations`). Programmable objects are not written: nothing that was only read is passed on to be run.
use crate::model::{Column, Index, Key, KeyColumn, Model, Sequence, Table};
use crate::model_writer_constraints as constraints;
use crate::name::ObjectName;
use crate::type_spec::specifier;
use crate::xml_text::{ElementText, escaped};
use std::collections::BTreeMap;
use std::io;

/// What the XML parts declare.
pub(crate) const NAMESPACE: &str = "http://schemas.microsoft.com/sqlserver/dac/Serialization/2012/02";
/// The oldest model schema that has all that is written; the oldest loaders accept it.
pub(crate) const SCHEMA_VERSION: &str = "2.5";
/// SQL Server 2016; newer servers and Azure accept it.
pub(crate) const PROVIDER: &str = "Microsoft.Data.Tools.Schema.Sql.Sql130DatabaseSchemaProvider";
/// The collation of a database that names none.
pub(crate) const COLLATION: &str = "SQL_Latin1_General_CP1_CI_AS";

/// How many elements of each type were written, without the `Sql` in front.
pub(crate) type Counts = BTreeMap<&'static str, u64>;

/// Writes the model to `sink`, which is given one element at a time.
pub(crate) fn write(model: &Model, mut sink: impl FnMut(&[u8]) -> io::Result<()>) -> io::Result<Counts> {
    let mut counts = Counts::new();
    let collation = model.collation.as_deref().unwrap_or(COLLATION);
    let sensitive = ["_CS_", "_BIN"]
        .iter()
        .any(|mark| collation.to_uppercase().contains(mark));
    sink(
        format!(
            "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<DataSchemaModel FileFormatVersion=\"1.2\" SchemaVersion=\"{SCHEMA_VERSION}\" \
             DspName=\"{PROVIDER}\" CollationLcid=\"1033\" CollationCaseSensitive=\"{}\" xmlns=\"{NAMESPACE}\">\n<Model>\n{}\n",
            if sensitive { "True" } else { "False" },
            database_options(collation),
        )
        .as_bytes(),
    )?;
    counts.insert("DatabaseOptions", 1);
    let mut put = |kind: &'static str, counts: &mut Counts, build: &dyn Fn(&mut ElementText)| {
        let mut text = ElementText::default();
        build(&mut text);
        text.0.push('\n');
        *counts.entry(kind).or_default() += 1;
        sink(text.0.as_bytes())
    };
    for schema in model.schemas.iter().filter(|schema| !is_dbo(schema)) {
        put("Schema", &mut counts, &|text| {
            text.element("SqlSchema", Some(&ObjectName(vec![schema.clone()])), |inside| {
                inside.relationship("Authorizer", |entries| entries.built_in("[dbo]"));
            });
        })?;
    }
    for found in &model.tables {
        put("Table", &mut counts, &|text| table(found, text))?;
        for (kind, count) in [
            ("SimpleColumn", found.columns.len()),
            ("ComputedColumn", found.computed.len()),
        ] {
            if count > 0 {
                *counts.entry(kind).or_default() += count as u64;
            }
        }
    }
    for table in &model.tables {
        if let Some(found) = &table.primary_key {
            let write = |text: &mut ElementText| key(table, found, "SqlPrimaryKeyConstraint", true, text);
            put("PrimaryKeyConstraint", &mut counts, &write)?;
        }
        for found in &table.unique {
            let write = |text: &mut ElementText| key(table, found, "SqlUniqueConstraint", false, text);
            put("UniqueConstraint", &mut counts, &write)?;
        }
        for found in &table.indexes {
            put("Index", &mut counts, &|text| index(table, found, text))?;
        }
        for found in &table.defaults {
            put("DefaultConstraint", &mut counts, &|text| {
                constraints::default(table, found, text)
            })?;
        }
        for found in &table.checks {
            put("CheckConstraint", &mut counts, &|text| {
                constraints::check(table, found, text)
            })?;
        }
        for found in &table.foreign_keys {
            let write = |text: &mut ElementText| constraints::foreign_key(table, found, text);
            put("ForeignKeyConstraint", &mut counts, &write)?;
        }
    }
    for found in &model.sequences {
        put("Sequence", &mut counts, &|text| sequence(found, text))?;
    }
    for found in &model.extended_properties {
        put("ExtendedProperty", &mut counts, &|text| {
            constraints::extended_property(found, text)
        })?;
    }
    sink(b"</Model>\n</DataSchemaModel>\n")?;
    Ok(counts)
}

/// The schema that every database has.
pub(crate) fn is_dbo(schema: &str) -> bool {
    schema.eq_ignore_ascii_case("dbo")
}

fn database_options(collation: &str) -> String {
    let mut text = ElementText("<Element Type=\"SqlDatabaseOptions\" Disambiguator=\"1\">".to_owned());
    for (name, value) in [
        ("Collation", collation),
        ("IsAnsiPaddingOn", "False"),
        ("IsQuotedIdentifierOn", "False"),
        ("IsCursorDefaultScopeGlobal", "True"),
        ("IsTornPageProtectionOn", "False"),
        ("RecoveryMode", "1"),
        ("IsFullTextEnabled", "True"),
        ("TargetRecoveryTimePeriod", "60"),
    ] {
        text.property(name, value);
    }
    text.relationship("DefaultFilegroup", |entries| entries.built_in("[PRIMARY]"));
    text.0.push_str("</Element>");
    text.0
}

/// Name of a table, or of something in its schema.
pub(crate) fn in_schema(table: &Table, name: &str) -> ObjectName {
    ObjectName(vec![table.schema.clone(), name.to_owned()])
}

/// Name of a column, or of something else that belongs to a table.
pub(crate) fn of_table(table: &Table, name: &str) -> ObjectName {
    ObjectName(vec![table.schema.clone(), table.name.clone(), name.to_owned()])
}

fn schema(name: &str, text: &mut ElementText) {
    text.relationship("Schema", |entries| {
        if is_dbo(name) {
            entries.built_in("[dbo]");
        } else {
            entries.reference(&ObjectName(vec![name.to_owned()]));
        }
    });
}

fn table(table: &Table, text: &mut ElementText) {
    text.element("SqlTable", Some(&in_schema(table, &table.name)), |inside| {
        inside.property("IsAnsiNullsOn", "True");
        inside.relationship("Columns", |entries| {
            for found in &table.columns {
                let name = of_table(table, &found.field.name);
                entries.member("SqlSimpleColumn", Some(&name), |inside| column(found, inside));
            }
            for found in &table.computed {
                let name = of_table(table, &found.name);
                entries.member("SqlComputedColumn", Some(&name), |inside| {
                    inside.script("ExpressionScript", &found.expression);
                    if found.persisted {
                        inside.property("IsPersisted", "True");
                    }
                    let needed = constraints::mentioned(table, &found.expression);
                    inside.references("ExpressionDependencies", &needed);
                });
            }
        });
        schema(&table.schema, inside);
    });
}

fn column(column: &Column, text: &mut ElementText) {
    if let Some(collation) = &column.collation {
        text.property("Collation", collation);
    }
    if !column.field.nullable {
        text.property("IsNullable", "False");
    }
    if let Some(identity) = &column.identity {
        text.property("IsIdentity", "True");
        for (name, value) in [
            ("IdentitySeed", identity.seed),
            ("IdentityIncrement", identity.increment),
        ] {
            if value != 1 {
                text.property(name, &value.to_string());
            }
        }
    }
    if let Some((name, properties)) = specifier(&column.field.sql_type) {
        let kind = if name == "[xml]" {
            "SqlXmlTypeSpecifier"
        } else {
            "SqlTypeSpecifier"
        };
        text.relationship("TypeSpecifier", |entries| {
            entries.member(kind, None, |inside| {
                for (name, value) in &properties {
                    inside.property(name, value);
                }
                inside.relationship("Type", |entries| entries.built_in(name));
            });
        });
    }
    if let Some(last) = column.identity.as_ref().and_then(|identity| identity.last_value) {
        text.online("[LastValue]", last);
    }
}

fn key_columns(table: &Table, columns: &[KeyColumn], text: &mut ElementText) {
    text.relationship("ColumnSpecifications", |entries| {
        for column in columns {
            entries.member("SqlIndexedColumnSpecification", None, |inside| {
                if column.descending {
                    inside.property("IsAscending", "False");
                }
                inside.relationship("Column", |entries| entries.reference(&of_table(table, &column.name)));
            });
        }
    });
}

fn key(table: &Table, key: &Key, kind: &str, clustered_by_default: bool, text: &mut ElementText) {
    text.element(kind, Some(&in_schema(table, &key.name)), |inside| {
        if key.clustered != clustered_by_default {
            inside.property("IsClustered", if key.clustered { "True" } else { "False" });
        }
        key_columns(table, &key.columns, inside);
        inside.relationship("DefiningTable", |entries| {
            entries.reference(&in_schema(table, &table.name))
        });
    });
}

fn index(table: &Table, index: &Index, text: &mut ElementText) {
    text.element("SqlIndex", Some(&of_table(table, &index.name)), |inside| {
        for (name, on) in [("IsUnique", index.unique), ("IsClustered", index.clustered)] {
            if on {
                inside.property(name, "True");
            }
        }
        if let Some(filter) = &index.filter {
            inside.script("FilterPredicate", filter);
            inside.references("BodyDependencies", &constraints::mentioned(table, filter));
        }
        key_columns(table, &index.columns, inside);
        let included: Vec<ObjectName> = index.included.iter().map(|name| of_table(table, name)).collect();
        inside.references("IncludedColumns", &included);
        inside.relationship("IndexedObject", |entries| {
            entries.reference(&in_schema(table, &table.name))
        });
    });
}

fn sequence(sequence: &Sequence, text: &mut ElementText) {
    text.element("SqlSequence", Some(&sequence.name), |inside| {
        inside.property("Increment", &sequence.increment.to_string());
        inside.property("StartValue", &sequence.start.to_string());
        for (flag, name, value) in [
            ("HasNoMinValue", "MinValue", sequence.minimum),
            ("HasNoMaxValue", "MaxValue", sequence.maximum),
        ] {
            if let Some(value) = value {
                inside.property(flag, "False");
                inside.property(name, &value.to_string());
            }
        }
        if sequence.cycles {
            inside.property("IsCycling", "True");
        }
        schema(sequence.name.0.first().map_or("dbo", String::as_str), inside);
        inside.relationship("TypeSpecifier", |entries| {
            entries.member("SqlTypeSpecifier", None, |inside| {
                inside.relationship("Type", |entries| entries.built_in(&sequence.declared));
            });
        });
        if let Some(current) = sequence.current {
            inside.online("[CurrentValue]", current);
        }
    });
}

/// `DacMetadata.xml`.
pub(crate) fn metadata(database: &str) -> String {
    format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<DacType xmlns=\"{NAMESPACE}\"><Name>{}</Name><Version>0.0.0.0</Version></DacType>",
        escaped(database)
    )
}
