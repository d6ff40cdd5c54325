//! The planner's questions about rows, as queries. They are made of names between quotes and of conditions that were parsed,
//! never of text of the schema.

use domain::export_log::FIRST_ROWS;
use rusqlite::Connection;
use rusqlite::types::ValueRef;

use super::schema::{TableSchema, quoted};
use crate::forms::mixed;
use crate::plan::{Dialect, Offenders, Predicate, Rows, SourceForeignKey};

/// The rows of a snapshot.
pub(super) struct Questions<'a> {
    pub(super) connection: &'a Connection,
    pub(super) tables: &'a [TableSchema],
}

impl TableSchema {
    /// Expressions that tell a row from others: the row number, or the primary key of a table without one.
    pub(super) fn row_key(&self, alias: &str) -> Vec<String> {
        let free = ["_rowid_", "rowid", "oid"];
        let taken = |name: &&&str| self.position(name).is_none();
        match free.iter().find(taken) {
            Some(name) if !self.without_rowid => vec![format!("{alias}{name}")],
            _ => {
                let key = self.columns.iter().filter(|column| column.primary > 0);
                let named: Vec<_> = key.map(|column| format!("{alias}{}", quoted(&column.name))).collect();
                if named.is_empty() {
                    vec!["NULL".to_owned()]
                } else {
                    named
                }
            }
        }
    }

    fn name(&self, column: usize) -> String {
        self.columns
            .get(column)
            .map(|column| quoted(&column.name))
            .unwrap_or_default()
    }

    /// The order in which a column of this table compares; an order that only the application knows is told apart by bytes.
    fn collation(&self, column: usize) -> &'static str {
        match self.columns.get(column).map(|column| column.collation.as_str()) {
            Some("NOCASE") => "NOCASE",
            Some("RTRIM") => "RTRIM",
            _ => "BINARY",
        }
    }
}

/// A key of a row, for people.
pub(super) fn key_text(value: ValueRef<'_>) -> String {
    let mut text = String::new();
    match value {
        ValueRef::Null => text.push_str("NULL"),
        ValueRef::Integer(number) => mixed::push_integer(number, &mut text),
        ValueRef::Real(number) => mixed::push_real(number, &mut text),
        // Long keys are cut: they only serve to find the row.
        ValueRef::Text(bytes) => {
            let found = String::from_utf8_lossy(bytes);
            text.extend(found.chars().take(80));
        }
        ValueRef::Blob(bytes) => mixed::push_blob(bytes.get(..40).unwrap_or(bytes), &mut text),
    }
    text
}

impl Questions<'_> {
    fn offenders(&self, table: &TableSchema, condition: &str) -> rusqlite::Result<Offenders> {
        let name = quoted(&table.name);
        let count: i64 = self.connection.query_row(
            &format!("SELECT count(*) FROM {name} AS c WHERE {condition}"),
            [],
            |row| row.get(0),
        )?;
        let mut found = Offenders {
            count: u64::try_from(count).unwrap_or(0),
            first_rows: Vec::new(),
        };
        if count > 0 {
            let key = table.row_key("c.");
            let width = key.len();
            let sql = format!(
                "SELECT {} FROM {name} AS c WHERE {condition} LIMIT {FIRST_ROWS}",
                key.join(", ")
            );
            let mut statement = self.connection.prepare(&sql)?;
            let mut rows = statement.query([])?;
            while let Some(row) = rows.next()? {
                let parts: Result<Vec<_>, _> = (0..width).map(|at| row.get_ref(at).map(key_text)).collect();
                found.first_rows.push(parts?.join(", "));
            }
        }
        Ok(found)
    }
}

impl Rows for Questions<'_> {
    type Error = rusqlite::Error;

    fn has_duplicates(
        &mut self,
        table: usize,
        columns: &[usize],
        filter: Option<&Predicate>,
    ) -> Result<bool, Self::Error> {
        let Some(schema) = self.tables.get(table) else {
            return Ok(false);
        };
        let key = |column: &usize| {
            let name = schema.name(*column);
            format!(
                "CASE typeof({name}) WHEN 'text' THEN rtrim({name}, ' ') WHEN 'blob' THEN rtrim(hex({name}), '0') ELSE {name} END COLLATE {}",
                schema.collation(*column)
            )
        };
        let keys: Vec<_> = columns.iter().map(key).collect();
        let mut conditions: Vec<_> = columns
            .iter()
            .map(|column| format!("{} IS NOT NULL", schema.name(*column)))
            .collect();
        if let Some(filter) = filter {
            let names: Vec<&str> = schema.columns.iter().map(|column| column.name.as_str()).collect();
            conditions.push(format!("({})", filter.render(Dialect::Sqlite, &names)));
        }
        let sql = format!(
            "SELECT EXISTS (SELECT 1 FROM {} WHERE {} GROUP BY {} HAVING count(*) > 1)",
            quoted(&schema.name),
            conditions.join(" AND "),
            keys.join(", ")
        );
        self.connection.query_row(&sql, [], |row| row.get(0))
    }

    fn dangling(&mut self, table: usize, key: &SourceForeignKey) -> Result<Offenders, Self::Error> {
        let (Some(schema), Some(parent)) = (self.tables.get(table), key.table.and_then(|at| self.tables.get(at)))
        else {
            return Ok(Offenders::default());
        };
        let mut conditions: Vec<_> = key
            .columns
            .iter()
            .map(|column| format!("c.{} IS NOT NULL", schema.name(*column)))
            .collect();
        let pairs = key.columns.iter().zip(&key.foreign_columns);
        let same: Vec<_> = pairs
            .map(|(own, other)| {
                let collation = parent.collation(*other);
                format!(
                    "p.{} = c.{} COLLATE {collation}",
                    parent.name(*other),
                    schema.name(*own)
                )
            })
            .collect();
        conditions.push(format!(
            "NOT EXISTS (SELECT 1 FROM {} AS p WHERE {})",
            quoted(&parent.name),
            same.join(" AND ")
        ));
        self.offenders(schema, &conditions.join(" AND "))
    }

    fn breaking(&mut self, table: usize, check: &Predicate) -> Result<Offenders, Self::Error> {
        let Some(schema) = self.tables.get(table) else {
            return Ok(Offenders::default());
        };
        let names: Vec<&str> = schema.columns.iter().map(|column| column.name.as_str()).collect();
        self.offenders(schema, &format!("NOT ({})", check.render(Dialect::Sqlite, &names)))
    }
}
