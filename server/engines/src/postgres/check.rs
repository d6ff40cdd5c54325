//! The check of a loaded database before it goes live.
//!
//! `pg_restore` has already validated every constraint and built every index, and ended at the first error. What is added:
//! every index is usable, and either `amcheck` finds every row in every B-tree or, where that extension cannot be had,
//! every row of every table is read and written out.

use control::ports::database_engine::EngineError;
use domain::failure::Cause;

use super::session::Session;

/// Where `amcheck` is put for the time of the check; the transaction is rolled back.
const SCHEMA: &str = "coffre_check";

/// Checks. `step` is told how many of how many parts are done, and may stop the check.
///
/// # Errors
/// `CheckFailed` with what was found, `Interrupted`, `ServerUnreachable`.
pub(crate) fn run(session: &mut Session, mut step: impl FnMut(u64, u64) -> bool) -> Result<(), EngineError> {
    let unusable = session
        .rows(
            "SELECT i.indexrelid::regclass::text FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
             WHERE c.relkind = 'i' AND NOT (i.indisvalid AND i.indisready)",
            &[],
        )
        .map_err(|error| found(&error))?;
    if let Some(index) = unusable.into_iter().flatten().flatten().next() {
        return Err(EngineError::new(
            Cause::CheckFailed,
            format_args!("the index {index} is not usable"),
        ));
    }
    session.execute("BEGIN").map_err(|error| found(&error))?;
    let parts = match amcheck(session) {
        Some(parts) => parts,
        None => {
            session.execute("ROLLBACK; BEGIN").map_err(|error| found(&error))?;
            full_read(session).map_err(|error| found(&error))?
        }
    };
    let total = parts.len() as u64;
    for (done, part) in parts.iter().enumerate() {
        if !step(done as u64, total) {
            return Err(EngineError::new(Cause::Interrupted, "the check was asked to stop"));
        }
        session.rows(part, &[]).map_err(|error| found(&error))?;
    }
    session.execute("ROLLBACK").map_err(|error| found(&error))?;
    step(total, total);
    Ok(())
}

fn found(error: &sqlx::Error) -> EngineError {
    let cause = match super::error::cause(error) {
        Cause::ServerUnreachable => Cause::ServerUnreachable,
        _ => Cause::CheckFailed,
    };
    EngineError::new(cause, format_args!("the loaded copy does not pass: {error}"))
}

/// One statement per B-tree, when the extension is there or can be put there for the moment.
fn amcheck(session: &mut Session) -> Option<Vec<String>> {
    let installed = session
        .rows(
            "SELECT quote_ident(n.nspname) FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace
             WHERE e.extname = 'amcheck'",
            &[],
        )
        .ok()?;
    let schema = match installed.into_iter().flatten().flatten().next() {
        Some(schema) => schema,
        None => {
            let create = format!("CREATE SCHEMA {SCHEMA}; CREATE EXTENSION amcheck SCHEMA {SCHEMA}");
            if let Err(error) = session.execute(&create) {
                tracing::info!(%error, "amcheck cannot be had; every row is read instead");
                return None;
            }
            SCHEMA.to_owned()
        }
    };
    let indexes = session
        .rows(
            "SELECT c.oid::text FROM pg_class c JOIN pg_am a ON a.oid = c.relam
             WHERE c.relkind = 'i' AND a.amname = 'btree' AND c.relpersistence <> 't' ORDER BY c.oid",
            &[],
        )
        .ok()?;
    let check = |index: String| format!("SELECT {schema}.bt_index_check({index}::regclass, true)::text");
    Some(indexes.into_iter().flatten().flatten().map(check).collect())
}

fn full_read(session: &mut Session) -> Result<Vec<String>, sqlx::Error> {
    let tables = session.rows(
        "SELECT format('SELECT count(t::text)::text FROM ONLY %I.%I AS t', n.nspname, c.relname)
         FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
         WHERE c.relkind IN ('r', 'm') AND c.relispopulated AND n.nspname <> 'information_schema' AND n.nspname !~ '^pg_'
         ORDER BY c.oid",
        &[],
    )?;
    Ok(tables.into_iter().flatten().flatten().collect())
}
