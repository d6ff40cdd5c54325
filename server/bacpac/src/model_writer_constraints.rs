//! Writes what hangs on tables: foreign keys, checks, defaults, extended properties.
use crate::model::{Check, DefaultConstraint, ExtendedProperty, ForeignKey, ForeignKeyAction, Table};
use crate::model_writer::{in_schema, of_table};
use crate::name::ObjectName;
use crate::script;
use crate::xml_text::ElementText;

/// The columns of the table that an expression names.
pub(crate) fn mentioned(table: &Table, expression: &str) -> Vec<ObjectName> {
    let found = script::names(expression);
    let simple = table.columns.iter().map(|column| &column.field.name);
    simple
        .chain(table.computed.iter().map(|column| &column.name))
        .filter(|name| found.iter().any(|found| found.to_lowercase() == name.to_lowercase()))
        .map(|name| of_table(table, name))
        .collect()
}

fn defining_table(table: &Table, text: &mut ElementText) {
    text.relationship("DefiningTable", |entries| {
        entries.reference(&in_schema(table, &table.name))
    });
}

pub(crate) fn foreign_key(table: &Table, key: &ForeignKey, text: &mut ElementText) {
    text.element(
        "SqlForeignKeyConstraint",
        Some(&in_schema(table, &key.name)),
        |inside| {
            for (name, action) in [("OnUpdateAction", key.on_update), ("OnDeleteAction", key.on_delete)] {
                let code = match action {
                    ForeignKeyAction::NoAction => continue,
                    ForeignKeyAction::Cascade => "1",
                    ForeignKeyAction::SetNull => "2",
                    ForeignKeyAction::SetDefault => "3",
                };
                inside.property(name, code);
            }
            let own: Vec<ObjectName> = key.columns.iter().map(|name| of_table(table, name)).collect();
            inside.references("Columns", &own);
            defining_table(table, inside);
            let foreign = |name: &String| {
                let mut full = key.foreign_table.clone();
                full.0.push(name.clone());
                full
            };
            let columns: Vec<ObjectName> = key.foreign_columns.iter().map(foreign).collect();
            inside.references("ForeignColumns", &columns);
            inside.relationship("ForeignTable", |entries| entries.reference(&key.foreign_table));
            if key.not_trusted {
                inside.not_trusted();
            }
        },
    );
}

pub(crate) fn check(table: &Table, check: &Check, text: &mut ElementText) {
    text.element("SqlCheckConstraint", Some(&in_schema(table, &check.name)), |inside| {
        inside.script("CheckExpressionScript", &check.expression);
        inside.references("CheckExpressionDependencies", &mentioned(table, &check.expression));
        defining_table(table, inside);
        if check.not_trusted {
            inside.not_trusted();
        }
    });
}

pub(crate) fn default(table: &Table, default: &DefaultConstraint, text: &mut ElementText) {
    text.element(
        "SqlDefaultConstraint",
        Some(&in_schema(table, &default.name)),
        |inside| {
            inside.script("DefaultExpressionScript", &default.expression);
            defining_table(table, inside);
            inside.relationship("ForColumn", |entries| {
                entries.reference(&of_table(table, &default.column))
            });
        },
    );
}

pub(crate) fn extended_property(property: &ExtendedProperty, text: &mut ElementText) {
    let mut name = property.host.clone();
    name.0.push(property.name.clone());
    text.element("SqlExtendedProperty", Some(&name), |inside| {
        inside.script("Value", &property.literal);
        inside.relationship("Host", |entries| match property.host.0.as_slice() {
            // The database has no name; it is the element with that number.
            [_database] => entries.0.push_str("<Entry><References Disambiguator=\"1\"/></Entry>"),
            [_, host @ ..] => entries.reference(&ObjectName(host.to_vec())),
            [] => {}
        });
    });
}
