//! `coffre doctor`: what this machine has and lacks. It looks and tells; it changes nothing.

use std::io::{self, Write};
use std::path::Path;
use std::sync::Arc;

use control::ports::alert_channel::AlertChannel;
use engines::postgres::{ToolFinding, tool_report};

use crate::adapters::master_key::MasterKey;
use crate::config::Config;
use crate::wiring::Places;

/// Examines the machine and, with a configuration, what it points to. `true` when nothing is missing.
///
/// # Errors
/// The report cannot be written.
pub fn examine(config: Option<&Config>, out: &mut dyn Write) -> io::Result<bool> {
    let mut well = true;
    let mut tell = |fine: bool, what: &str| -> io::Result<()> {
        well &= fine;
        writeln!(out, "{} {what}", if fine { "ok     " } else { "MISSING" })
    };
    tell(true, &format!("SQLite {} is built in", rusqlite::version()))?;
    for finding in tool_report(None) {
        let (fine, text) = told(&finding);
        tell(fine, &text)?;
    }
    let Some(config) = config else { return Ok(well) };

    let places = Places::below(&config.storage.data, Vec::new());
    for (name, folder) in [
        ("data", config.storage.data.clone()),
        ("repositories", config.repositories()),
    ] {
        tell(folder.is_dir(), &format!("{name} folder {}", folder.display()))?;
    }
    match MasterKey::open(&places.master_key()) {
        Ok(_) => tell(
            true,
            "master key; keep a copy elsewhere: without it no backup can be read",
        )?,
        Err(error) => tell(false, &error.to_string())?,
    }
    for folder in &config.storage.sqlite_folders {
        tell(
            Path::new(folder).is_dir(),
            &format!("SQLite folder {}", folder.display()),
        )?;
    }
    match config.alerts.channels(config.web.public_url.as_deref()) {
        Err(error) => tell(false, &format!("alerts: {error}"))?,
        Ok(channels) if channels.is_empty() => tell(
            false,
            "alerts: no channel is configured, nobody is told when a site has no backup",
        )?,
        Ok(channels) => {
            let named =
                |channel: &Arc<dyn AlertChannel>| format!("{} to {}", channel.name(), channel.standing().join(", "));
            let named: Vec<_> = channels.iter().map(named).collect();
            tell(
                true,
                &format!("alerts by {}; `coffre alerts test` tries them", named.join("; ")),
            )?;
            if channels.len() == 1 {
                tell(
                    true,
                    "alerts have one channel: when it fails nobody is told; a second one is wise",
                )?;
            }
        }
    }
    Ok(well)
}

fn told(finding: &ToolFinding) -> (bool, String) {
    match finding {
        ToolFinding::Missing => (
            false,
            "pg_dump and pg_restore: sites on PostgreSQL can be neither backed up nor restored".into(),
        ),
        ToolFinding::Sound { folder, version } => (true, format!("PostgreSQL tools {version} in {}", folder.display())),
        ToolFinding::NotSupported { folder, version } => (
            false,
            format!(
                "PostgreSQL tools {version} in {}: versions 13 to 18 are supported",
                folder.display()
            ),
        ),
        ToolFinding::Vulnerable {
            folder,
            version,
            corrected_in,
            advisory,
        } => {
            let take =
                corrected_in.map_or_else(|| "take a newer major".to_owned(), |release| format!("take {release}"));
            (
                false,
                format!(
                    "PostgreSQL tools {version} in {}: a hostile server can overrun them ({advisory}); {take}",
                    folder.display()
                ),
            )
        }
    }
}
