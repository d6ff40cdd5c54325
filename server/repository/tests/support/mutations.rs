//! A store in memory that counts what changes it, and decides about each change.

use std::{
    fmt, io,
    ops::Range,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

use futures::{StreamExt, stream::BoxStream};
use object_store::{
    CopyOptions, Error, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta, ObjectStore, ObjectStoreExt,
    PutMultipartOptions, PutOptions, PutPayload, PutResult, Result, memory::InMemory, path::Path,
};

/// What becomes of one write or removal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    Do,
    Refuse,
    /// It happens, and its caller is told that it did not.
    DoAndFail,
}

type Judge = Arc<dyn Fn(usize) -> Verdict + Send + Sync>;

pub struct CountingStore {
    inner: Arc<InMemory>,
    changes: AtomicUsize,
    judge: Mutex<Judge>,
}

impl CountingStore {
    pub fn new() -> Arc<Self> {
        Self::of(InMemory::new())
    }

    /// Another store with the same content.
    pub fn fork(&self) -> Arc<Self> {
        Self::of(self.inner.fork())
    }

    fn of(inner: InMemory) -> Arc<Self> {
        Arc::new(Self {
            inner: Arc::new(inner),
            changes: AtomicUsize::new(0),
            judge: Mutex::new(Arc::new(|_| Verdict::Do)),
        })
    }

    /// Counts from 0 again; `judge` gets the number of each change.
    pub fn judge_by(&self, judge: impl Fn(usize) -> Verdict + Send + Sync + 'static) {
        *self.judge.lock().unwrap() = Arc::new(judge);
        self.changes.store(0, Ordering::SeqCst);
    }

    /// Changes asked for since then.
    pub fn count(&self) -> usize {
        self.changes.load(Ordering::SeqCst)
    }

    fn judged(&self) -> Verdict {
        let judge = self.judge.lock().unwrap().clone();
        judge(self.changes.fetch_add(1, Ordering::SeqCst))
    }
}

fn failure() -> Error {
    Error::Generic {
        store: "test",
        source: Box::new(io::Error::from(io::ErrorKind::ConnectionReset)),
    }
}

impl fmt::Debug for CountingStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CountingStore")
    }
}

impl fmt::Display for CountingStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("counting store")
    }
}

#[async_trait::async_trait]
impl ObjectStore for CountingStore {
    async fn put_opts(&self, at: &Path, payload: PutPayload, options: PutOptions) -> Result<PutResult> {
        match self.judged() {
            Verdict::Do => self.inner.put_opts(at, payload, options).await,
            Verdict::Refuse => Err(failure()),
            Verdict::DoAndFail => {
                self.inner.put_opts(at, payload, options).await?;
                Err(failure())
            }
        }
    }

    async fn put_multipart_opts(&self, at: &Path, options: PutMultipartOptions) -> Result<Box<dyn MultipartUpload>> {
        self.inner.put_multipart_opts(at, options).await
    }

    async fn get_opts(&self, at: &Path, options: GetOptions) -> Result<GetResult> {
        self.inner.get_opts(at, options).await
    }

    async fn get_ranges(&self, at: &Path, ranges: &[Range<u64>]) -> Result<Vec<bytes::Bytes>> {
        self.inner.get_ranges(at, ranges).await
    }

    fn delete_stream(&self, at: BoxStream<'static, Result<Path>>) -> BoxStream<'static, Result<Path>> {
        let verdict = self.judged();
        let inner = self.inner.clone();
        at.then(move |path| {
            let inner = inner.clone();
            async move {
                let path = path?;
                if verdict != Verdict::Refuse {
                    inner.delete(&path).await?;
                }
                if verdict == Verdict::Do {
                    Ok(path)
                } else {
                    Err(failure())
                }
            }
        })
        .boxed()
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        self.inner.list(prefix)
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        self.inner.list_with_delimiter(prefix).await
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        self.inner.copy_opts(from, to, options).await
    }
}
