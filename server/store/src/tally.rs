//! What has ended, counted. The counting itself is done by triggers, in the transaction of what is counted.

use std::time::Duration;

use control::ports::tally::{Ended, Stored, Tally};
use domain::backup::BackupKind;
use domain::process::StateName;
use sqlx::Row;

use crate::fault::Fault;
use crate::open::SqliteStore;
use crate::rows;

/// Everything counted.
pub(crate) async fn tally(store: &SqliteStore) -> Result<Tally, Fault> {
    let mut tx = store.read().await?;
    let ended = sqlx::query("SELECT kind, state, class, count, ran_ms FROM ended_tally ORDER BY kind, state, class")
        .fetch_all(&mut *tx)
        .await?;
    let stored = sqlx::query("SELECT kind, count, bytes FROM stored_tally ORDER BY kind")
        .fetch_all(&mut *tx)
        .await?;
    let mut tally = Tally::default();
    for row in &ended {
        let kind: String = row.try_get("kind")?;
        let state = state(row.try_get("state")?)?;
        if tally
            .ended
            .last()
            .is_none_or(|last| (&last.kind, last.state) != (&kind, state))
        {
            tally.ended.push(Ended {
                kind,
                state,
                count: 0,
                durations: Default::default(),
                took: Duration::ZERO,
            });
        }
        let count: u64 = rows::natural(row, "count")?;
        let class: usize = rows::natural(row, "class")?;
        if let Some(last) = tally.ended.last_mut() {
            last.count += count;
            last.took += Duration::from_millis(rows::natural(row, "ran_ms")?);
            if state == StateName::Completed {
                *last
                    .durations
                    .get_mut(class)
                    .ok_or_else(|| Fault::broken("a class of durations"))? = count;
            }
        }
    }
    for row in &stored {
        let code: &str = row.try_get("kind")?;
        let kind = BackupKind::ALL.into_iter().find(|kind| kind.code() == code);
        tally.stored.push(Stored {
            kind: kind.ok_or_else(|| Fault::broken(format!("a backup of kind {code:?}")))?,
            count: rows::natural(row, "count")?,
            bytes: rows::natural(row, "bytes")?,
        });
    }
    Ok(tally)
}

fn state(word: &str) -> Result<StateName, Fault> {
    match word {
        "completed" => Ok(StateName::Completed),
        "failed" => Ok(StateName::Failed),
        "cancelled" => Ok(StateName::Cancelled),
        _ => Err(Fault::broken(format!("a process that ended {word:?}"))),
    }
}
