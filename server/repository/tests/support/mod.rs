//! What the repository's tests share: content, places, stores that misbehave, and this test binary run as a child.

#![allow(dead_code, reason = "each test binary uses its own part")]

pub mod mutations;

use std::{
    collections::BTreeMap,
    fmt, fs,
    io::{self, Read},
    ops::Range,
    path::{Path, PathBuf},
    process::{Command, Output},
    sync::{
        Arc, Mutex,
        atomic::{AtomicI64, AtomicUsize, Ordering},
    },
};

use object_store::{
    CopyOptions, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta, ObjectStore, PutMultipartOptions,
    PutOptions, PutPayload, PutResult, memory::InMemory, path::Path as StorePath,
};
use repository::{
    Chunking, Committed, Error, Expectation, Fence, Form, Location, Repository, RepositoryKey, SnapshotFacts,
    SnapshotId, Writer,
};

/// The moment of every test snapshot: 2026-11-24 20:00 UTC.
pub const EVENING_MS: i64 = 1_795_550_400_000;

/// Reproducible bytes that no compressor shortens.
pub fn noise(seed: u64, length: usize) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    let mut bytes = Vec::with_capacity(length + 8);
    while bytes.len() < length {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        bytes.extend_from_slice(&state.wrapping_mul(0x2545_F491_4F6C_DD1D).to_le_bytes());
    }
    bytes.truncate(length);
    bytes
}

/// Bytes like those of a ledger: many lines, alike but not equal.
pub fn ledger(seed: u64, length: usize) -> Vec<u8> {
    let mut text = String::new();
    let mut line = seed;
    while text.len() < length {
        line += 1;
        let amount = line.wrapping_mul(7919) % 100_000;
        text.push_str(&format!(
            "{line};2026-{:02};411{:05};VE;Facture {line};{}.{:02}\n",
            line % 12 + 1,
            line % 977,
            amount / 100,
            amount % 100
        ));
    }
    text.truncate(length);
    text.into_bytes()
}

pub fn pages() -> Chunking {
    Chunking::for_database(0, Form::Pages)
}

pub fn stream() -> Chunking {
    Chunking::for_database(0, Form::Stream)
}

pub fn facts(label: &str) -> SnapshotFacts {
    SnapshotFacts {
        time_ms: EVENING_MS,
        host: "atelier".into(),
        tags: vec!["nightly".into()],
        label: label.into(),
    }
}

pub fn agree() -> Result<(), Error> {
    Ok(())
}

pub fn open(location: &Location, key: &RepositoryKey, expected: Expectation) -> Result<Repository, Error> {
    Repository::open_or_init(location, key, Fence::new(), expected)
}

/// A new repository and its key.
pub fn fresh(location: &Location) -> (Repository, RepositoryKey) {
    let key = RepositoryKey::generate().unwrap();
    (open(location, &key, Expectation::New).unwrap(), key)
}

pub fn store(writer: &Writer, path: &str, content: &[u8], chunking: Chunking) -> Result<repository::StoredFile, Error> {
    writer.store(path, Some(content.len() as u64), &mut &content[..], chunking, &|_| ())
}

pub fn commit(writer: Writer) -> Result<Committed, Error> {
    writer.commit(&facts("test"), None, &|_| (), agree)
}

/// Stores the files as one snapshot.
pub fn back_up(repository: &Repository, files: &[(&str, &[u8])]) -> SnapshotId {
    let writer = repository.writer().unwrap();
    for (path, content) in files {
        store(
            &writer,
            path,
            content,
            if path.ends_with(".sqlite") { pages() } else { stream() },
        )
        .unwrap();
    }
    commit(writer).unwrap().snapshot
}

pub fn read(repository: &Repository, id: SnapshotId, path: &str) -> Result<Vec<u8>, Error> {
    let mut content = Vec::new();
    repository.copy_to(id, path, &mut content, &|_| ())?;
    Ok(content)
}

pub fn assert_sound(repository: &Repository) {
    let report = repository
        .check(true, &repository.snapshot_ids().unwrap(), &|_| ())
        .unwrap();
    assert_eq!(report.findings, Vec::<String>::new());
}

/// Fails after so many bytes.
pub struct FailingReader<'a> {
    pub content: &'a [u8],
    pub fails_after: usize,
}

impl Read for FailingReader<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.fails_after == 0 {
            return Err(io::Error::other("the database went away"));
        }
        let length = buffer.len().min(self.fails_after).min(self.content.len());
        buffer[..length].copy_from_slice(&self.content[..length]);
        self.content = &self.content[length..];
        self.fails_after -= length;
        Ok(length)
    }
}

/// A store in memory whose writes begin to fail after a number of bytes, or lie: they report success and keep a bit
/// wrongly in each file larger than `lies_above`.
#[derive(Debug)]
pub struct FailingStore {
    pub inner: InMemory,
    pub left: AtomicI64,
    pub error: io::ErrorKind,
    pub lies_above: AtomicUsize,
    meanwhile: Meanwhile,
}

type Action = Box<dyn FnOnce() + Send>;

/// What somebody else does at the next listing: before any is answered, or after one of this directory was.
#[derive(Default)]
struct Meanwhile {
    before: Mutex<Option<Action>>,
    after: Mutex<Option<(&'static str, Action)>>,
}

impl fmt::Debug for Meanwhile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Meanwhile")
    }
}

impl FailingStore {
    pub fn new(left: i64, error: io::ErrorKind) -> Arc<Self> {
        Arc::new(Self {
            inner: InMemory::new(),
            left: AtomicI64::new(left),
            error,
            lies_above: AtomicUsize::new(usize::MAX),
            meanwhile: Meanwhile::default(),
        })
    }

    /// Runs once, before the next listing is answered.
    pub fn before_listing(&self, action: impl FnOnce() + Send + 'static) {
        *self.meanwhile.before.lock().unwrap() = Some(Box::new(action));
    }

    /// Runs once, after the next listing of `directory` was made and before it is answered.
    pub fn after_listing(&self, directory: &'static str, action: impl FnOnce() + Send + 'static) {
        *self.meanwhile.after.lock().unwrap() = Some((directory, Box::new(action)));
    }

    fn spend(&self, bytes: usize) -> object_store::Result<()> {
        if self.left.fetch_sub(bytes as i64, Ordering::SeqCst) >= bytes as i64 {
            return Ok(());
        }
        Err(object_store::Error::Generic {
            store: "test",
            source: Box::new(io::Error::from(self.error)),
        })
    }
}

impl fmt::Display for FailingStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("failing store")
    }
}

#[async_trait::async_trait]
impl ObjectStore for FailingStore {
    async fn put_opts(
        &self,
        at: &StorePath,
        payload: PutPayload,
        options: PutOptions,
    ) -> object_store::Result<PutResult> {
        self.spend(payload.content_length())?;
        let mut payload = payload;
        if payload.content_length() > self.lies_above.load(Ordering::SeqCst) {
            let mut bytes: Vec<u8> = payload.iter().flat_map(|part| part.to_vec()).collect();
            let middle = bytes.len() / 2;
            bytes[middle] ^= 1;
            payload = bytes.into();
        }
        self.inner.put_opts(at, payload, options).await
    }

    async fn put_multipart_opts(
        &self,
        at: &StorePath,
        options: PutMultipartOptions,
    ) -> object_store::Result<Box<dyn MultipartUpload>> {
        self.inner.put_multipart_opts(at, options).await
    }

    async fn get_opts(&self, at: &StorePath, options: GetOptions) -> object_store::Result<GetResult> {
        self.inner.get_opts(at, options).await
    }

    async fn get_ranges(&self, at: &StorePath, ranges: &[Range<u64>]) -> object_store::Result<Vec<bytes::Bytes>> {
        self.inner.get_ranges(at, ranges).await
    }

    fn delete_stream(
        &self,
        at: futures::stream::BoxStream<'static, object_store::Result<StorePath>>,
    ) -> futures::stream::BoxStream<'static, object_store::Result<StorePath>> {
        self.inner.delete_stream(at)
    }

    fn list(
        &self,
        prefix: Option<&StorePath>,
    ) -> futures::stream::BoxStream<'static, object_store::Result<ObjectMeta>> {
        let action = self.meanwhile.before.lock().unwrap().take();
        if let Some(action) = action {
            std::thread::spawn(action).join().unwrap();
        }
        let listed = self.inner.list(prefix);
        let directory = prefix.and_then(StorePath::filename);
        let action = self
            .meanwhile
            .after
            .lock()
            .unwrap()
            .take_if(|after| Some(after.0) == directory);
        if let Some((_, action)) = action {
            std::thread::spawn(action).join().unwrap();
        }
        listed
    }

    async fn list_with_delimiter(&self, prefix: Option<&StorePath>) -> object_store::Result<ListResult> {
        self.inner.list_with_delimiter(prefix).await
    }

    async fn copy_opts(&self, from: &StorePath, to: &StorePath, options: CopyOptions) -> object_store::Result<()> {
        self.inner.copy_opts(from, to, options).await
    }
}

/// All files below a directory with their content, by relative path.
pub fn tree(root: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut files = BTreeMap::new();
    let mut directories = vec![root.to_owned()];
    while let Some(directory) = directories.pop() {
        for entry in fs::read_dir(directory).unwrap().map(Result::unwrap) {
            if entry.file_type().unwrap().is_dir() {
                directories.push(entry.path());
            } else {
                let name = entry.path().strip_prefix(root).unwrap().to_string_lossy().into_owned();
                files.insert(name, fs::read(entry.path()).unwrap());
            }
        }
    }
    files
}

pub fn size(root: &Path) -> u64 {
    tree(root).values().map(|content| content.len() as u64).sum()
}

/// This test binary again, running only the test `name` with `CHILD` set to `argument`; `wrapper` comes before it.
pub fn child(wrapper: &[&str], name: &str, argument: &Path) -> Command {
    let me = std::env::current_exe().unwrap();
    let mut command = match wrapper {
        [] => Command::new(&me),
        [program, arguments @ ..] => {
            let mut command = Command::new(program);
            command.args(arguments).arg(&me);
            command
        }
    };
    command.args(["--exact", name, "--nocapture"]).env("CHILD", argument);
    command
}

/// The argument, if this process is such a child.
pub fn child_argument() -> Option<PathBuf> {
    std::env::var_os("CHILD").map(PathBuf::from)
}

pub fn installed(program: &str) -> bool {
    Command::new(program).arg("--help").output().is_ok()
}

/// Says where nobody can miss it that something was not tested.
pub fn not_run(what: &str, why: &str) {
    eprintln!("\n*** NOT TESTED: {what}, because {why} ***\n");
}

pub fn text(output: &Output) -> String {
    format!(
        "{}\n{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    )
}
