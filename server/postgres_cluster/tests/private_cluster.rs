//! Stories of a private cluster, told to a real server. Where no server program exists each says so on stderr.

#![allow(clippy::unwrap_used, reason = "the steps of a story are test code too")]

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use postgres_cluster::{Availability, ClusterError, ClusterOptions, PrivateCluster, Programs};
use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{Connection, Row};

/// Names the directory in which a copy of this test binary is to start a cluster and then abort.
const ABORT_IN: &str = "POSTGRES_CLUSTER_ABORT_IN";

fn programs() -> Option<Programs> {
    Availability::find()
        .inspect_err(|reason| eprintln!("NOT TESTED: {reason}"))
        .ok()
}

fn start(options: ClusterOptions) -> PrivateCluster {
    PrivateCluster::start(options).unwrap()
}

/// A directory every account may walk through, as a persistent cluster needs when the tests run as root.
fn open_directory() -> tempfile::TempDir {
    directory_with_mode(0o755)
}

fn directory_with_mode(mode: u32) -> tempfile::TempDir {
    let directory = tempfile::tempdir().unwrap();
    std::fs::set_permissions(directory.path(), Permissions::from_mode(mode)).unwrap();
    directory
}

async fn ask(url: &str, sql: &str) -> Result<String, sqlx::Error> {
    let mut connection = PgConnection::connect(url).await?;
    let row = sqlx::query(sqlx::AssertSqlSafe(sql)).fetch_one(&mut connection).await?;
    row.try_get(0)
}

async fn run(url: &str, sql: &str) {
    let mut connection = PgConnection::connect(url).await.unwrap();
    sqlx::raw_sql(sqlx::AssertSqlSafe(sql))
        .execute(&mut connection)
        .await
        .unwrap();
}

fn servers_in(directory: &Path) -> usize {
    let data = directory.join("data");
    std::fs::read_dir("/proc")
        .unwrap()
        .flatten()
        .filter(|process| std::fs::read_link(process.path().join("cwd")).is_ok_and(|cwd| cwd == data))
        .count()
}

#[tokio::test]
async fn an_ephemeral_cluster_answers_and_leaves_nothing_behind() {
    let Some(programs) = programs() else { return };
    let cluster = start(ClusterOptions::ephemeral().setting("max_connections", "7"));
    let directory = cluster.directory().to_owned();
    let version = ask(&cluster.url("postgres"), "show server_version").await.unwrap();
    assert!(version.starts_with(&programs.version().to_string()), "{version}");
    assert_eq!(
        ask(&cluster.url("postgres"), "show max_connections").await.unwrap(),
        "7"
    );
    assert_eq!(
        ask(&cluster.url("postgres"), "show listen_addresses").await.unwrap(),
        ""
    );
    assert!(servers_in(&directory) > 1);
    cluster.stop();
    assert_eq!(servers_in(&directory), 0);
    assert!(!directory.exists());
}

#[tokio::test]
async fn the_server_asks_for_a_password_and_refuses_a_wrong_one() {
    let Some(_) = programs() else { return };
    let cluster = start(ClusterOptions::ephemeral());
    let options = PgConnectOptions::new_without_pgpass()
        .host(&cluster.socket_dir().display().to_string())
        .port(cluster.port())
        .username(cluster.user())
        .database("postgres");
    assert!(
        PgConnection::connect_with(&options.clone().password(cluster.password()))
            .await
            .is_ok()
    );
    let refused = PgConnection::connect_with(&options.password("wrong"))
        .await
        .unwrap_err();
    assert_eq!(
        refused.as_database_error().and_then(|error| error.code()).as_deref(),
        Some("28P01")
    );
    assert!(!format!("{cluster:?}").contains(cluster.password()));
}

#[tokio::test]
async fn a_persistent_cluster_is_continued_with_its_data_and_password() {
    let Some(_) = programs() else { return };
    let directory = open_directory();
    let options = ClusterOptions::persistent(directory.path().join("cluster"));
    let first = start(options.clone());
    run(
        &first.url("postgres"),
        "create table kept (word text); insert into kept values ('still here')",
    )
    .await;
    let (password, socket) = (first.password().to_owned(), first.socket_dir().to_owned());
    first.stop();
    let second = start(options);
    assert_eq!(
        ask(&second.url("postgres"), "select word from kept").await.unwrap(),
        "still here"
    );
    assert_eq!(
        (second.password(), second.socket_dir()),
        (password.as_str(), socket.as_path())
    );
}

#[tokio::test]
async fn two_owners_of_one_directory_are_refused() {
    let Some(_) = programs() else { return };
    let directory = open_directory();
    let options = ClusterOptions::persistent(directory.path().join("cluster"));
    let owner = start(options.clone());
    assert!(matches!(
        PrivateCluster::start(options),
        Err(ClusterError::InUse { .. })
    ));
    assert_eq!(ask(&owner.url("postgres"), "select 'alive'").await.unwrap(), "alive");
}

/// The copy of this binary that the story starts: it holds a cluster and dies without any destructor.
#[test]
fn aborting_copy() {
    let Some(directory) = std::env::var_os(ABORT_IN) else {
        return;
    };
    let cluster = start(ClusterOptions::persistent(directory));
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(run(
        &cluster.url("postgres"),
        "create table kept as select 'still here' as word",
    ));
    std::process::abort();
}

#[tokio::test]
async fn a_server_whose_owner_aborted_ends_by_itself_and_is_continued() {
    let Some(_) = programs() else { return };
    let directory = open_directory();
    let cluster = directory.path().join("cluster");
    let copy = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "aborting_copy", "--nocapture"])
        .env(ABORT_IN, &cluster)
        .output()
        .unwrap();
    assert!(!copy.status.success());
    assert!(
        cluster.join("data/PG_VERSION").exists(),
        "{}",
        String::from_utf8_lossy(&copy.stderr)
    );
    let next = start(ClusterOptions::persistent(&cluster));
    assert_eq!(
        ask(&next.url("postgres"), "select word from kept").await.unwrap(),
        "still here"
    );
}

#[tokio::test]
async fn a_server_that_lost_its_guard_too_is_ended_and_continued() {
    let Some(_) = programs() else { return };
    let directory = open_directory();
    let options = ClusterOptions::persistent(directory.path().join("cluster"));
    let data = directory.path().join("cluster/data");
    let first = start(options.clone());
    run(
        &first.url("postgres"),
        "create table kept as select 'still here' as word",
    )
    .await;
    let postmaster = std::fs::read_to_string(data.join("postmaster.pid")).unwrap();
    let postmaster = postmaster.lines().next().unwrap();
    let status = std::fs::read_to_string(format!("/proc/{postmaster}/stat")).unwrap();
    let guard = status.rsplit(')').next().unwrap().split_whitespace().nth(1).unwrap();
    assert!(Command::new("kill").args(["-KILL", guard]).status().unwrap().success());
    first.stop();
    assert!(
        servers_in(&directory.path().join("cluster")) > 0,
        "the orphan should still run"
    );
    let second = start(options);
    assert_eq!(
        ask(&second.url("postgres"), "select word from kept").await.unwrap(),
        "still here"
    );
}

#[tokio::test]
async fn a_stale_lock_file_that_names_a_living_stranger_does_not_prevent_the_start() {
    let Some(_) = programs() else { return };
    let directory = open_directory();
    let options = ClusterOptions::persistent(directory.path().join("cluster"));
    start(options.clone()).stop();
    let lock = directory.path().join("cluster/data/postmaster.pid");
    std::fs::write(
        lock,
        format!("{}\n/elsewhere\n0\n5432\n\n\n0 0\nready\n", std::process::id()),
    )
    .unwrap();
    assert_eq!(
        ask(&start(options).url("postgres"), "select 'alive'").await.unwrap(),
        "alive"
    );
}

#[tokio::test]
async fn a_directory_too_deep_for_a_socket_gets_a_short_one_that_is_removed() {
    let Some(_) = programs() else { return };
    let directory = open_directory();
    let deep = directory.path().join("a-long-name-in-the-way/".repeat(5));
    let cluster = start(ClusterOptions::persistent(&deep));
    let socket = cluster.socket_dir().to_owned();
    assert!(!socket.starts_with(&deep));
    assert_eq!(ask(&cluster.url("postgres"), "select 'alive'").await.unwrap(), "alive");
    cluster.stop();
    assert!(!socket.exists());
}

#[test]
fn a_server_that_gives_up_says_why() {
    let Some(_) = programs() else { return };
    let error = PrivateCluster::start(ClusterOptions::ephemeral().setting("max_connections", "many")).unwrap_err();
    let ClusterError::DidNotStart { stage, log } = &error else {
        panic!("{error}")
    };
    assert_eq!(stage, "postgres");
    assert!(log.contains("max_connections"), "{log}");
}

#[test]
fn root_is_told_which_directory_is_closed_to_the_server() {
    let Some(_) = programs() else { return };
    if !rustix::process::geteuid().is_root() {
        return eprintln!("NOT TESTED: only root runs the server as another account");
    }
    let closed = directory_with_mode(0o700);
    let error = PrivateCluster::start(ClusterOptions::persistent(closed.path().join("cluster"))).unwrap_err();
    assert!(
        matches!(&error, ClusterError::Unreachable { closed: at, .. } if at == closed.path()),
        "{error}"
    );
}
