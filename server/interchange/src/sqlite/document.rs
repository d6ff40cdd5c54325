//! The schema of the source, carried in the file: the texts of all objects and the rule of every column, so that an import into
//! SQLite makes the same database again. It lies in extended properties of the database, as JSON in ASCII cut into pieces;
//! SQL Server keeps them and makes nothing of them.

use bacpac::{ExtendedProperty, Model, Table};
use serde::{Deserialize, Serialize};

use super::form::Form;

/// Names of the pieces, a number after it.
const PROPERTY: &str = "CoffreSource_";
/// Letters of a piece; a property carries 3,750.
const PIECE: usize = 3_500;
/// What is understood.
const VERSION: u32 = 1;

/// The kind of virtual tables, which are only told of.
pub(super) const VIRTUAL: &str = "virtual";

/// All of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Document {
    pub(super) version: u32,
    pub(super) engine: String,
    pub(super) encoding: String,
    pub(super) user_version: i64,
    pub(super) application_id: i64,
    pub(super) objects: Vec<DocumentObject>,
    pub(super) tables: Vec<DocumentTable>,
}

/// An object and its text.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct DocumentObject {
    pub(super) kind: String,
    pub(super) name: String,
    pub(super) table: String,
    pub(super) sql: String,
}

/// A table whose rows are in the file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct DocumentTable {
    /// Name in the source and in the file.
    pub(super) name: String,
    pub(super) file_name: String,
    /// What `sqlite_sequence` says.
    pub(super) sequence: Option<i64>,
    pub(super) columns: Vec<DocumentColumn>,
}

/// A column.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct DocumentColumn {
    pub(super) name: String,
    pub(super) file_name: String,
    pub(super) form: Form,
    /// Computed again, not stored.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(super) generated: bool,
}

impl Document {
    pub(super) fn new(encoding: &str, user_version: i64, application_id: i64) -> Self {
        Self {
            version: VERSION,
            engine: "sqlite".to_owned(),
            encoding: encoding.to_owned(),
            user_version,
            application_id,
            objects: Vec::new(),
            tables: Vec::new(),
        }
    }

    /// The properties that carry it.
    pub(super) fn properties(&self) -> Vec<ExtendedProperty> {
        let text = ascii(&serde_json::to_string(self).unwrap_or_default());
        let pieces = text.as_bytes().chunks(PIECE).map(String::from_utf8_lossy).enumerate();
        pieces
            .filter_map(|(number, piece)| {
                let name = format!("{PROPERTY}{:05}", number + 1);
                ExtendedProperty::text(ExtendedProperty::database_host(), name, &piece)
            })
            .collect()
    }

    /// The document of a file; `None` when it has none that is understood.
    pub(super) fn find(model: &Model) -> Option<Self> {
        let number = |property: &ExtendedProperty| property.name.strip_prefix(PROPERTY)?.parse::<u32>().ok();
        let mut pieces: Vec<_> = model
            .extended_properties
            .iter()
            .filter(|property| property.host == ExtendedProperty::database_host())
            .filter_map(|property| Some((number(property)?, property.value()?)))
            .collect();
        pieces.sort_unstable_by_key(|(number, _)| *number);
        let text: String = pieces.into_iter().map(|(_, piece)| piece).collect();
        let found: Self = serde_json::from_str(&text).ok()?;
        (found.version == VERSION && found.engine == "sqlite").then_some(found)
    }

    /// Positions in the model of the tables, in the order of the document, when the model is still that of the document: the
    /// same tables and columns, of types that the rules read.
    pub(super) fn matches(&self, model: &Model) -> Option<Vec<usize>> {
        if self.tables.len() != model.tables.len() {
            return None;
        }
        let place = |table: &DocumentTable| {
            let same = |found: &Table| found.name == table.file_name && found.schema.eq_ignore_ascii_case("dbo");
            let at = model.tables.iter().position(same)?;
            let found = model.tables.get(at)?;
            let same_columns = found.columns.len() == table.columns.len()
                && found.columns.iter().zip(&table.columns).all(|(found, column)| {
                    found.field.name == column.file_name && column.form.reads(&found.field.sql_type)
                });
            same_columns.then_some(at)
        };
        self.tables.iter().map(place).collect()
    }
}

/// JSON without anything but ASCII.
fn ascii(json: &str) -> String {
    let mut text = String::with_capacity(json.len());
    let mut units = [0; 2];
    for letter in json.chars() {
        if letter.is_ascii() && letter != '\u{7f}' {
            text.push(letter);
        } else {
            for unit in letter.encode_utf16(&mut units) {
                text.push_str(&format!("\\u{unit:04x}"));
            }
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_text_comes_back_from_its_pieces() {
        let mut document = Document::new("UTF-8", 7, -1);
        let sql = "CREATE VIEW \"é😀\" AS SELECT 'it''s',\r\n\t\"\u{1}\u{7f}\\]]>\" -- ".repeat(200);
        document.objects.push(DocumentObject {
            kind: "view".to_owned(),
            name: "é😀".to_owned(),
            table: "é😀".to_owned(),
            sql,
        });
        let mut model = Model {
            extended_properties: document.properties(),
            ..Model::default()
        };
        assert!(model.extended_properties.len() > 3);
        model.extended_properties.reverse();
        assert_eq!(Document::find(&model), Some(document));
        model.extended_properties.pop();
        assert_eq!(Document::find(&model), None);
    }
}
