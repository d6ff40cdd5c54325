//! Files made to harm or to mislead: each is refused with its reason, or told as a finding. What real files look like is
//! tested elsewhere.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]
mod forged;

use bacpac::{Error, Finding, Limits, Package};
use forged::*;
use std::io::Cursor;

fn replace(bytes: &mut [u8], from: &[u8], to: &[u8]) -> usize {
    assert_eq!(from.len(), to.len());
    let places: Vec<usize> = (0..bytes.len() - from.len())
        .filter(|at| bytes[*at..].starts_with(from))
        .collect();
    for at in &places {
        bytes[*at..*at + to.len()].copy_from_slice(to);
    }
    places.len()
}

#[test]
fn the_file_that_the_others_are_made_from_is_sound() {
    assert_eq!(verify(&archive(&entries("")), &Limits::default()).unwrap(), (2, vec![]));
}

#[test]
fn names_that_leave_the_archive_or_occur_twice_are_refused() {
    for name in ["../x", "a/../x", "a//x", "./x", "c:x", "a\\x"] {
        let error = refusal(&with(name, b"x"));
        assert!(error.contains("refused") || error.contains("ZIP"), "{name}: {error}");
    }
    assert!(refusal(&with("MODEL.xml", b"x")).contains("twice"));
    let mut twice = with("model.xmk", b"x");
    assert_eq!(replace(&mut twice, b"model.xmk", b"model.xml"), 2);
    assert!(refusal(&twice).contains("uplicate"));
    let long = Limits {
        name_bytes: 20,
        ..Limits::default()
    };
    assert!(
        verify(&archive(&entries("")), &long)
            .unwrap_err()
            .to_string()
            .contains("too long")
    );
}

#[test]
fn encrypted_entries_are_refused() {
    let mut bytes = archive(&entries(""));
    for (signature, flags) in [(b"PK\x03\x04", 6), (b"PK\x01\x02", 8)] {
        let places: Vec<usize> = (0..bytes.len() - 4)
            .filter(|at| bytes[*at..].starts_with(signature))
            .collect();
        for at in places {
            bytes[at + flags] |= 1;
        }
    }
    assert!(refusal(&bytes).contains("encrypted"));
}

#[test]
fn sizes_that_lie_and_sizes_over_the_limits_stop_the_reader() {
    let zeros = with("big", &vec![0; 9 << 20]);
    let limited = |limits: Limits| verify(&zeros, &limits).unwrap_err();
    assert!(matches!(
        limited(Limits {
            entries: 4,
            ..Limits::default()
        }),
        Error::Limit { what: "entries", .. }
    ));
    assert!(matches!(
        limited(Limits {
            entry_bytes: 1 << 20,
            ..Limits::default()
        }),
        Error::Limit { .. }
    ));
    assert!(matches!(
        limited(Limits {
            total_bytes: 1 << 20,
            ..Limits::default()
        }),
        Error::Limit { .. }
    ));
    let ratio = limited(Limits {
        ratio: 100,
        ..Limits::default()
    });
    assert!(ratio.to_string().contains("per compressed byte"), "{ratio}");

    for lie in [(8u32 << 20), (10 << 20)] {
        let mut lying = zeros.clone();
        assert!(replace(&mut lying, &(9u32 << 20).to_le_bytes(), &lie.to_le_bytes()) >= 2);
        assert!(
            verify(&lying, &Limits::default()).is_err(),
            "a size of {lie} was believed"
        );
    }
}

#[test]
fn a_dtd_deep_nesting_and_huge_elements_are_refused() {
    let mut all = entries("");
    all[1].1.splice(0..0, *b"<!DOCTYPE x [<!ENTITY a \"b\">]>");
    assert!(refusal(&archive(&all)).contains("DTD"));
    let deep = format!("{}{}", "<a>".repeat(100), "</a>".repeat(100));
    assert!(refusal(&archive(&entries(&deep))).contains("deeper"));
    let limits = Limits {
        element_bytes: 4_000,
        ..Limits::default()
    };
    let huge = format!("<Element Type=\"SqlView\">{}</Element>", "<a/>".repeat(1_000));
    assert!(matches!(
        verify(&archive(&entries(&huge)), &limits),
        Err(Error::Limit { .. })
    ));
    assert!(refusal(&archive(&entries("<Element>&bomb;</Element>"))).contains("entity"));
    assert!(matches!(
        verify(&archive(&entries("<Element>")), &Limits::default()),
        Err(Error::Xml { .. })
    ));
}

#[test]
fn a_changed_model_and_an_unknown_data_version_are_refused() {
    let mut all = entries("");
    all[1].1.push(b' ');
    assert!(matches!(
        verify(&archive(&all), &Limits::default()),
        Err(Error::Checksum { .. })
    ));
    for version in ["1.0.0.0", "3.0.0.0", ""] {
        let mut all = entries("");
        all[0].1 = origin(&model(""), version).into_bytes();
        assert!(
            matches!(verify(&archive(&all), &Limits::default()), Err(Error::Origin(_))),
            "{version}"
        );
    }
}

#[test]
fn data_that_another_loader_would_silently_leave_out_is_told() {
    let findings = |change: fn(&mut Vec<(String, Vec<u8>)>)| {
        let mut all = entries("");
        change(&mut all);
        verify(&archive(&all), &Limits::default()).unwrap()
    };
    let renamed = |name: &'static str| name.to_owned();
    assert_eq!(findings(|all| all.truncate(3)), (0, vec![]));
    let (rows, found) = findings(|all| drop(all.remove(2)));
    assert_eq!((rows, found), (2, vec![Finding::ContentTypes]));
    let (rows, found) = findings(|all| all[3].0 = "Data/dbo.U/TableData-000-00000.BCP".into());
    assert_eq!(
        (rows, found),
        (0, vec![Finding::NoTable(renamed("Data/dbo.U/TableData-000-00000.BCP"))])
    );
    let (rows, found) = findings(|all| all[3].0 = "Data/dbo.T/Rows.BCP".into());
    assert_eq!(
        (rows, found),
        (0, vec![Finding::NotAPart(renamed("Data/dbo.T/Rows.BCP"))])
    );
    assert_eq!(
        findings(|all| all[3].0 = "data/DBO.%54/tabledata-1-2.bcp".into()),
        (2, vec![])
    );
}

#[test]
fn a_part_that_does_not_fit_its_table_names_the_place() {
    let mut all = entries("");
    all[3].1.push(1);
    let error = refusal(&archive(&all));
    assert_eq!(
        error,
        format!("table dbo.T, part {PART}, row 3, column id, offset 8: the part ends inside the field")
    );
}

#[test]
fn a_length_in_front_of_utf_8_char_columns_is_understood() {
    let model = model("").replace(
        r#"</Element></Entry></Relationship></Element></Model>"#,
        r#"</Element></Entry><Entry><Element Type="SqlSimpleColumn" Name="[dbo].[T].[c]">
        <Property Name="Collation" Value="Latin1_General_100_CI_AS_SC_UTF8"/><Property Name="IsNullable" Value="False"/>
        <Relationship Name="TypeSpecifier"><Entry><Element Type="SqlTypeSpecifier"><Property Name="Length" Value="2"/>
        <Relationship Name="Type"><Entry><References ExternalSource="BuiltIns" Name="[char]"/></Entry></Relationship></Element></Entry>
        </Relationship></Element></Entry></Relationship></Element></Model>"#,
    );
    let mut all = entries("");
    all[0].1 = origin(&model, "2.0.0.0").into_bytes();
    all[1].1 = model.into_bytes();
    for part in [&b"\x07\0\0\0A\0B\0"[..], &b"\x07\0\0\0\x04\0A\0B\0"[..]] {
        all[3].1 = part.to_vec();
        let mut text = Vec::new();
        let mut package = Package::open(Cursor::new(archive(&all)), &Limits::default()).unwrap();
        package.verify(|_, row| text.push(row[1].clone())).unwrap();
        assert_eq!(text, [bacpac::Value::Text("AB".into())]);
    }
}

#[test]
fn entries_that_share_their_bytes_are_refused() {
    let mut bytes = archive(&entries(""));
    let heads: Vec<usize> = (0..bytes.len() - 46)
        .filter(|at| bytes[*at..].starts_with(b"PK\x01\x02"))
        .collect();
    // The directory gives the second entry the place of the first, as an archive that inflates without end does.
    let place: Vec<u8> = bytes[heads[0] + 42..heads[0] + 46].to_vec();
    bytes[heads[1] + 42..heads[1] + 46].copy_from_slice(&place);
    assert!(refusal(&bytes).contains("ZIP"));
}

#[test]
fn one_huge_tag_and_too_many_objects_stop_the_reader() {
    let limits = Limits {
        element_bytes: 100_000,
        ..Limits::default()
    };
    let mut tag = "<Element".to_owned();
    for number in 0..20_000 {
        tag.push_str(&format!(" a{number}=\"\""));
    }
    tag.push_str("/>");
    let error = verify(&archive(&entries(&tag)), &limits).unwrap_err();
    assert!(error.to_string().contains("bytes in one element"), "{error}");
    let limits = Limits {
        objects: 100,
        ..Limits::default()
    };
    let many = "<Element Type=\"SqlSequence\"/>".repeat(100);
    let error = verify(&archive(&entries(&many)), &limits).unwrap_err();
    assert_eq!(error.to_string(), "model.xml: more than 100 objects");
}

#[test]
fn a_byte_order_mark_is_no_harm_and_any_order_of_entries_is_read() {
    let mut all = entries("");
    let model = format!("\u{feff}<?xml version=\"1.0\" encoding=\"utf-8\"?>\n{}", model(""));
    all[0].1 = format!("\u{feff}{}", origin(&model, "2.0.0.0")).into_bytes();
    all[1].1 = model.into_bytes();
    all[2].1.splice(0..0, *b"\xef\xbb\xbf");
    all.reverse();
    all.push(("unknown/part.bin".to_owned(), vec![1]));
    assert_eq!(verify(&archive(&all), &Limits::default()).unwrap(), (2, vec![]));
}

#[test]
fn a_directory_that_takes_or_claims_too_much_memory_is_refused() {
    let sound = archive(&entries(""));
    let small = Limits {
        directory_bytes: 200,
        ..Limits::default()
    };
    let error = verify(&sound, &small).unwrap_err().to_string();
    assert!(error.contains("more than 200 bytes of directory"), "{error}");
    // A record that claims a billion entries, for which memory would be set aside before any is read.
    let end = sound.len() - 22;
    let mut lying = sound[..end].to_vec();
    let count = 1_000_000_000u64.to_le_bytes();
    let record = [
        &b"PK\x06\x06"[..],
        &44u64.to_le_bytes(),
        &[45, 0, 45, 0],
        &[0; 8],
        &count,
        &count,
        &[0; 16],
    ];
    lying.extend(record.concat());
    lying.extend(
        [
            &b"PK\x06\x07"[..],
            &[0; 4],
            &(end as u64).to_le_bytes(),
            &1u32.to_le_bytes(),
        ]
        .concat(),
    );
    lying.extend([&b"PK\x05\x06"[..], &[0; 4], &[0xff; 12], &[0; 2]].concat());
    let error = verify(&lying, &Limits::default()).unwrap_err().to_string();
    assert_eq!(error, "archive: more than 200000 entries");
}

#[test]
fn bytes_in_front_of_the_archive_are_refused() {
    let mut bytes = b"something".to_vec();
    bytes.extend(archive(&entries("")));
    assert!(refusal(&bytes).contains("ZIP"));
}
