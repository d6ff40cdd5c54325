//! What an operator should know of the PostgreSQL tools on this machine. Findings, not refusals.

use std::path::{Path, PathBuf};

use super::session::SUPPORTED;
use super::tools::{Version, find};

/// The first releases that a hostile server cannot overrun through `pg_dump` (CVE-2026-6477), by major. Majors that are not
/// listed got no correction.
const CORRECTED: [Version; 4] = [
    Version { major: 15, minor: 18 },
    Version { major: 16, minor: 14 },
    Version { major: 17, minor: 10 },
    Version { major: 18, minor: 4 },
];

/// One finding about the tools.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ToolFinding {
    /// No `pg_dump` and `pg_restore` were found: PostgreSQL databases can be neither backed up nor restored.
    Missing,
    /// Usable, nothing known against it.
    Sound {
        /// Where.
        folder: PathBuf,
        /// Which.
        version: Version,
    },
    /// Usable, but a hostile server can overrun it.
    Vulnerable {
        /// Where.
        folder: PathBuf,
        /// Which.
        version: Version,
        /// The release of the same major that is corrected; `None`: only a newer major is.
        corrected_in: Option<Version>,
        /// The public name of the weakness.
        advisory: &'static str,
    },
    /// Of a major that this engine was not made for.
    NotSupported {
        /// Where.
        folder: PathBuf,
        /// Which.
        version: Version,
    },
}

/// Looks at every pair of tools that would be used; `configured` as in the engine's options. Runs `--version` of each:
/// milliseconds.
#[must_use]
pub fn tool_report(configured: Option<&Path>) -> Vec<ToolFinding> {
    let found = find(configured);
    if found.is_empty() {
        return vec![ToolFinding::Missing];
    }
    found
        .into_iter()
        .map(|tools| judge(tools.folder, tools.version))
        .collect()
}

fn judge(folder: PathBuf, version: Version) -> ToolFinding {
    if !SUPPORTED.contains(&version.major) {
        return ToolFinding::NotSupported { folder, version };
    }
    let corrected_in = CORRECTED.into_iter().find(|corrected| corrected.major == version.major);
    if corrected_in.is_some_and(|corrected| version >= corrected) {
        return ToolFinding::Sound { folder, version };
    }
    ToolFinding::Vulnerable {
        folder,
        version,
        corrected_in,
        advisory: "CVE-2026-6477",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(major: u16, minor: u16) -> ToolFinding {
        judge(PathBuf::from("bin"), Version { major, minor })
    }

    #[test]
    fn tools_older_than_the_correction_are_named_with_the_release_to_take() {
        assert!(matches!(verdict(15, 18), ToolFinding::Sound { .. }));
        assert!(matches!(verdict(18, 5), ToolFinding::Sound { .. }));
        let corrected = Some(Version { major: 17, minor: 10 });
        assert!(matches!(verdict(17, 9), ToolFinding::Vulnerable { corrected_in, .. } if corrected_in == corrected));
        assert!(matches!(
            verdict(14, 99),
            ToolFinding::Vulnerable { corrected_in: None, .. }
        ));
        assert!(matches!(verdict(12, 1), ToolFinding::NotSupported { .. }));
        assert!(matches!(verdict(19, 0), ToolFinding::NotSupported { .. }));
    }
}
