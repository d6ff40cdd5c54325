//! A digest of what a SQLite database says, whatever its pages look like: equal before and after `VACUUM`, different after
//! any change of schema or rows.
//!
//! Left out: statistics of the query planner, journal mode and page size, generated columns (they follow from the others),
//! row numbers without a name, and virtual tables as such (their content lies in ordinary tables, which are read).

use rusqlite::types::ValueRef;
use rusqlite::{Connection, Result};
use sha2::{Digest, Sha256};

/// Said first, so that a later change of this layout cannot be mistaken for a change of content.
const LAYOUT: &[u8] = b"coffre sqlite content 1\n";

/// Reads everything inside the caller's transaction.
pub(crate) fn content(connection: &Connection) -> Result<[u8; 32]> {
    // A key may be ordered by a collation that only the site's own program has. Nothing below sorts or compares by it.
    connection.collation_needed(|connection, name| connection.create_collation(name, str::cmp))?;
    let mut hash = Sha256::new();
    hash.update(LAYOUT);
    for pragma in ["application_id", "user_version", "encoding"] {
        add_rows(&mut hash, connection, &format!("PRAGMA {pragma}"))?;
    }
    add_rows(
        &mut hash,
        connection,
        r"SELECT type, name, tbl_name, sql FROM sqlite_schema
          WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite\_stat%' ESCAPE '\' ORDER BY type, name",
    )?;
    for table in tables(connection)? {
        add_bytes(&mut hash, b'T', table.name.as_bytes());
        add_rows(&mut hash, connection, &table.select)?;
    }
    Ok(hash.finalize().into())
}

struct Table {
    name: String,
    select: String,
}

fn tables(connection: &Connection) -> Result<Vec<Table>> {
    // A virtual table has no root page.
    let mut statement = connection.prepare(
        r"SELECT s.name, coalesce(l.wr, 0) FROM sqlite_schema AS s
          LEFT JOIN pragma_table_list AS l ON l.schema = 'main' AND l.name = s.name
          WHERE s.type = 'table' AND s.rootpage > 0 AND s.name NOT LIKE 'sqlite\_stat%' ESCAPE '\' ORDER BY s.name",
    )?;
    let found = statement.query_map([], |row| Ok((row.get::<_, String>(0)?, row.get::<_, bool>(1)?)))?;
    found
        .map(|table| {
            let (name, without_rowid) = table?;
            let select = select(connection, &name, without_rowid)?;
            Ok(Table { name, select })
        })
        .collect()
}

fn select(connection: &Connection, table: &str, without_rowid: bool) -> Result<String> {
    let mut statement = connection.prepare("SELECT name, hidden FROM pragma_table_xinfo(?1)")?;
    let columns = statement
        .query_map([table], |row| Ok((row.get::<_, String>(0)?, row.get::<_, i64>(1)?)))?
        .collect::<Result<Vec<_>>>()?;
    let stored: Vec<String> = columns
        .iter()
        .filter(|(_, hidden)| *hidden == 0)
        .map(|(name, _)| quoted(name))
        .collect();
    let row_number = ["rowid", "_rowid_", "oid"]
        .into_iter()
        .find(|alias| !columns.iter().any(|(name, _)| name.eq_ignore_ascii_case(alias)));
    let path = if table == "sqlite_sequence" {
        "NOT INDEXED ORDER BY name, seq".to_owned()
    } else if without_rowid {
        // The table lies in its key. `NOT INDEXED` would allow SQLite any index that holds all columns.
        let key: String = connection.query_row(
            "SELECT name FROM pragma_index_list(?1) WHERE origin = 'pk'",
            [table],
            |row| row.get(0),
        )?;
        format!("INDEXED BY {}", quoted(&key))
    } else {
        row_number.map_or_else(
            || "NOT INDEXED".to_owned(),
            |alias| format!("NOT INDEXED ORDER BY {alias}"),
        )
    };
    Ok(format!("SELECT {} FROM {} {path}", stored.join(", "), quoted(table)))
}

fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

fn add_rows(hash: &mut Sha256, connection: &Connection, select: &str) -> Result<()> {
    let mut statement = connection.prepare(select)?;
    let columns = statement.column_count();
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        hash.update(b"R");
        for column in 0..columns {
            match row.get_ref(column)? {
                ValueRef::Null => hash.update(b"N"),
                ValueRef::Integer(value) => add_bytes(hash, b'I', &value.to_be_bytes()),
                ValueRef::Real(value) => add_bytes(hash, b'F', &value.to_bits().to_be_bytes()),
                ValueRef::Text(value) => add_bytes(hash, b'S', value),
                ValueRef::Blob(value) => add_bytes(hash, b'B', value),
            }
        }
    }
    hash.update(b"E");
    Ok(())
}

fn add_bytes(hash: &mut Sha256, kind: u8, bytes: &[u8]) {
    hash.update([kind]);
    hash.update((bytes.len() as u64).to_be_bytes());
    hash.update(bytes);
}
