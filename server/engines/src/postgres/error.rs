//! What a PostgreSQL server, or one of its tools, says, told by cause. Neither ever repeats a password; what a tool says
//! about rows is left out.

use control::ports::database_engine::EngineError;
use domain::failure::Cause;

/// Longest part of a tool's words that is logged, characters.
const TOLD_CHARS: usize = 600;

/// The cause of an error of a connection or a statement.
pub(crate) fn cause(error: &sqlx::Error) -> Cause {
    match error {
        sqlx::Error::Io(_) | sqlx::Error::Tls(_) | sqlx::Error::WorkerCrashed => Cause::ServerUnreachable,
        sqlx::Error::Database(database) => database.code().map_or(Cause::Unexpected, |code| cause_of_state(&code)),
        _ => Cause::Unexpected,
    }
}

/// Appendix A of the PostgreSQL manual.
fn cause_of_state(code: &str) -> Cause {
    match code {
        "3D000" => Cause::DatabaseMissing,
        // No such user or password; a right that is lacking.
        "28P01" | "28000" | "42501" => Cause::ServerDeniesAccess,
        // Lock not available; object in use; not accepting connections (a restore is under way).
        "55P03" | "55006" | "55000" => Cause::DatabaseLocked,
        // Starting or stopping; too many connections.
        "57P01" | "57P02" | "57P03" | "53300" => Cause::ServerUnreachable,
        "53100" => Cause::ScratchFull,
        "57014" => Cause::Interrupted,
        "XX001" | "XX002" => Cause::DatabaseCorrupt,
        _ if code.starts_with("08") => Cause::ServerUnreachable,
        _ => Cause::Unexpected,
    }
}

/// An error while `what` was done.
pub(crate) fn failed(what: &str, error: &sqlx::Error) -> EngineError {
    EngineError::new(cause(error), format_args!("{what}: {error}"))
}

/// Has a statement failed with this state?
pub(crate) fn has_state(error: &sqlx::Error, code: &str) -> bool {
    error
        .as_database_error()
        .and_then(sqlx::error::DatabaseError::code)
        .is_some_and(|found| found == code)
}

/// A tool that ended with an error, by what it wrote.
pub(crate) fn tool_failed(program: &str, words: &str) -> EngineError {
    let has = |text: &str| words.contains(text);
    let cause = if has("No space left on device") || has("could not extend file") {
        Cause::ScratchFull
    } else if has("password authentication failed") || has("no password supplied") || has("permission denied") {
        Cause::ServerDeniesAccess
    } else if has("lock timeout") {
        Cause::DatabaseLocked
    } else if has("server version mismatch") || has("unsupported version") {
        Cause::VersionNotSupported
    } else if has("connection to server") || has("server closed the connection") || has("terminating connection") {
        Cause::ServerUnreachable
    } else if has("invalid page") || has("could not read block") || has("missing chunk") {
        Cause::DatabaseCorrupt
    } else {
        Cause::ToolFailed
    };
    EngineError::new(cause, format_args!("{program} ended with an error: {}", told(words)))
}

/// The lines in which a tool reports; rows and statements follow on lines of their own.
fn told(words: &str) -> String {
    let reports: Vec<&str> = words.lines().filter(|line| line.starts_with("pg_")).collect();
    reports.join(" / ").chars().take(TOLD_CHARS).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_tool_says_about_rows_is_not_logged() {
        let error = tool_failed(
            "pg_restore",
            "pg_restore: error: COPY failed for table \"salary\": ERROR:  invalid input\n\
             CONTEXT:  COPY salary, line 1: \"Mme Dupont 4711\"\nCommand was: COPY salary FROM stdin;",
        );
        assert_eq!(error.cause, Cause::ToolFailed);
        assert!(error.detail.contains("salary") && !error.detail.contains("Dupont") && !error.detail.contains("stdin"));
    }

    #[test]
    fn a_full_disk_is_told_as_such() {
        let words = "pg_dump: error: could not write to file: No space left on device";
        assert_eq!(tool_failed("pg_dump", words).cause, Cause::ScratchFull);
    }
}
