//! The names of what a restore leaves on a server: databases beside the live one, known by the restore's tag.

use sha2::{Digest, Sha256};

/// Longest name of a database, bytes (`NAMEDATALEN - 1`); the server cuts longer ones without a word.
const NAME_MAX_BYTES: usize = 63;

/// The databases of a restore with one tag.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Names {
    pub(crate) live: String,
    /// The loaded copy.
    pub(crate) new: String,
    /// The old data, set aside.
    pub(crate) old: String,
}

impl Names {
    pub(crate) fn new(live: &str, tag: &str) -> Self {
        Self {
            live: live.to_owned(),
            new: beside(live, tag, "new"),
            old: beside(live, tag, "old"),
        }
    }
}

/// `NAME_coffre_TAG_KIND`. When that is too long the name is cut and a hash of all of it, and of the tag, stands for the rest:
/// always the same for the same database and tag, different for others.
fn beside(live: &str, tag: &str, kind: &str) -> String {
    let full = format!("{live}_coffre_{tag}_{kind}");
    if full.len() <= NAME_MAX_BYTES {
        return full;
    }
    let hash = Sha256::digest(format!("{}:{live}{tag}", live.len()));
    let hash: String = hash[..10].iter().map(|byte| format!("{byte:02x}")).collect();
    let ending = format!("_coffre_{hash}_{kind}");
    let mut kept = NAME_MAX_BYTES - ending.len();
    while !live.is_char_boundary(kept.min(live.len())) {
        kept -= 1;
    }
    format!("{}{ending}", &live[..kept.min(live.len())])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_says_whose_it_is_and_is_never_cut_by_the_server() {
        assert_eq!(beside("compta", "4f2k", "new"), "compta_coffre_4f2k_new");
        let tag = "t".repeat(40);
        for live in ["n".repeat(63), "é".repeat(31), "b".to_owned()] {
            let names = Names::new(&live, &tag);
            assert!(
                names.new.len() <= NAME_MAX_BYTES && names.old.len() <= NAME_MAX_BYTES,
                "{names:?}"
            );
            assert_ne!(names.new, names.old);
            assert_eq!(names, Names::new(&live, &tag));
        }
    }

    #[test]
    fn two_long_names_that_begin_alike_and_two_tags_are_told_apart() {
        let (one, other) = (format!("{}1", "n".repeat(60)), format!("{}2", "n".repeat(60)));
        assert_ne!(beside(&one, "tag", "new"), beside(&other, "tag", "new"));
        assert_ne!(beside(&one, "tag", "new"), beside(&one, "tab", "new"));
    }
}
