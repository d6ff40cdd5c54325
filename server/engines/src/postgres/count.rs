//! Rows of each table in the view that was dumped: exact, by the same transaction, after `pg_dump` has read what it needs.
//!
//! After, because nothing that goes wrong here may harm the dump: an error ends the transaction whose snapshot it reads. Writers
//! go on meanwhile, as during the dump.
//!
//! A partitioned table is one table, with the rows of all its partitions: that is what people know, and a partition that is
//! archived is no loss of a table. Rows of foreign partitions are not in the dump and not counted. A table that others inherit
//! from counts its own rows alone, and so do they. Extensions' own tables are not counted.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use control::ports::database_engine::EngineError;
use domain::failure::Cause;

use super::session::Session;

/// The name that is counted for, and what is read; nothing for a partitioned table itself, whose rows lie in its partitions.
const TABLES: &str = "
    SELECT rn.nspname || '.' || r.relname,
           CASE WHEN c.relkind = 'r' THEN format('%I.%I', n.nspname, c.relname) END
    FROM pg_class c
    JOIN pg_namespace n ON n.oid = c.relnamespace
    JOIN pg_class r ON r.oid = coalesce(pg_partition_root(c.oid), c.oid)
    JOIN pg_namespace rn ON rn.oid = r.relnamespace
    WHERE c.relkind IN ('r', 'p') AND c.relpersistence <> 't'
      AND n.nspname <> 'information_schema' AND n.nspname !~ '^pg_'
      AND NOT EXISTS (SELECT FROM pg_depend d
                      WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
    ORDER BY 1, 2";

/// Counts inside the transaction of the session, which may be of no use afterwards. `None` when it takes longer than the budget,
/// or the server says no.
///
/// # Errors
/// `Interrupted`, when `go_on` asks for it between two tables.
pub(crate) fn rows(
    session: &mut Session,
    budget: Duration,
    go_on: &dyn Fn() -> bool,
) -> Result<Option<BTreeMap<String, u64>>, EngineError> {
    let started = Instant::now();
    let tables = match session.rows(TABLES, &[]) {
        Ok(tables) => tables,
        Err(error) => {
            tracing::warn!(%error, "rows are not counted");
            return Ok(None);
        }
    };
    let mut counted = BTreeMap::new();
    for table in tables {
        let mut columns = table.into_iter();
        let (Some(Some(name)), read) = (columns.next(), columns.next().flatten()) else {
            continue;
        };
        let rows = counted.entry(name).or_insert(0);
        let Some(read) = read else { continue };
        if !go_on() {
            return Err(EngineError::new(Cause::Interrupted, "the count was asked to stop"));
        }
        let left = budget.saturating_sub(started.elapsed()).as_millis();
        if left == 0 {
            tracing::warn!(
                budget_secs = budget.as_secs(),
                "rows are not counted: it takes too long"
            );
            return Ok(None);
        }
        let one = session
            .execute(&format!("SET LOCAL statement_timeout = {left}"))
            .and_then(|()| session.number(&format!("SELECT count(*)::text FROM ONLY {read}"), &[]));
        match one {
            Ok(one) => *rows += one,
            Err(error) => {
                tracing::warn!(table = read, %error, "rows are not counted");
                return Ok(None);
            }
        }
    }
    Ok(Some(counted))
}
