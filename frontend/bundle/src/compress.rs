//! A brotli and a gzip twin beside every file that becomes smaller by it, so that the server compresses nothing while it answers.

use std::{fs, io::Write, path::Path};

use brotli::enc::BrotliEncoderParams;
use flate2::{Compression, write::GzEncoder};

use crate::failure::{Failure, Named};

/// Already compressed inside: a twin would be larger.
const DENSE: [&str; 1] = ["woff2"];

/// Writes the twins of every file below `folder`, at the highest levels: this is done once per release.
///
/// # Errors
/// [`Failure::File`].
pub fn compress(folder: &Path) -> Result<(), Failure> {
    for entry in fs::read_dir(folder).named("read", folder)? {
        let path = entry.named("read", folder)?.path();
        let dense = path
            .extension()
            .is_some_and(|extension| DENSE.iter().any(|dense| extension == *dense));
        if path.is_dir() {
            compress(&path)?;
        } else if !dense {
            let plain = fs::read(&path).named("read", &path)?;
            write_twin(&path, "br", &plain, &brotli(&plain).named("compress", &path)?)?;
            write_twin(&path, "gz", &plain, &gzip(&plain).named("compress", &path)?)?;
        }
    }
    Ok(())
}

fn write_twin(path: &Path, extension: &str, plain: &[u8], packed: &[u8]) -> Result<(), Failure> {
    if packed.len() >= plain.len() {
        return Ok(());
    }
    let mut twin = path.as_os_str().to_owned();
    twin.push(".");
    twin.push(extension);
    let twin = Path::new(&twin);
    fs::write(twin, packed).named("write", twin)
}

fn brotli(mut plain: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut packed = Vec::new();
    let settings = BrotliEncoderParams {
        quality: 11,
        lgwin: 24,
        size_hint: plain.len(),
        ..Default::default()
    };
    brotli::BrotliCompress(&mut plain, &mut packed, &settings)?;
    Ok(packed)
}

fn gzip(plain: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(plain)?;
    encoder.finish()
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::*;

    #[test]
    fn twins_unpack_to_the_same_bytes_and_exist_only_where_they_help() {
        let folder = tempfile::tempdir().unwrap();
        let text = "une ligne comme une autre\n".repeat(500);
        fs::create_dir(folder.path().join("pkg")).unwrap();
        fs::write(folder.path().join("pkg/a.css"), &text).unwrap();
        fs::write(folder.path().join("tiny.txt"), "x").unwrap();
        fs::write(folder.path().join("font.woff2"), &text).unwrap();
        compress(folder.path()).unwrap();

        let packed = fs::read(folder.path().join("pkg/a.css.br")).unwrap();
        let mut unpacked = Vec::new();
        brotli::BrotliDecompress(&mut packed.as_slice(), &mut unpacked).unwrap();
        assert_eq!(unpacked, text.as_bytes());

        let packed = fs::File::open(folder.path().join("pkg/a.css.gz")).unwrap();
        let mut unpacked = String::new();
        flate2::read::GzDecoder::new(packed)
            .read_to_string(&mut unpacked)
            .unwrap();
        assert_eq!(unpacked, text);

        for absent in ["tiny.txt.br", "tiny.txt.gz", "font.woff2.br", "font.woff2.gz"] {
            assert!(!folder.path().join(absent).exists(), "{absent}");
        }
    }
}
