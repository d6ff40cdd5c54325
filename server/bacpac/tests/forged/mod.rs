//! Files forged byte by byte, whatever no writer would write: shared by the tests of hostile files.
#![allow(dead_code, reason = "each test uses a part of it")]
use bacpac::{Error, Finding, Limits, Package};
use sha2::{Digest, Sha256};
use std::io::{Cursor, Write};
use zip::CompressionMethod;
use zip::write::{SimpleFileOptions, ZipWriter};

const NAMESPACE: &str = "http://schemas.microsoft.com/sqlserver/dac/Serialization/2012/02";
pub const PART: &str = "Data/dbo.T/TableData-000-00000.BCP";

pub fn model(inside: &str) -> String {
    format!(
        r#"<DataSchemaModel FileFormatVersion="1.2" SchemaVersion="2.5" DspName="Sql130" xmlns="{NAMESPACE}"><Model>
        <Element Type="SqlTable" Name="[dbo].[T]"><Relationship Name="Columns"><Entry><Element Type="SqlSimpleColumn" Name="[dbo].[T].[id]">
        <Property Name="IsNullable" Value="False"/><Relationship Name="TypeSpecifier"><Entry><Element Type="SqlTypeSpecifier">
        <Relationship Name="Type"><Entry><References ExternalSource="BuiltIns" Name="[int]"/></Entry></Relationship></Element></Entry>
        </Relationship></Element></Entry></Relationship></Element>{inside}</Model></DataSchemaModel>"#
    )
}

pub fn origin(model: &str, data_version: &str) -> String {
    let checksum: String = Sha256::digest(model.as_bytes())
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    format!(
        r#"<DacOrigin xmlns="{NAMESPACE}"><PackageProperties><Version>3.1.0.0</Version><ContainsExportedData>true</ContainsExportedData>
        <StreamVersions><Version StreamName="Data">{data_version}</Version></StreamVersions></PackageProperties>
        <Checksums><Checksum Uri="/model.xml">{checksum}</Checksum></Checksums></DacOrigin>"#
    )
}

pub fn entries(inside: &str) -> Vec<(String, Vec<u8>)> {
    entries_of(&model(inside))
}

/// The entries of a file with that `model.xml` and two rows of a table with one `int`.
pub fn entries_of(model: &str) -> Vec<(String, Vec<u8>)> {
    let types = r#"<Types><Default Extension="BCP" ContentType="application/octet-stream"/></Types>"#;
    vec![
        ("Origin.xml".to_owned(), origin(model, "2.0.0.0").into_bytes()),
        ("model.xml".to_owned(), model.as_bytes().to_vec()),
        ("[Content_Types].xml".to_owned(), types.into()),
        (PART.to_owned(), vec![7, 0, 0, 0, 8, 0, 0, 0]),
    ]
}

pub fn archive(entries: &[(String, Vec<u8>)]) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in entries {
        let options = SimpleFileOptions::default().compression_method(CompressionMethod::Deflated);
        writer.start_file(name.as_str(), options).unwrap();
        writer.write_all(bytes).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

pub fn with(name: &str, bytes: &[u8]) -> Vec<u8> {
    let mut all = entries("");
    all.push((name.to_owned(), bytes.to_vec()));
    archive(&all)
}

pub fn verify(bytes: &[u8], limits: &Limits) -> Result<(u64, Vec<Finding>), Error> {
    let report = Package::open(Cursor::new(bytes), limits)?.verify(|_, _| {})?;
    Ok((report.rows, report.findings))
}

pub fn refusal(bytes: &[u8]) -> String {
    verify(bytes, &Limits::default()).unwrap_err().to_string()
}
