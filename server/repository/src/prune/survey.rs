//! What a repository holds and what its snapshots need, read afresh and whole.
//!
//! Nothing is taken for granted: one index file that cannot be read, or one chunk that cannot be found, and there is no
//! survey. Whoever removes on the ground of half a picture removes too much.

use std::collections::{HashMap, HashSet};

use rustic_core::{FileType, Id};

use crate::{
    error::Error,
    index::{self, BlobKind, Index, IndexFile},
    reader::Blobs,
    repository::Inner,
    snapshot, tree,
};

/// One look at the whole repository.
pub(super) struct Survey {
    /// All index files by name.
    pub(super) files: Vec<(Id, IndexFile)>,
    /// All packs with their size in bytes.
    pub(super) present: HashMap<Id, u64>,
    /// Every blob that a snapshot leads to. Each of them can be read.
    pub(super) needed: HashSet<(BlobKind, Id)>,
}

impl Survey {
    /// # Errors
    /// [`Error::Damaged`] if anything cannot be read or found, or a failure of the store.
    pub(super) fn take(inner: &Inner) -> Result<Self, Error> {
        let read = |id| Ok((id, index::read_index_file(&inner.backend, &inner.sealer, &id)?));
        let names = inner.backend.list_files(FileType::Index)?;
        let files = names
            .into_iter()
            .map(|(id, _)| read(id))
            .collect::<Result<Vec<_>, Error>>()?;
        let present: HashMap<Id, u64> = inner.backend.list_files(FileType::Pack)?.into_iter().collect();
        let index = Index::of(files.iter().map(|(_, file)| file), &present);
        let needed = needed(inner, &index)?;
        Ok(Self { files, present, needed })
    }
}

/// Snapshots are listed last: one that appears meanwhile may be missed by a listing made before, its content may not.
fn needed(inner: &Inner, index: &Index) -> Result<HashSet<(BlobKind, Id)>, Error> {
    let blobs = Blobs {
        backend: &inner.backend,
        sealer: &inner.sealer,
        index,
    };
    let (mut trees, mut chunks) = (HashSet::new(), HashSet::new());
    for (id, _) in inner.backend.list_files(FileType::Snapshot)? {
        let (_, root) = snapshot::read(&inner.backend, &inner.sealer, id)?;
        tree::walk(
            &blobs,
            root,
            "",
            &mut |tree| trees.insert(tree),
            &mut |path, content| {
                for chunk in content.blobs {
                    if index.find(BlobKind::Data, &chunk).is_none() {
                        return Err(Error::Damaged(format!("a part of {path:?} is in no readable pack")));
                    }
                    chunks.insert(chunk);
                }
                Ok(())
            },
        )?;
    }
    let trees = trees.into_iter().map(|id| (BlobKind::Tree, id));
    Ok(trees.chain(chunks.into_iter().map(|id| (BlobKind::Data, id))).collect())
}
