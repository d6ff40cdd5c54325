//! The small XML parts around the model and the data: content types, relationships, `Origin.xml`. It writes no data.
use crate::calendar::moment;
use crate::model_writer::{Counts, NAMESPACE, SCHEMA_VERSION};
use crate::writer::WriterOptions;
use crate::xml_text::escaped;

const HEAD: &str = "<?xml version=\"1.0\" encoding=\"utf-8\"?>";

/// `[Content_Types].xml`. Without the default for BCP a loader imports no row and says nothing.
pub(crate) fn content_types(with_sql: bool) -> String {
    let sql = if with_sql {
        "<Default Extension=\"sql\" ContentType=\"text/plain\" />"
    } else {
        ""
    };
    format!(
        "{HEAD}<Types xmlns=\"http://schemas.openxmlformats.org/package/2006/content-types\"><Default Extension=\"xml\" \
         ContentType=\"text/xml\" /><Default Extension=\"BCP\" ContentType=\"application/octet-stream\" /><Default \
         Extension=\"rels\" ContentType=\"application/vnd.openxmlformats-package.relationships+xml\" />{sql}</Types>"
    )
}

/// The relationships of one data part, `number` being that of the part in the file; `entry` is its name in the archive.
pub(crate) fn relationships(number: usize, schema: &str, table: &str, entry: &str) -> String {
    let one = |id: usize, kind: &str, name: &str| {
        format!(
            "<Relationship Type=\"{kind}={}\" Target=\"/{}\" Id=\"R{id:016x}\" />",
            escaped(name),
            escaped(entry)
        )
    };
    one(2 * number, "table", table) + &one(2 * number + 1, "schema", schema)
}

pub(crate) const RELATIONSHIPS_HEAD: &str = "<?xml version=\"1.0\" encoding=\"utf-8\"?><Relationships xmlns=\"http://schemas.openxmlformats.org/package/2006/relationships\">";
pub(crate) const RELATIONSHIPS_END: &str = "</Relationships>";

/// `Origin.xml`; `checksum` is the SHA-256 of the model in upper-case hex.
pub(crate) fn origin(options: &WriterOptions, counts: &Counts, rows: u64, checksum: &str) -> String {
    let [a, b, c, d, e] = guid(&options.identity);
    let objects: String = counts
        .iter()
        .map(|(kind, count)| format!("<{kind}>{count}</{kind}>"))
        .collect();
    let (started, ended) = (
        moment(options.started),
        moment(options.ended.unwrap_or(options.started)),
    );
    let text = |text: &str| escaped(text);
    format!(
        "{HEAD}\n<DacOrigin xmlns=\"{NAMESPACE}\">\n<PackageProperties><Version>3.1.0.0</Version>\
         <ContainsExportedData>true</ContainsExportedData><StreamVersions><Version StreamName=\"Data\">2.0.0.0</Version>\
         <Version StreamName=\"DeploymentContributors\">1.0.0.0</Version></StreamVersions></PackageProperties>\n\
         <Operation><Identity>{a}-{b}-{c}-{d}-{e}</Identity><Start>{started}</Start><End>{ended}</End>\
         <ProductName>{}</ProductName><ProductVersion>{}</ProductVersion><ProductSchema>{NAMESPACE}</ProductSchema></Operation>\n\
         <Server><ServerVersion>{}</ServerVersion><ObjectCounts>{objects}</ObjectCounts></Server>\n\
         <ExportStatistics><SourceDatabaseSize>{}</SourceDatabaseSize><TableRowCountTotalTag>{rows}</TableRowCountTotalTag>\
         </ExportStatistics>\n<Checksums><Checksum Uri=\"/model.xml\">{checksum}</Checksum></Checksums>\n\
         <ModelSchemaVersion>{SCHEMA_VERSION}</ModelSchemaVersion>\n</DacOrigin>\n",
        text(&options.product),
        text(&options.product_version),
        text(&options.server_version),
        options.source_kib,
    )
}

fn guid(bytes: &[u8; 16]) -> [String; 5] {
    let hex = |from: usize, to: usize| bytes[from..to].iter().map(|byte| format!("{byte:02x}")).collect();
    [hex(0, 4), hex(4, 6), hex(6, 8), hex(8, 10), hex(10, 16)]
}
