//! A private cluster, and the hands of other programs on its databases.

use std::any::Any;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use control::ports::database_engine::{
    Address, DatabaseEngine, DatabaseSource, EngineError, ShadowDatabase, StoredFiles,
};
use control::testing::engine_contract::{EngineHarness, MemoryFiles};
use domain::failure::Cause;
use domain::ids::DatabaseId;
use postgres_cluster::{Availability, ClusterOptions, PrivateCluster};
use tempfile::TempDir;

use crate::postgres::session::{Server, Session, ident};
use crate::postgres::{Postgres, PostgresOptions};

pub(super) struct Harness {
    cluster: PrivateCluster,
    folder: TempDir,
    engine: Postgres,
    made: AtomicU32,
}

impl Harness {
    /// A fresh cluster; `None`, said aloud, when there is no server program.
    pub(super) fn start() -> Option<Self> {
        Self::start_with(&[])
    }

    /// The same, with server settings.
    pub(super) fn start_with(settings: &[(&str, &str)]) -> Option<Self> {
        if let Err(reason) = Availability::find() {
            eprintln!("NOT TESTED: the PostgreSQL engine, because {reason}");
            return None;
        }
        let options = settings
            .iter()
            .fold(ClusterOptions::ephemeral(), |options, (name, value)| {
                options.setting(name, value)
            });
        let cluster = PrivateCluster::start(options).unwrap();
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("password"), format!("{}\n", cluster.password())).unwrap();
        std::fs::write(folder.path().join("wrong-password"), "wrong\n").unwrap();
        let engine = Postgres::new(PostgresOptions {
            tools: Some(cluster.programs().bin().to_owned()),
            connect_timeout: Duration::from_secs(30),
            lock_timeout: Duration::from_millis(300),
        })
        .unwrap();
        Some(Self {
            cluster,
            folder,
            engine,
            made: AtomicU32::new(0),
        })
    }

    pub(super) fn postgres(&self) -> &Postgres {
        &self.engine
    }

    pub(super) fn source(&self, database: &str) -> DatabaseSource {
        self.source_as(database, self.cluster.user(), "password")
    }

    pub(super) fn source_as(&self, database: &str, user: &str, password_file: &str) -> DatabaseSource {
        let address = Address::Postgres {
            host: self.cluster.socket_dir().to_str().unwrap().to_owned(),
            port: self.cluster.port(),
            database: database.to_owned(),
            user: user.to_owned(),
            password_file: Some(self.folder.path().join(password_file)),
        };
        DatabaseSource {
            id: DatabaseId::parse("database").unwrap(),
            name: "Paie".to_owned(),
            address,
        }
    }

    pub(super) fn password(&self) -> &str {
        self.cluster.password()
    }

    pub(super) fn write_password(&self, file: &str, password: &str) {
        std::fs::write(self.folder.path().join(file), password).unwrap();
    }

    pub(super) fn bin(&self) -> &Path {
        self.cluster.programs().bin()
    }

    /// Overwrites a page in the middle of a file of the server's data: of one that is larger than the server's memory.
    pub(super) fn damage(&self, relation: &str) {
        let path = self.cluster.directory().join("data").join(relation);
        let mut content = std::fs::read(&path).unwrap();
        let middle = content.len() / 2 / 8192 * 8192;
        content[middle..][..24].fill(0xff);
        std::fs::write(&path, content).unwrap();
    }

    /// A connection such as a site's own program has.
    pub(super) fn connect(&self, source: &DatabaseSource) -> Session {
        let seconds = Duration::from_secs(30);
        Server::of(source, &Arc::clone(&self.engine.runner), seconds, seconds)
            .unwrap()
            .connect()
            .unwrap()
    }

    pub(super) fn run(&self, source: &DatabaseSource, sql: &str) {
        self.connect(source)
            .execute(sql)
            .unwrap_or_else(|error| panic!("{error}, in {sql}"));
    }

    pub(super) fn create_empty(&self, name: &str) -> DatabaseSource {
        self.run(&self.source("postgres"), &format!("CREATE DATABASE {}", ident(name)));
        self.source(name)
    }

    pub(super) fn stored(&self, source: &DatabaseSource) -> MemoryFiles {
        let frozen = self.engine.freeze(source, &self.scratch(), &|| true).unwrap();
        MemoryFiles::of(frozen.copy(&|_| true).unwrap().as_ref())
    }

    pub(super) fn swap(&self, source: &DatabaseSource, tag: &str, files: &dyn StoredFiles) {
        let mut shadow = self
            .engine
            .load(source, tag, files, &self.scratch(), &|_| true)
            .unwrap();
        shadow.check(&|_| true).unwrap();
        shadow.swap().unwrap();
    }
}

pub(super) fn cause_of<T>(result: Result<T, EngineError>) -> Option<Cause> {
    result.err().map(|error| error.cause)
}

fn database_of(source: &DatabaseSource) -> &str {
    match &source.address {
        Address::Postgres { database, .. } => database,
        Address::Sqlite { .. } => panic!("a PostgreSQL harness has PostgreSQL databases"),
    }
}

impl EngineHarness for Harness {
    fn engine(&self) -> &dyn DatabaseEngine {
        &self.engine
    }

    fn create(&self, name: &str, rows: &[&str]) -> DatabaseSource {
        // Quotes, spaces and accents in a name: nothing may be put together by hand.
        let number = self.made.fetch_add(1, Ordering::Relaxed);
        let source = self.create_empty(&format!("{name} l'\"été\" {number}"));
        self.run(
            &source,
            "CREATE TABLE public.entry (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, line text NOT NULL);
             CREATE INDEX entry_line ON public.entry (line);
             CREATE VIEW public.newest AS SELECT max(id) FROM public.entry;",
        );
        rows.iter().for_each(|row| self.write(&source, row));
        source
    }

    fn write(&self, source: &DatabaseSource, row: &str) {
        self.connect(source)
            .rows("INSERT INTO public.entry (line) VALUES ($1)", &[row])
            .unwrap();
    }

    fn rows(&self, source: &DatabaseSource) -> Vec<String> {
        let rows = self
            .connect(source)
            .rows("SELECT line FROM public.entry ORDER BY line COLLATE \"C\"", &[])
            .unwrap();
        rows.into_iter().flatten().flatten().collect()
    }

    fn table(&self) -> &'static str {
        "public.entry"
    }
    fn scratch(&self) -> PathBuf {
        tempfile::tempdir_in(self.folder.path()).unwrap().keep()
    }

    fn remains(&self, source: &DatabaseSource) -> Vec<String> {
        let mut session = self.connect(&self.source("postgres"));
        let live = database_of(source);
        let rows = session
            .rows("SELECT datname::text FROM pg_database WHERE datname <> $1", &[live])
            .unwrap();
        rows.into_iter()
            .flatten()
            .flatten()
            .filter(|name| name.starts_with(live))
            .collect()
    }

    fn unusable(&self) -> Vec<(&'static str, DatabaseSource, Cause)> {
        let elsewhere = |host: &str| {
            let mut source = self.source("postgres");
            if let Address::Postgres { host: found, .. } = &mut source.address {
                host.clone_into(found);
            }
            source
        };
        vec![
            ("missing", self.source("no such database"), Cause::DatabaseMissing),
            (
                "a wrong password",
                self.source_as("postgres", self.cluster.user(), "wrong-password"),
                Cause::ServerDeniesAccess,
            ),
            (
                "an unknown user",
                self.source_as("postgres", "nobody", "password"),
                Cause::ServerDeniesAccess,
            ),
            (
                "no password file",
                self.source_as("postgres", self.cluster.user(), "missing"),
                Cause::ServerDeniesAccess,
            ),
            ("no server there", elsewhere("/nonexistent"), Cause::ServerUnreachable),
        ]
    }

    fn hold(&self, _: &DatabaseSource) -> Option<Box<dyn Any>> {
        None
    }

    fn killed_after(&self, source: &DatabaseSource, tag: &str, files: &dyn StoredFiles, steps: usize) -> bool {
        let mut shadow = self
            .engine
            .load_shadow(source, tag, files, &self.scratch(), &|_| true)
            .unwrap();
        shadow.check(&|_| true).unwrap();
        if steps == 0 {
            std::mem::forget(shadow);
            return true;
        }
        shadow.killed_after(steps)
    }
}
