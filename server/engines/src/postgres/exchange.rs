//! The exchange of a loaded database with the live one, step by step, and the settlement of one that was interrupted.
//!
//! A database can be renamed only while nobody is connected to it. So the live one is closed to new connections, those it
//! has are ended, and two renames in one transaction put the copy in its place. Every state that an interruption can
//! leave is told by which names exist:
//!
//! | live | new | old | state | roll back | keep |
//! |---|---|---|---|---|---|
//! | old data | – | – | nothing to settle | – | – |
//! | old data, perhaps closed | loaded | – | not exchanged | open live, drop new | refused |
//! | new data | – | old data, closed | exchanged | rename both back, open live | drop old |

use control::ports::database_engine::EngineError;
use domain::failure::Cause;

use super::error::failed;
use super::names::Names;
use super::session::{Session, ident};

/// Told after each durable step; an error ends the exchange there, as a crash would.
pub(crate) type AfterStep<'a> = &'a mut dyn FnMut(Step) -> Result<(), EngineError>;

/// The durable steps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    /// The live database takes no new connection.
    Closed,
    /// Nobody is connected to it.
    Emptied,
    /// The live name leads to the new data.
    NewInPlace,
}

/// Which of a restore's databases exist.
pub(crate) struct Found {
    pub(crate) live: bool,
    pub(crate) new: bool,
    pub(crate) old: bool,
}

impl Found {
    pub(crate) fn look(session: &mut Session, names: &Names) -> Result<Self, EngineError> {
        let mut exists = |name: &str| {
            let rows = session.rows("SELECT datname::text FROM pg_database WHERE datname = $1", &[name]);
            rows.map(|rows| !rows.is_empty())
                .map_err(|error| failed("cannot list the databases", &error))
        };
        Ok(Self {
            live: exists(&names.live)?,
            new: exists(&names.new)?,
            old: exists(&names.old)?,
        })
    }
}

/// Exchanges. On an error before [`Step::NewInPlace`] the live database is open and what it was.
///
/// # Errors
/// `DatabaseLocked` when somebody's connection cannot be ended.
pub(crate) fn put_in_place(session: &mut Session, names: &Names) -> Result<(), EngineError> {
    let result = close_and_rename(session, &names.live, &names.old, &names.new, &mut |_| Ok(()));
    if result.is_err()
        && Found::look(session, names).is_ok_and(|found| found.new)
        && let Err(error) = open(session, &names.live)
    {
        tracing::error!(%error, database = names.live, "a live database stays closed until its restore is settled");
    }
    result
}

/// `live` becomes `aside`, `replacement` becomes `live`.
pub(crate) fn close_and_rename(
    session: &mut Session,
    live: &str,
    aside: &str,
    replacement: &str,
    after: AfterStep<'_>,
) -> Result<(), EngineError> {
    let closed = format!("ALTER DATABASE {} ALLOW_CONNECTIONS false", ident(live));
    session
        .execute(&closed)
        .map_err(|error| failed("cannot close the database", &error))?;
    after(Step::Closed)?;
    end_connections(session, live)?;
    end_connections(session, replacement)?;
    after(Step::Emptied)?;
    let renames = [
        "BEGIN".to_owned(),
        format!("ALTER DATABASE {} RENAME TO {}", ident(live), ident(aside)),
        format!("ALTER DATABASE {} RENAME TO {}", ident(replacement), ident(live)),
        "COMMIT".to_owned(),
    ];
    for statement in renames {
        if let Err(error) = session.execute(&statement) {
            // The first error is the one to tell; a lost connection has rolled back by itself.
            let _ = session.execute("ROLLBACK");
            return Err(failed("cannot exchange the databases", &error));
        }
    }
    after(Step::NewInPlace)
}

/// Asks every connection to end; the rename that follows waits some seconds for them to be gone, and refuses if one stays.
fn end_connections(session: &mut Session, database: &str) -> Result<(), EngineError> {
    let failed = |error: sqlx::Error| failed("cannot list the connections", &error);
    let connected = session
        .rows(
            "SELECT pid::text FROM pg_stat_activity WHERE datname = $1 AND pid <> pg_backend_pid()",
            &[database],
        )
        .map_err(failed)?;
    for pid in connected.into_iter().flatten().flatten() {
        if let Err(error) = session.rows("SELECT pg_terminate_backend($1::int)::text", &[&pid]) {
            tracing::warn!(%error, database, "a connection cannot be ended");
        }
    }
    Ok(())
}

fn open(session: &mut Session, database: &str) -> Result<(), EngineError> {
    session
        .execute(&format!("ALTER DATABASE {} ALLOW_CONNECTIONS true", ident(database)))
        .map_err(|error| failed("cannot open the database again", &error))
}

/// Drops a loaded copy, whoever is still connected to it.
pub(crate) fn drop_copy(session: &mut Session, name: &str) -> Result<(), EngineError> {
    session
        .execute(&format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", ident(name)))
        .map_err(|error| failed("cannot drop the loaded copy", &error))
}

/// The old data come back; whatever was loaded goes.
pub(crate) fn roll_back(session: &mut Session, names: &Names) -> Result<(), EngineError> {
    let mut found = Found::look(session, names)?;
    if found.old {
        if found.live {
            close_and_rename(session, &names.live, &names.new, &names.old, &mut |_| Ok(()))?;
        } else {
            session
                .execute(&format!(
                    "ALTER DATABASE {} RENAME TO {}",
                    ident(&names.old),
                    ident(&names.live)
                ))
                .map_err(|error| failed("cannot put the old data back", &error))?;
            open(session, &names.live)?;
        }
        found.new = true;
    }
    // The copy goes last: while it is there, a later call knows that the live database may still be closed.
    if found.new {
        open(session, &names.live)?;
        drop_copy(session, &names.new)?;
    }
    Ok(())
}

/// The new data stay; the old ones go.
///
/// # Errors
/// `Unexpected` when the copy was never put in place: then the live data are the old ones, and nothing is dropped.
pub(crate) fn keep(session: &mut Session, names: &Names) -> Result<(), EngineError> {
    let found = Found::look(session, names)?;
    if found.new {
        return Err(EngineError::new(
            Cause::Unexpected,
            format_args!("{} was never put in place", names.new),
        ));
    }
    if found.old {
        session
            .execute(&format!("DROP DATABASE {}", ident(&names.old)))
            .map_err(|error| failed("cannot drop the old data", &error))?;
    }
    Ok(())
}
