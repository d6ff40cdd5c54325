//! A database engine in memory: rows are lines of text. It passes the engine contract, can be told to fail at any point, and
//! calls a hook at each, so that a story can write, wait or look around in the middle of a backup.
//!
//! Databases are known by their id; the address is not looked at beyond its kind.

use std::collections::{BTreeMap, VecDeque};
use std::io::{Cursor, Read};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use domain::backup::Sha256Hex;
use domain::failure::Cause;
use domain::ids::DatabaseId;
use domain::site::EngineKind;
use sha2::{Digest, Sha256};

use crate::ports::database_engine::{
    Address, AsideDatabase, CopiedDatabase, CopiedFile, DatabaseEngine, DatabaseSource, EngineError, Form,
    FrozenDatabase, GoOnFn, Measure, ProgressFn, Settlement, ShadowDatabase, StoredFiles,
};

/// Bytes between two progress calls.
const STEP_BYTES: usize = 64;

/// Where a fault or a hook can strike.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Point {
    /// [`DatabaseEngine::measure`].
    Measure,
    /// [`DatabaseEngine::freeze`].
    Freeze,
    /// [`FrozenDatabase::copy`], before its first byte.
    Copy,
    /// [`DatabaseEngine::load`], before its first byte.
    Load,
    /// [`DatabaseEngine::aside`].
    Aside,
    /// [`DatabaseEngine::clear_aside`].
    ClearAside,
    /// [`ShadowDatabase::check`].
    Check,
    /// [`ShadowDatabase::swap`], before anything is changed.
    Swap,
    /// After the swap: the new data are live, the old ones set aside.
    Swapped,
    /// [`DatabaseEngine::settle`].
    Settle,
}

/// Called at each point, outside all locks: it may use the engine.
pub type Hook = Arc<dyn Fn(Point, &DatabaseId) + Send + Sync>;

/// An engine in memory. Clones share their databases, so that an interrupted server can be followed by a new one.
#[derive(Clone)]
pub struct FakeEngine {
    kind: EngineKind,
    world: Arc<Mutex<World>>,
}

#[derive(Default)]
struct World {
    databases: BTreeMap<DatabaseId, FakeDatabase>,
    faults: VecDeque<Fault>,
    hook: Option<Hook>,
    reached: Vec<(Point, DatabaseId)>,
}

struct Fault {
    point: Point,
    database: Option<DatabaseId>,
    cause: Cause,
    lasting: bool,
}

#[derive(Default, Clone)]
struct FakeDatabase {
    rows: Vec<String>,
    /// Taken away: only a restore makes it live again.
    gone: bool,
    shadows: BTreeMap<String, Vec<String>>,
    /// The rows that were live, and whether they were gone.
    set_aside: BTreeMap<String, (Vec<String>, bool)>,
    held: bool,
}

impl FakeEngine {
    /// An engine that says it is of this kind.
    #[must_use]
    pub fn new(kind: EngineKind) -> Self {
        Self {
            kind,
            world: Arc::default(),
        }
    }

    fn world(&self) -> MutexGuard<'_, World> {
        // A story that panicked elsewhere must not hide behind a second panic.
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Makes a database with these rows, or replaces all of it.
    pub fn create(&self, id: &DatabaseId, rows: &[&str]) {
        let rows = rows.iter().map(ToString::to_string).collect();
        self.world().databases.insert(
            id.clone(),
            FakeDatabase {
                rows,
                ..FakeDatabase::default()
            },
        );
    }

    /// Takes a database away.
    pub fn remove(&self, id: &DatabaseId) {
        if let Some(database) = self.world().databases.get_mut(id) {
            *database = FakeDatabase {
                gone: true,
                ..FakeDatabase::default()
            };
        }
    }

    /// Adds a row, if the database is there.
    pub fn write(&self, id: &DatabaseId, row: &str) {
        if let Some(database) = self.world().databases.get_mut(id).filter(|database| !database.gone) {
            database.rows.push(row.to_owned());
        }
    }

    /// The live rows, in the order they were written; none when the database is missing.
    #[must_use]
    pub fn rows(&self, id: &DatabaseId) -> Vec<String> {
        self.world()
            .databases
            .get(id)
            .map(|database| database.rows.clone())
            .unwrap_or_default()
    }

    /// What restores left around a database: `shadow TAG`, `old TAG`.
    #[must_use]
    pub fn remains(&self, id: &DatabaseId) -> Vec<String> {
        let world = self.world();
        let Some(database) = world.databases.get(id) else {
            return Vec::new();
        };
        let shadows = database.shadows.keys().map(|tag| format!("shadow {tag}"));
        shadows
            .chain(database.set_aside.keys().map(|tag| format!("old {tag}")))
            .collect()
    }

    /// Holds a database, or lets go of it: while held, a swap is refused.
    pub fn hold(&self, id: &DatabaseId, held: bool) {
        if let Some(database) = self.world().databases.get_mut(id) {
            database.held = held;
        }
    }

    /// Fails the next time this point is reached.
    pub fn fail_once(&self, point: Point, cause: Cause) {
        self.world().faults.push_back(Fault {
            point,
            database: None,
            cause,
            lasting: false,
        });
    }

    /// Fails whenever this point is reached for this database.
    pub fn fail_always(&self, point: Point, database: &DatabaseId, cause: Cause) {
        let database = Some(database.clone());
        self.world().faults.push_back(Fault {
            point,
            database,
            cause,
            lasting: true,
        });
    }

    /// Forgets every fault.
    pub fn heal(&self) {
        self.world().faults.clear();
    }

    /// Calls `hook` at each point from now on; it may block.
    pub fn on_point(&self, hook: impl Fn(Point, &DatabaseId) + Send + Sync + 'static) {
        self.world().hook = Some(Arc::new(hook));
    }

    /// The points reached so far, in order.
    #[must_use]
    pub fn reached(&self) -> Vec<(Point, DatabaseId)> {
        self.world().reached.clone()
    }

    fn reach(&self, point: Point, id: &DatabaseId) -> Result<(), EngineError> {
        let hook = {
            let mut world = self.world();
            world.reached.push((point, id.clone()));
            world.hook.clone()
        };
        if let Some(hook) = hook {
            hook(point, id);
        }
        let mut world = self.world();
        let strikes = |fault: &Fault| fault.point == point && fault.database.as_ref().is_none_or(|only| only == id);
        let Some(position) = world.faults.iter().position(strikes) else {
            return Ok(());
        };
        let cause = world.faults[position].cause;
        if !world.faults[position].lasting {
            world.faults.remove(position);
        }
        Err(EngineError::new(
            cause,
            format_args!("a fault was asked for at {point:?} of {id}"),
        ))
    }

    /// Works on a live database.
    fn with<T>(&self, id: &DatabaseId, work: impl FnOnce(&mut FakeDatabase) -> T) -> Result<T, EngineError> {
        let mut world = self.world();
        let live = world.databases.get_mut(id).filter(|database| !database.gone);
        live.map(work).ok_or_else(|| missing(id))
    }

    /// Works on the place of a database, which a restore may fill again.
    fn with_place<T>(&self, id: &DatabaseId, work: impl FnOnce(&mut FakeDatabase) -> T) -> Result<T, EngineError> {
        self.world().databases.get_mut(id).map(work).ok_or_else(|| missing(id))
    }

    fn load_shadow(
        &self,
        source: &DatabaseSource,
        tag: &str,
        files: &dyn StoredFiles,
        progress: ProgressFn<'_>,
    ) -> Result<FakeShadow, EngineError> {
        self.reach(Point::Load, &source.id)?;
        let rows = read(files, progress)?;
        self.with_place(&source.id, |database| database.shadows.insert(tag.to_owned(), rows))?;
        Ok(FakeShadow {
            engine: self.clone(),
            id: source.id.clone(),
            tag: tag.to_owned(),
        })
    }
}

impl DatabaseEngine for FakeEngine {
    fn kind(&self) -> EngineKind {
        self.kind
    }

    fn measure(&self, source: &DatabaseSource, _: GoOnFn<'_>) -> Result<Measure, EngineError> {
        self.reach(Point::Measure, &source.id)?;
        let bytes = self.with(&source.id, |database| content(&database.rows).len() as u64)?;
        Ok(Measure {
            bytes,
            version: format!("{} 0.0", self.kind.name()),
        })
    }

    fn freeze(&self, source: &DatabaseSource, _: &Path, _: GoOnFn<'_>) -> Result<Box<dyn FrozenDatabase>, EngineError> {
        self.reach(Point::Freeze, &source.id)?;
        let content = self.with(&source.id, |database| content(&database.rows))?;
        Ok(Box::new(FakeFrozen {
            engine: self.clone(),
            id: source.id.clone(),
            content,
        }))
    }

    fn load(
        &self,
        source: &DatabaseSource,
        tag: &str,
        files: &dyn StoredFiles,
        _scratch: &Path,
        progress: ProgressFn<'_>,
    ) -> Result<Box<dyn ShadowDatabase>, EngineError> {
        Ok(Box::new(self.load_shadow(source, tag, files, progress)?))
    }

    fn aside(
        &self,
        source: &DatabaseSource,
        _tag: &str,
        files: Option<&dyn StoredFiles>,
        scratch: &Path,
        progress: ProgressFn<'_>,
    ) -> Result<Box<dyn AsideDatabase>, EngineError> {
        self.reach(Point::Aside, &source.id)?;
        let path = scratch.join("aside");
        if let Some(files) = files {
            let rows = read(files, progress)?;
            std::fs::write(&path, content(&rows)).map_err(|error| EngineError::new(Cause::ScratchFull, error))?;
        }
        Ok(Box::new(FakeAside {
            engine: self.clone(),
            id: source.id.clone(),
            address: Address::Sqlite { path },
        }))
    }

    fn clear_aside(&self, source: &DatabaseSource, _tag: &str) -> Result<(), EngineError> {
        self.reach(Point::ClearAside, &source.id)
    }

    fn settle(&self, source: &DatabaseSource, tag: &str, settlement: Settlement) -> Result<(), EngineError> {
        self.reach(Point::Settle, &source.id)?;
        self.with_place(&source.id, |database| {
            let old = database.set_aside.remove(tag);
            database.shadows.remove(tag);
            if let (Some(old), Settlement::RollBack) = (old, settlement) {
                (database.rows, database.gone) = old;
            }
        })
    }

    fn content_digest(&self, source: &DatabaseSource) -> Result<[u8; 32], EngineError> {
        self.with(&source.id, |database| Sha256::digest(content(&database.rows)).into())
    }
}

/// Rows in a file of their own.
struct FakeAside {
    engine: FakeEngine,
    id: DatabaseId,
    address: Address,
}

impl FakeAside {
    fn content(&self) -> Result<Vec<u8>, EngineError> {
        match &self.address {
            Address::Sqlite { path } => std::fs::read(path).map_err(|error| EngineError::new(Cause::Unexpected, error)),
            Address::Postgres { .. } => Err(missing(&self.id)),
        }
    }
}

impl AsideDatabase for FakeAside {
    fn address(&self) -> &Address {
        &self.address
    }

    fn measure(&self) -> Result<Measure, EngineError> {
        Ok(Measure {
            bytes: self.content()?.len() as u64,
            version: format!("{} 0.0", self.engine.kind.name()),
        })
    }

    fn freeze(&self, _scratch: &Path) -> Result<Box<dyn FrozenDatabase>, EngineError> {
        Ok(Box::new(FakeFrozen {
            engine: self.engine.clone(),
            id: self.id.clone(),
            content: self.content()?,
        }))
    }
}

fn missing(id: &DatabaseId) -> EngineError {
    EngineError::new(Cause::DatabaseMissing, format_args!("{id} does not exist"))
}

/// Each row on a line of its own, behind a first line, so that no copy is empty.
fn content(rows: &[String]) -> Vec<u8> {
    let mut text = String::from("rows\n");
    rows.iter().for_each(|row| text.extend([row.as_str(), "\n"]));
    text.into_bytes()
}

fn read(files: &dyn StoredFiles, progress: ProgressFn<'_>) -> Result<Vec<String>, EngineError> {
    let damaged = |detail: String| EngineError::new(Cause::StoredDataDamaged, detail);
    let [file] = files.files() else {
        return Err(damaged("a copy is one file".to_owned()));
    };
    let mut content = Vec::new();
    let mut reader = files.open(&file.name).map_err(|error| damaged(error.to_string()))?;
    reader
        .read_to_end(&mut content)
        .map_err(|error| damaged(error.to_string()))?;
    if Sha256Hex::from_bytes(&Sha256::digest(&content).into()) != file.sha256 {
        return Err(damaged("not the content that was stored".to_owned()));
    }
    if !progress(content.len() as u64) {
        return Err(EngineError::new(Cause::Interrupted, "asked to stop"));
    }
    let text = String::from_utf8(content).map_err(|error| damaged(error.to_string()))?;
    Ok(text.lines().skip(1).map(str::to_owned).collect())
}

struct FakeFrozen {
    engine: FakeEngine,
    id: DatabaseId,
    content: Vec<u8>,
}

impl FrozenDatabase for FakeFrozen {
    fn copy(self: Box<Self>, progress: ProgressFn<'_>) -> Result<Box<dyn CopiedDatabase>, EngineError> {
        self.engine.reach(Point::Copy, &self.id)?;
        let bytes = self.content.len();
        let steps = (0..bytes).step_by(STEP_BYTES).skip(1).chain([bytes]);
        for done in steps {
            if !progress(done as u64) {
                return Err(EngineError::new(Cause::Interrupted, "asked to stop"));
            }
        }
        let (name, form) = match self.engine.kind {
            EngineKind::Sqlite => ("database.sqlite", Form::Pages),
            EngineKind::Postgres => ("toc.dat", Form::Stream),
        };
        let file = CopiedFile {
            name: name.to_owned(),
            bytes: bytes as u64,
            form,
        };
        let lines = self.content.iter().filter(|byte| **byte == b'\n').count();
        let rows = [("rows".to_owned(), (lines - 1) as u64)].into();
        Ok(Box::new(FakeCopied {
            files: [file],
            rows,
            content: self.content,
        }))
    }
}

struct FakeCopied {
    files: [CopiedFile; 1],
    rows: BTreeMap<String, u64>,
    content: Vec<u8>,
}

impl CopiedDatabase for FakeCopied {
    fn files(&self) -> &[CopiedFile] {
        &self.files
    }

    fn rows(&self) -> Option<&BTreeMap<String, u64>> {
        Some(&self.rows)
    }

    fn open(&self, name: &str) -> Result<Box<dyn Read + Send>, EngineError> {
        if name == self.files[0].name {
            return Ok(Box::new(Cursor::new(self.content.clone())));
        }
        Err(EngineError::new(Cause::Unexpected, format_args!("no file {name:?}")))
    }
}

struct FakeShadow {
    engine: FakeEngine,
    id: DatabaseId,
    tag: String,
}

impl ShadowDatabase for FakeShadow {
    fn check(&mut self, progress: ProgressFn<'_>) -> Result<(), EngineError> {
        self.engine.reach(Point::Check, &self.id)?;
        progress(0);
        Ok(())
    }

    fn swap(self: Box<Self>) -> Result<(), EngineError> {
        self.engine.reach(Point::Swap, &self.id)?;
        let locked = || EngineError::new(Cause::DatabaseLocked, format_args!("{} is held", self.id));
        self.engine.with_place(&self.id, |database| {
            if database.held {
                return Err(locked());
            }
            if let Some(new) = database.shadows.remove(&self.tag) {
                let old = std::mem::replace(&mut database.rows, new);
                let gone = std::mem::replace(&mut database.gone, false);
                database.set_aside.insert(self.tag.clone(), (old, gone));
            }
            Ok(())
        })??;
        self.engine.reach(Point::Swapped, &self.id)
    }
}

impl Drop for FakeShadow {
    fn drop(&mut self) {
        // A database that was taken away meanwhile has no shadow left to remove.
        let _ = self
            .engine
            .with_place(&self.id, |database| database.shadows.remove(&self.tag));
    }
}

#[cfg(test)]
mod tests {
    use std::any::Any;
    use std::path::PathBuf;

    use super::*;
    use crate::ports::database_engine::Address;
    use crate::testing::engine_contract::{self, EngineHarness};

    struct Harness {
        engine: FakeEngine,
        scratch: PathBuf,
    }

    impl Drop for Harness {
        fn drop(&mut self) {
            let _ = std::fs::remove_dir_all(&self.scratch);
        }
    }

    fn source(name: &str) -> DatabaseSource {
        let id = DatabaseId::parse(name).unwrap();
        DatabaseSource {
            id,
            name: name.to_owned(),
            address: Address::Sqlite {
                path: PathBuf::from(name),
            },
        }
    }

    impl EngineHarness for Harness {
        fn engine(&self) -> &dyn DatabaseEngine {
            &self.engine
        }
        fn create(&self, name: &str, rows: &[&str]) -> DatabaseSource {
            self.engine.create(&source(name).id, rows);
            source(name)
        }
        fn write(&self, source: &DatabaseSource, row: &str) {
            self.engine.write(&source.id, row);
        }
        fn rows(&self, source: &DatabaseSource) -> Vec<String> {
            let mut rows = self.engine.rows(&source.id);
            rows.sort();
            rows
        }
        fn table(&self) -> &'static str {
            "rows"
        }
        fn scratch(&self) -> PathBuf {
            std::fs::create_dir_all(&self.scratch).unwrap();
            self.scratch.clone()
        }
        fn remains(&self, source: &DatabaseSource) -> Vec<String> {
            self.engine.remains(&source.id)
        }
        fn unusable(&self) -> Vec<(&'static str, DatabaseSource, Cause)> {
            vec![("missing", source("missing"), Cause::DatabaseMissing)]
        }
        fn hold(&self, source: &DatabaseSource) -> Option<Box<dyn Any>> {
            struct Holder(FakeEngine, DatabaseId);
            impl Drop for Holder {
                fn drop(&mut self) {
                    self.0.hold(&self.1, false);
                }
            }
            self.engine.hold(&source.id, true);
            Some(Box::new(Holder(self.engine.clone(), source.id.clone())))
        }
        fn killed_after(&self, source: &DatabaseSource, tag: &str, files: &dyn StoredFiles, steps: usize) -> bool {
            let shadow = self.engine.load_shadow(source, tag, files, &|_| true).unwrap();
            match steps {
                0 => std::mem::forget(shadow),
                _ => Box::new(shadow).swap().unwrap(),
            }
            steps < 2
        }
    }

    #[test]
    fn the_fake_keeps_the_engine_contract() {
        let scratch = std::env::temp_dir().join(format!("coffre-fake-engine-{}", std::process::id()));
        let harness = Harness {
            engine: FakeEngine::new(EngineKind::Sqlite),
            scratch,
        };
        engine_contract::all(&harness);
    }

    #[test]
    fn a_fault_strikes_where_and_when_it_was_asked_for() {
        let engine = FakeEngine::new(EngineKind::Postgres);
        let (one, other) = (source("one"), source("other"));
        let measured = |source| engine.measure(source, &|| true).map_err(|error| error.cause);
        engine.create(&one.id, &[]);
        engine.create(&other.id, &[]);
        engine.fail_always(Point::Measure, &one.id, Cause::ServerUnreachable);
        assert_eq!(measured(&one).err(), Some(Cause::ServerUnreachable));
        assert!(measured(&other).is_ok());
        engine.heal();
        engine.fail_once(Point::Measure, Cause::ToolMissing);
        assert_eq!(measured(&one).err(), Some(Cause::ToolMissing));
        assert!(measured(&one).is_ok());
        assert_eq!(engine.reached().len(), 4);
    }
}
