//! Models and parts made to mislead: what could be read in two ways, or loses something when it is read, is refused.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]
mod forged;

use bacpac::{Limits, Package};
use forged::*;
use std::io::Cursor;

const COLUMN: &str = r#"<Entry><Element Type="SqlSimpleColumn" Name="NAME">
    <Property Name="IsNullable" Value="False"/><Relationship Name="TypeSpecifier"><Entry><Element Type="SqlTypeSpecifier">
    <Property Name="Length" Value="2"/><Relationship Name="Type"><Entry><References ExternalSource="BuiltIns" Name="[TYPE]"/></Entry>
    </Relationship></Element></Entry></Relationship></Element></Entry>"#;

/// A table with columns of those names and types, without data.
fn table(columns: &[(&str, &str)]) -> String {
    let columns = columns
        .iter()
        .map(|(name, kind)| COLUMN.replace("NAME", name).replace("TYPE", kind));
    format!(
        r#"<Element Type="SqlTable" Name="[dbo].[U]"><Relationship Name="Columns">{}</Relationship></Element>"#,
        columns.collect::<String>()
    )
}

#[test]
fn columns_that_cannot_be_told_apart_are_refused() {
    let of = |columns: &[(&str, &str)]| refusal(&archive(&entries(&table(columns))));
    let twice = of(&[("[dbo].[U].[a]", "int"), ("[dbo].[U].[a]", "int")]);
    assert!(twice.contains("[dbo].[U]: column \"a\" occurs twice"), "{twice}");
    for nameless in ["", "a", "[dbo].[U].[]"] {
        let error = of(&[(nameless, "int")]);
        assert!(error.contains("a column without a name"), "{nameless}: {error}");
    }
    // Under some collations these are two columns.
    let both = table(&[("[dbo].[U].[a]", "int"), ("[dbo].[U].[A]", "int")]);
    assert!(verify(&archive(&entries(&both)), &Limits::default()).is_ok());
}

#[test]
fn a_second_primary_key_does_not_silently_replace_the_first() {
    let key = r#"<Element Type="SqlPrimaryKeyConstraint" Name="[dbo].[PK]"><Relationship Name="DefiningTable"><Entry>
        <References Name="[dbo].[T]"/></Entry></Relationship></Element>"#;
    assert!(verify(&archive(&entries(key)), &Limits::default()).is_ok());
    let error = refusal(&archive(&entries(&key.repeat(2))));
    assert!(error.contains("two primary keys"), "{error}");
}

#[test]
fn a_part_that_can_be_read_in_two_ways_is_refused() {
    let mut model = model("");
    let (from, to) = (
        model.find("<Relationship Name=\"Columns\">").unwrap(),
        model.find("</Model>").unwrap(),
    );
    let column = COLUMN.replace("NAME", "[dbo].[T].[c]").replace("TYPE", "char").replace(
        "<Property",
        r#"<Property Name="Collation" Value="Latin1_General_100_CI_AS_SC_UTF8"/><Property"#,
    );
    model.replace_range(
        from..to,
        &format!(r#"<Relationship Name="Columns">{column}</Relationship></Element>"#),
    );
    let read = |part: &[u8]| {
        let mut all = entries_of(&model);
        all[3].1 = part.to_vec();
        let mut texts = Vec::new();
        let mut package = Package::open(Cursor::new(archive(&all)), &Limits::default()).unwrap();
        let outcome = package.verify(|_, row| texts.push(row[0].clone()));
        outcome.map(|_| texts).map_err(|error| error.to_string())
    };
    let text = |text: &str| bacpac::Value::Text(text.to_owned());
    assert_eq!(read(b"A\0B\0").unwrap(), [text("AB")]);
    assert_eq!(read(b"\x04\0A\0B\0").unwrap(), [text("AB")]);
    // Two rows of two letters with their lengths, or three rows without.
    let error = read(b"\x04\0A\0B\0\x04\0C\0D\0").unwrap_err();
    assert!(error.contains("two ways"), "{error}");
    assert_eq!(read(b"").unwrap(), []);
}

#[test]
fn attributes_without_end_are_refused() {
    let attributes: String = (0..65).map(|number| format!(" a{number}=\"\"")).collect();
    let error = refusal(&archive(&entries(&format!("<Element{attributes}/>"))));
    assert!(error.contains("more than 64 attributes"), "{error}");
}
