//! `Origin.xml`: versions, checksum and counts. It checks what decides whether the data can be read, nothing else.
use crate::error::Error;
use crate::limits::Limits;
use crate::xml::{Node, Step, XmlReader};
use std::io::Read;

/// What `Origin.xml` says.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Origin {
    /// Version of the package format, such as `3.1.0.0`.
    pub package_version: String,
    /// Version of the data streams; always `2.0.0.0`.
    pub data_version: String,
    /// Program that wrote the file.
    pub product: Option<String>,
    /// Version of that program.
    pub product_version: Option<String>,
    /// Database server that was exported.
    pub server_version: Option<String>,
    /// Rows of all tables; not every writer says it.
    pub rows: Option<u64>,
    /// Size of the source database in KiB.
    pub source_kib: Option<u64>,
    /// SHA-256 of `model.xml`, upper-case hex.
    pub model_sha256: String,
}

pub(crate) fn read(source: impl Read, limits: &Limits) -> Result<Origin, Error> {
    let mut xml = XmlReader::new("Origin.xml", source, limits);
    let Step::Open(root) = xml.step()? else {
        return Err(xml.problem("no root element"));
    };
    let root = xml.fill(root)?;
    let Step::End = xml.step()? else {
        return Err(xml.problem("something follows the root element"));
    };
    xml.drain()?;
    if root.tag != "DacOrigin" {
        return Err(Error::Origin(format!("the root element is {:?}", root.tag)));
    }
    interpret(&root)
}

fn interpret(root: &Node) -> Result<Origin, Error> {
    let at = |path: &[&str]| {
        path.iter()
            .try_fold(root, |node, tag| node.child(tag))
            .map(|node| node.text().trim().to_owned())
    };
    let wrong = |problem: String| Err(Error::Origin(problem));
    let package_version = at(&["PackageProperties", "Version"]).unwrap_or_default();
    if !package_version.starts_with("3.") {
        return wrong(format!("package version {package_version:?} is not known"));
    }
    let contains = at(&["PackageProperties", "ContainsExportedData"]).unwrap_or_default();
    if !contains.eq_ignore_ascii_case("true") {
        return wrong("the file does not contain exported data".to_owned());
    }
    let streams = root
        .child("PackageProperties")
        .and_then(|node| node.child("StreamVersions"));
    let data_version = streams
        .and_then(|node| {
            node.elements("Version")
                .find(|stream| stream.attribute("StreamName") == Some("Data"))
        })
        .map(|stream| stream.text().trim().to_owned())
        .unwrap_or_default();
    if data_version != "2.0.0.0" {
        return wrong(format!("data stream version {data_version:?} is not 2.0.0.0"));
    }
    let checksum = root
        .child("Checksums")
        .and_then(|node| {
            node.elements("Checksum")
                .find(|sum| sum.attribute("Uri") == Some("/model.xml"))
        })
        .map(|sum| sum.text().trim().to_ascii_uppercase());
    let Some(model_sha256) = checksum else {
        return wrong("there is no checksum of model.xml".to_owned());
    };
    let number = |path: &[&str]| match at(path) {
        None => Ok(None),
        Some(text) => match text.parse::<u64>() {
            Ok(number) => Ok(Some(number)),
            Err(_) => Err(Error::Origin(format!("{} is {text:?}", path.last().unwrap_or(&"")))),
        },
    };
    Ok(Origin {
        package_version,
        data_version,
        product: at(&["Operation", "ProductName"]),
        product_version: at(&["Operation", "ProductVersion"]),
        server_version: at(&["Server", "ServerVersion"]),
        rows: number(&["ExportStatistics", "TableRowCountTotalTag"])?,
        source_kib: number(&["ExportStatistics", "SourceDatabaseSize"]).unwrap_or(None),
        model_sha256,
    })
}
