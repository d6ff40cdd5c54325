//! What the nights of a host cost, over the real control store, on a clock that is moved by hand: `make bench-nights`.
//!
//! For each number of sites: time on the cores of all looks of the scheduler from noon to noon, of the queue's own work for those
//! backups, and of a night after an outage, when every site is due at once; how evenly the starts are spread; and how each cost
//! grows per site from one size to the next. It judges nothing: it prints. Copying and storing databases is no part of it.

mod clock;
mod host;

use std::error::Error;
use std::path::Path;
use std::time::Duration;

use host::{Cost, Host};

/// What anything here comes to.
pub type Outcome<T> = Result<T, Box<dyn Error>>;

const SIZES: [usize; 3] = [500, 5_000, 50_000];
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// Where nothing is synced to a disk: its waiting is no time on a core, but 50,000 sites would make it long.
const MEMORY: &str = "/dev/shm";

#[tokio::main(flavor = "current_thread")]
async fn main() -> Outcome<()> {
    let asked: Vec<usize> = std::env::args().filter_map(|argument| argument.parse().ok()).collect();
    let sizes = if asked.is_empty() { SIZES.to_vec() } else { asked };
    let folder = if Path::new(MEMORY).is_dir() {
        tempfile::tempdir_in(MEMORY)?
    } else {
        tempfile::tempdir()?
    };
    println!(
        "CPU seconds of the whole process, per night noon to noon; µs are per site; × is against the line above, per site.\n"
    );
    println!(
        "{:>6}  {:>7}  {:>24}  {:>22}  {:>22}  {:>24}  {:>16}",
        "sites", "looks", "scheduling", "reading all once", "queue", "scheduling after outage", "starts a minute"
    );
    let mut before: Option<[Duration; 4]> = None;
    for sites in sizes {
        let mut host = Host::new(sites, folder.path()).await?;
        // The first night begins the history that the second one reads.
        host.live(DAY).await?;
        let night = host.live(DAY).await?;
        assert_eq!(night.started() as usize, sites, "every site is backed up once");
        let reading = host.reading_all().await?;
        host.be_away(DAY);
        let outage = host.live(Duration::from_secs(60 * 60)).await?;
        let costs = [night.scheduling, reading, night.working, outage.scheduling];
        line(sites, &night, costs, before.map(|costs| (costs, sites)));
        before = Some(costs.map(|cost| cost / u32::try_from(sites).unwrap_or(1)));
    }
    println!(
        "\nStarts a minute: mean and most, over the minutes in which any started. The worst draw of 5,000 names is about twice the mean."
    );
    Ok(())
}

fn line(sites: usize, night: &Cost, costs: [Duration; 4], before: Option<([Duration; 4], usize)>) {
    let cell = |at: usize| {
        let per_site = costs[at].as_secs_f64() / sites as f64;
        let growth = before.map_or_else(String::new, |(before, _)| {
            format!("×{:.2}", per_site / before[at].as_secs_f64().max(1e-9))
        });
        format!(
            "{:>7.3} s {:>5.0} µs {growth:>6}",
            costs[at].as_secs_f64(),
            per_site * 1e6
        )
    };
    let mean = f64::from(night.started()) / night.starts.len().max(1) as f64;
    let most = night.starts.iter().max().copied().unwrap_or_default();
    println!(
        "{sites:>6}  {:>7}  {:>24}  {:>22}  {:>22}  {:>24}  {mean:>7.1}, {most:>4} most (×{:.2})",
        night.looks,
        cell(0),
        cell(1),
        cell(2),
        cell(3),
        f64::from(most) / mean.max(1e-9)
    );
}
