//! The schema of a SQLite database as SQLite itself tells it: tables, columns, indexes, foreign keys, and the texts of
//! everything. It reads; it neither plans nor looks at rows.

use rusqlite::{Connection, OptionalExtension, Row, params};

use super::ddl::{self, Element};

/// An object of the schema.
#[derive(Debug, Clone)]
pub(super) struct Object {
    /// `table`, `index`, `view` or `trigger`.
    pub(super) kind: String,
    pub(super) name: String,
    /// The table that it is or belongs to.
    pub(super) table: String,
    /// Its text; none for what SQLite makes itself.
    pub(super) sql: Option<String>,
}

/// A table with rows of its own.
#[derive(Debug, Clone)]
pub(super) struct TableSchema {
    pub(super) name: String,
    pub(super) without_rowid: bool,
    pub(super) columns: Vec<ColumnSchema>,
    pub(super) indexes: Vec<IndexSchema>,
    pub(super) foreign_keys: Vec<ForeignKeySchema>,
    pub(super) elements: Vec<Element>,
    pub(super) autoincrement: bool,
    /// What `sqlite_sequence` says.
    pub(super) sequence: Option<i64>,
}

/// A column.
#[derive(Debug, Clone)]
pub(super) struct ColumnSchema {
    pub(super) name: String,
    pub(super) declared: String,
    pub(super) not_null: bool,
    pub(super) default: Option<String>,
    /// Place in the primary key, from 1; 0 outside it.
    pub(super) primary: u32,
    pub(super) generated: bool,
    pub(super) collation: String,
}

/// An index.
#[derive(Debug, Clone)]
pub(super) struct IndexSchema {
    pub(super) name: String,
    pub(super) unique: bool,
    /// `c` for CREATE INDEX, `u` for UNIQUE, `pk` for the primary key.
    pub(super) origin: String,
    pub(super) partial: bool,
    /// Position and whether descending; without a position, an expression.
    pub(super) columns: Vec<(Option<usize>, bool)>,
    pub(super) sql: Option<String>,
}

/// A foreign key.
#[derive(Debug, Clone)]
pub(super) struct ForeignKeySchema {
    pub(super) table: String,
    pub(super) from: Vec<String>,
    /// None stands for the primary key.
    pub(super) to: Vec<Option<String>>,
    pub(super) on_update: String,
    pub(super) on_delete: String,
    pub(super) deferred: bool,
}

/// All that is read.
#[derive(Debug, Clone)]
pub(super) struct Schema {
    pub(super) tables: Vec<TableSchema>,
    pub(super) objects: Vec<Object>,
    /// Names of virtual tables, and of the tables behind them.
    pub(super) virtual_tables: Vec<String>,
    pub(super) shadow_tables: Vec<String>,
    pub(super) bytes: u64,
    pub(super) encoding: String,
    pub(super) user_version: i64,
    pub(super) application_id: i64,
}

pub(super) fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

pub(super) fn read(connection: &Connection) -> rusqlite::Result<Schema> {
    let number = |pragma: &str| connection.query_row(&format!("PRAGMA {pragma}"), [], |row| row.get::<_, i64>(0));
    let mut objects = Vec::new();
    let mut statement = connection.prepare("SELECT type, name, tbl_name, sql FROM sqlite_schema ORDER BY rowid")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        objects.push(Object {
            kind: text(row, 0)?,
            name: text(row, 1)?,
            table: text(row, 2)?,
            sql: row.get_ref(3)?.as_bytes_or_null()?.map(lossy),
        });
    }
    let mut schema = Schema {
        tables: Vec::new(),
        objects,
        virtual_tables: Vec::new(),
        shadow_tables: Vec::new(),
        bytes: u64::try_from(number("page_count")?.saturating_mul(number("page_size")?)).unwrap_or(0),
        encoding: connection.query_row("PRAGMA encoding", [], |row| row.get(0))?,
        user_version: number("user_version")?,
        application_id: number("application_id")?,
    };
    let mut statement = connection.prepare("SELECT name, type, wr FROM pragma_table_list WHERE schema = 'main'")?;
    let mut kinds = std::collections::HashMap::new();
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        kinds.insert(text(row, 0)?, (text(row, 1)?, row.get::<_, bool>(2)?));
    }
    for object in schema.objects.iter().filter(|object| object.kind == "table") {
        match kinds.get(&object.name) {
            Some((kind, _)) if kind == "virtual" => schema.virtual_tables.push(object.name.clone()),
            Some((kind, _)) if kind == "shadow" => schema.shadow_tables.push(object.name.clone()),
            _ if is_internal(&object.name) => {}
            found => {
                let without_rowid = found.is_some_and(|(_, without)| *without);
                schema
                    .tables
                    .push(table(connection, object, without_rowid, &schema.objects)?);
            }
        }
    }
    Ok(schema)
}

/// Names that SQLite keeps for itself.
pub(super) fn is_internal(name: &str) -> bool {
    name.get(..7).is_some_and(|start| start.eq_ignore_ascii_case("sqlite_"))
}

fn lossy(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// A name or a text of the schema; SQLite does not see to it that they are UTF-8.
fn text(row: &Row<'_>, at: usize) -> rusqlite::Result<String> {
    Ok(row.get_ref(at)?.as_bytes_or_null()?.map(lossy).unwrap_or_default())
}

fn table(
    connection: &Connection,
    object: &Object,
    without_rowid: bool,
    objects: &[Object],
) -> rusqlite::Result<TableSchema> {
    let name = object.name.as_str();
    let elements = object.sql.as_deref().map(ddl::elements).unwrap_or_default();
    let mut columns = Vec::new();
    let mut statement = connection
        .prepare("SELECT name, type, \"notnull\", dflt_value, pk, hidden FROM pragma_table_xinfo(?1, 'main')")?;
    let mut rows = statement.query([name])?;
    let mut autoincrement = false;
    while let Some(row) = rows.next()? {
        let column = text(row, 0)?;
        let (_, collation, _, _, counts) = connection.column_metadata(Some("main"), name, column.as_str())?;
        autoincrement |= counts;
        columns.push(ColumnSchema {
            declared: text(row, 1)?,
            not_null: row.get(2)?,
            default: row.get_ref(3)?.as_bytes_or_null()?.map(lossy),
            primary: row.get(4)?,
            generated: row.get::<_, i64>(5)? > 1,
            collation: collation
                .map(|name| name.to_string_lossy().to_ascii_uppercase())
                .unwrap_or_default(),
            name: column,
        });
    }
    let sequence = if autoincrement {
        let sql = "SELECT seq FROM sqlite_sequence WHERE name = ?1 AND typeof(seq) = 'integer'";
        connection.query_row(sql, [name], |row| row.get(0)).optional()?
    } else {
        None
    };
    Ok(TableSchema {
        name: name.to_owned(),
        without_rowid,
        indexes: indexes(connection, name, objects)?,
        foreign_keys: foreign_keys(connection, name, &elements)?,
        columns,
        elements,
        autoincrement,
        sequence,
    })
}

fn indexes(connection: &Connection, table: &str, objects: &[Object]) -> rusqlite::Result<Vec<IndexSchema>> {
    let mut statement = connection
        .prepare("SELECT name, \"unique\", origin, partial FROM pragma_index_list(?1, 'main') ORDER BY seq DESC")?;
    let mut rows = statement.query([table])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        let name = text(row, 0)?;
        let mut parts = Vec::new();
        let mut statement = connection
            .prepare_cached("SELECT cid, \"desc\" FROM pragma_index_xinfo(?1, 'main') WHERE key = 1 ORDER BY seqno")?;
        let mut keys = statement.query(params![name])?;
        while let Some(key) = keys.next()? {
            parts.push((usize::try_from(key.get::<_, i64>(0)?).ok(), key.get::<_, bool>(1)?));
        }
        drop(keys);
        let own = |object: &&Object| object.kind == "index" && object.name == name;
        found.push(IndexSchema {
            unique: row.get(1)?,
            origin: text(row, 2)?,
            partial: row.get(3)?,
            columns: parts,
            sql: objects.iter().find(own).and_then(|object| object.sql.clone()),
            name,
        });
    }
    Ok(found)
}

fn foreign_keys(connection: &Connection, table: &str, elements: &[Element]) -> rusqlite::Result<Vec<ForeignKeySchema>> {
    let mut statement = connection.prepare(
        "SELECT id, \"table\", \"from\", \"to\", on_update, on_delete FROM pragma_foreign_key_list(?1, 'main') ORDER BY id DESC, seq",
    )?;
    let mut rows = statement.query([table])?;
    let mut found: Vec<(i64, ForeignKeySchema)> = Vec::new();
    while let Some(row) = rows.next()? {
        let id: i64 = row.get(0)?;
        if found.last().is_none_or(|(last, _)| *last != id) {
            let key = ForeignKeySchema {
                table: text(row, 1)?,
                from: Vec::new(),
                to: Vec::new(),
                on_update: text(row, 4)?,
                on_delete: text(row, 5)?,
                deferred: false,
            };
            found.push((id, key));
        }
        if let Some((_, key)) = found.last_mut() {
            key.from.push(text(row, 2)?);
            key.to.push(row.get_ref(3)?.as_bytes_or_null()?.map(lossy));
        }
    }
    let mut keys: Vec<_> = found.into_iter().map(|(_, key)| key).collect();
    // The list above is in the order of the text.
    let deferred = elements.iter().flat_map(|element| &element.references);
    for (key, deferred) in keys.iter_mut().zip(deferred) {
        key.deferred = *deferred;
    }
    Ok(keys)
}
