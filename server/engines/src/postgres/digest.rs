//! A digest of what a PostgreSQL database says: schema as `pg_dump` writes it, every row, sequences, large objects.
//!
//! All of it under one snapshot. Left out: statistics, the content of materialised views (it follows from the tables, and a
//! restore refreshes it), foreign tables (their rows live elsewhere), tables that an extension brings, and what belongs to
//! the database as a whole (it is taken over from the live one, not from the backup).

use control::ports::database_engine::EngineError;
use domain::failure::Cause;
use sha2::{Digest, Sha256};

use super::error::failed;
use super::freeze::begin_view;
use super::session::{Server, Session};
use super::tools::{Run, Tools};

/// Said first, so that a later change of this layout cannot be mistaken for a change of content.
const LAYOUT: &[u8] = b"coffre postgres content 1\n";

/// Bytes of a large object read at once.
const LARGE_OBJECT_BYTES: u64 = 1024 * 1024;

/// One query per table: rows in the order of the primary key, else in that of their text.
const TABLES: &str = "
    SELECT format('%I.%I', n.nspname, c.relname),
           format('SELECT t::text FROM ONLY %I.%I AS t ORDER BY %s', n.nspname, c.relname, coalesce(
               (SELECT string_agg(format('t.%I', a.attname), ', ' ORDER BY k.position)
                FROM pg_index i CROSS JOIN unnest(i.indkey) WITH ORDINALITY AS k (attnum, position)
                JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = k.attnum
                WHERE i.indrelid = c.oid AND i.indisprimary AND k.position <= i.indnkeyatts),
               't::text COLLATE \"C\"'))
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind = 'r' AND c.relpersistence <> 't' AND n.nspname <> 'information_schema' AND n.nspname !~ '^pg_'
      AND NOT EXISTS (SELECT FROM pg_depend d
                      WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
    ORDER BY n.nspname COLLATE \"C\", c.relname COLLATE \"C\"";

const SEQUENCES: &str = "
    SELECT format('%I.%I', n.nspname, c.relname),
           format('SELECT s.last_value || '' '' || s.is_called FROM %I.%I AS s', n.nspname, c.relname)
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind = 'S' AND c.relpersistence <> 't'
      AND NOT EXISTS (SELECT FROM pg_depend d
                      WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
    ORDER BY n.nspname COLLATE \"C\", c.relname COLLATE \"C\"";

/// Reads everything.
pub(crate) fn content(server: &Server, tools: &Tools) -> Result<[u8; 32], EngineError> {
    let mut session = server.connect()?;
    let snapshot = begin_view(&mut session)?;
    let mut hash = Sha256::new();
    hash.update(LAYOUT);
    add_schema(&mut hash, server, tools, &snapshot)?;
    let mut rows = || -> Result<(), sqlx::Error> {
        for listed in [TABLES, SEQUENCES] {
            for row in session.rows(listed, &[])? {
                if let [Some(name), Some(query)] = row.as_slice() {
                    add(&mut hash, b'T', Some(name.as_bytes()));
                    session.each(query, |row| add(&mut hash, b'R', row))?;
                }
            }
        }
        add_large_objects(&mut hash, &mut session)
    };
    rows().map_err(|error| failed("cannot read the content", &error))?;
    Ok(hash.finalize().into())
}

fn add_schema(hash: &mut Sha256, server: &Server, tools: &Tools, snapshot: &str) -> Result<(), EngineError> {
    let arguments = vec!["--schema-only".into(), format!("--snapshot={snapshot}").into()];
    let schema = Run {
        tools,
        program: "pg_dump",
        server,
        arguments,
    }
    .output()?;
    if schema.is_empty() {
        return Err(EngineError::new(Cause::ToolFailed, "pg_dump wrote no schema"));
    }
    for line in schema
        .split(|byte| *byte == b'\n')
        .filter(|line| !is_about_the_dump(line))
    {
        add(hash, b'L', Some(line));
    }
    Ok(())
}

/// Versions of server and tool, and the random key against injected commands: different in every dump.
fn is_about_the_dump(line: &[u8]) -> bool {
    let starts: [&[u8]; 4] = [
        b"-- Dumped from database version ",
        b"-- Dumped by pg_dump version ",
        b"\\restrict ",
        b"\\unrestrict ",
    ];
    starts.iter().any(|start| line.starts_with(start))
}

fn add_large_objects(hash: &mut Sha256, session: &mut Session) -> Result<(), sqlx::Error> {
    let objects = session.rows(
        "SELECT oid::text, pg_get_userbyid(lomowner)::text || ' ' || coalesce(lomacl::text, '')
         FROM pg_largeobject_metadata ORDER BY oid",
        &[],
    )?;
    for row in objects {
        let [Some(oid), Some(owner)] = row.as_slice() else {
            continue;
        };
        add(hash, b'O', Some(oid.as_bytes()));
        add(hash, b'A', Some(owner.as_bytes()));
        let mut offset = 0;
        loop {
            let mut read = 0;
            let query = format!("SELECT encode(lo_get({oid}, {offset}, {LARGE_OBJECT_BYTES}), 'hex')");
            session.each(&query, |block| {
                read = block.map_or(0, <[u8]>::len) as u64 / 2;
                add(hash, b'D', block);
            })?;
            offset += read;
            if read < LARGE_OBJECT_BYTES {
                break;
            }
        }
    }
    Ok(())
}

fn add(hash: &mut Sha256, kind: u8, bytes: Option<&[u8]>) {
    hash.update([kind]);
    match bytes {
        Some(bytes) => {
            hash.update((bytes.len() as u64).to_be_bytes());
            hash.update(bytes);
        }
        None => hash.update([0xff; 8]),
    }
}
