//! What SQL Server would say of a file: its keys, unique indexes and trusted foreign keys, held against the rows with SQL
//! Server's own ideas of equality. Texts are equal when they differ by trailing spaces, bytes by trailing zeros.

use std::collections::{HashMap, HashSet};
use std::fs::File;
use std::path::Path;

use bacpac::{Limits, Model, Package, Table, Value};

/// A value as a key sees it; `None` for NULL.
fn compared(value: &Value, ignores_case: bool) -> Option<String> {
    Some(match value {
        Value::Null => return None,
        Value::Text(text) if ignores_case => text.trim_end_matches(' ').to_lowercase(),
        Value::Text(text) => text.trim_end_matches(' ').to_owned(),
        Value::Binary(bytes) => {
            let end = bytes.iter().rposition(|byte| *byte != 0).map_or(0, |at| at + 1);
            format!("{:?}", &bytes[..end])
        }
        // Zero has one sign.
        Value::Float(number) => format!("{:?}", number + 0.0),
        Value::DateTimeOffset { days, ticks, .. } => format!("{days} {ticks}"),
        other => format!("{other:?}"),
    })
}

fn key(model: &Model, table: &Table, row: &[Value], columns: &[&str]) -> Vec<Option<String>> {
    let one = |name: &&str| {
        let at = table
            .columns
            .iter()
            .position(|column| column.field.name == **name)
            .unwrap();
        let collation = table.columns[at].collation.as_deref().or(model.collation.as_deref());
        compared(&row[at], collation.is_some_and(|name| name.contains("_CI_")))
    };
    columns.iter().map(one).collect()
}

/// The keys of the rows that foreign keys refer to, by table and columns.
type Referred = HashMap<(String, Vec<String>), HashSet<Vec<Option<String>>>>;

/// Panics when the loader of SQL Server would fail after the rows are in.
pub fn loads(package: &Path) {
    let mut package = Package::open(File::open(package).unwrap(), &Limits::default()).unwrap();
    let model = package.model().clone();
    let mut rows: Vec<Vec<Vec<Value>>> = vec![Vec::new(); model.tables.len()];
    package.verify(|table, row| rows[table].push(row.to_vec())).unwrap();
    let mut keys: Referred = HashMap::new();
    for (table, rows) in model.tables.iter().zip(&rows) {
        let of_keys = table
            .primary_key
            .iter()
            .chain(&table.unique)
            .map(|key| (&key.name, &key.columns, None));
        let of_indexes = table.indexes.iter().filter(|index| index.unique);
        let all = of_keys.chain(of_indexes.map(|index| (&index.name, &index.columns, index.filter.as_ref())));
        for (name, columns, filter) in all {
            let columns: Vec<&str> = columns.iter().map(|column| column.name.as_str()).collect();
            let mut seen = HashSet::new();
            for row in rows {
                let found = key(&model, table, row, &columns);
                let left_out = table.columns.iter().zip(row).any(|(column, value)| {
                    let said = format!("[{}] IS NOT NULL", column.field.name.replace(']', "]]"));
                    *value == Value::Null && filter.is_some_and(|text| text.contains(&said))
                });
                // Other conditions of indexes are not judged here.
                let judged =
                    filter.is_none_or(|text| text.replace("IS NOT NULL", "").matches(['=', '>', 'N']).count() == 0);
                if !left_out && judged {
                    assert!(
                        seen.insert(found.clone()),
                        "{}: {name}: {found:?} occurs twice",
                        table.full_name()
                    );
                }
            }
        }
        let wanted = model.tables.iter().flat_map(|table| &table.foreign_keys);
        for foreign in wanted.filter(|foreign| foreign.foreign_table.last() == table.name) {
            let columns: Vec<&str> = foreign.foreign_columns.iter().map(String::as_str).collect();
            let entry = keys
                .entry((table.name.clone(), foreign.foreign_columns.clone()))
                .or_default();
            entry.extend(rows.iter().map(|row| key(&model, table, row, &columns)));
        }
    }
    for (table, rows) in model.tables.iter().zip(&rows) {
        for foreign in table.foreign_keys.iter().filter(|foreign| !foreign.not_trusted) {
            let columns: Vec<&str> = foreign.columns.iter().map(String::as_str).collect();
            let there = &keys[&(foreign.foreign_table.last().to_owned(), foreign.foreign_columns.clone())];
            for row in rows {
                let found = key(&model, table, row, &columns);
                let holds = found.iter().any(Option::is_none) || there.contains(&found);
                assert!(
                    holds,
                    "{}: {}: {found:?} refers to nothing",
                    table.full_name(),
                    foreign.name
                );
            }
        }
    }
}
