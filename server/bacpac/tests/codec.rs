//! The BCP encoding: the golden vector read and written to the byte, known values, lengths that
//! lie. Archives are not touched here.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]
use bacpac::{Decimal, Error, Fault, Field, Limits, MaxForm, PartReader, RowEncoder, SqlType, Value};

fn hex(text: &str) -> Vec<u8> {
    let digits: Vec<u8> = text.bytes().filter(u8::is_ascii_hexdigit).collect();
    digits
        .chunks(2)
        .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap())
        .collect()
}

fn decode(fields: &[Field], bytes: &[u8]) -> Result<Vec<Vec<Value>>, Error> {
    PartReader::new(bytes, "app.T", "TableData-000-00000.BCP", fields, &Limits::default()).collect()
}

fn encode(fields: &[Field], rows: &[Vec<Value>], form: MaxForm) -> Vec<u8> {
    let encoder = RowEncoder::new(fields, form);
    let mut bytes = Vec::new();
    for row in rows {
        encoder.encode(row, &mut bytes).unwrap();
    }
    bytes
}

fn golden_fields() -> Vec<Field> {
    vec![
        Field::new("a", SqlType::Int, false),
        Field::new("b", SqlType::NVarChar(10), true),
        Field::new("c", SqlType::Decimal { precision: 5, scale: 2 }, false),
        Field::new("d", SqlType::Bit, false),
        Field::new("e", SqlType::DateTime2 { scale: 3 }, true),
        Field::new("f", SqlType::VarBinaryMax, true),
        Field::new("g", SqlType::Char(4), false),
        Field::new("h", SqlType::Float, true),
        Field::new("i", SqlType::UniqueIdentifier, false),
    ]
}

fn golden_rows() -> Vec<Vec<Value>> {
    let decimal = |negative, magnitude| {
        Value::Decimal(Decimal {
            precision: 5,
            scale: 2,
            negative,
            magnitude,
        })
    };
    let text = |text: &str| Value::Text(text.to_owned());
    let mut last = [0; 16];
    last[15] = 1;
    let millis = |h: u64, m: u64, s: u64, ms: u64| (((h * 60 + m) * 60 + s) * 1000 + ms) * 10_000;
    vec![
        vec![
            Value::Int(5),
            text("hi"),
            decimal(true, 12345),
            Value::Bit(true),
            Value::DateTime2 {
                days: 738_944,
                ticks: millis(12, 34, 56, 789),
            },
            Value::Binary(vec![0xde, 0xad]),
            text("AB  "),
            Value::Float(1.5),
            Value::Uuid([
                0, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88, 0x99, 0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0xff,
            ]),
        ],
        vec![
            Value::Int(6),
            Value::Null,
            decimal(false, 0),
            Value::Bit(false),
            Value::Null,
            Value::Null,
            text("Zz  "),
            Value::Null,
            Value::Uuid([0; 16]),
        ],
        vec![
            Value::Int(7),
            text(""),
            decimal(false, 99999),
            Value::Bit(true),
            Value::DateTime2 { days: 0, ticks: 0 },
            Value::Binary(vec![]),
            text("    "),
            Value::Float(-0.0),
            Value::Uuid(last),
        ],
    ]
}

fn golden_bytes() -> Vec<u8> {
    let zeros = |count: usize| "00".repeat(count);
    hex(&[
        "05000000 0400 68006900 13 05 02 00 39300000000000000000000000000000 01 01 08 507cfd7669 80460b",
        "0200000000000000 dead 4100420020002000 08 000000000000f83f 10 33221100 5544 7766 8899aabbccddeeff",
        "06000000 ffff 13 05 02 01",
        &zeros(16),
        "01 00 ff ffffffffffffffff 5a007a0020002000 ff 10",
        &zeros(16),
        "07000000 0000 13 05 02 01 9f860100",
        &zeros(12),
        "01 01 08 0000000000000000 0000000000000000",
        "2000200020002000 08 0000000000000080 10",
        &zeros(15),
        "01",
    ]
    .join(" "))
}

#[test]
fn the_golden_vector_is_read_and_written_to_the_byte() {
    assert_eq!(decode(&golden_fields(), &golden_bytes()).unwrap(), golden_rows());
    assert_eq!(encode(&golden_fields(), &golden_rows(), MaxForm::Plain), golden_bytes());
}

#[test]
fn a_truncated_part_names_table_part_row_column_and_offset() {
    let bytes = golden_bytes();
    let row_ends: Vec<usize> = (0..=3)
        .map(|rows| encode(&golden_fields(), &golden_rows()[..rows], MaxForm::Plain).len())
        .collect();
    for cut in (0..bytes.len()).filter(|cut| !row_ends.contains(cut)) {
        let Err(Error::Data { place, fault }) = decode(&golden_fields(), &bytes[..cut]) else {
            panic!("cut at {cut} went unnoticed")
        };
        assert_eq!(fault, Fault::Truncated);
        assert_eq!(
            (place.table.as_str(), place.part.as_str()),
            ("app.T", "TableData-000-00000.BCP")
        );
        assert_eq!(place.row as usize, row_ends.iter().filter(|end| **end <= cut).count());
        assert!(!place.column.is_empty() && place.offset <= cut as u64);
    }
}

#[test]
fn known_encodings_of_dates_times_and_money_are_read() {
    let one = |sql_type, text| decode(&[Field::new("x", sql_type, false)], &hex(text)).unwrap()[0][0].clone();
    let ticks = 11 * 36_000_000_000 + 22 * 600_000_000 + 33 * 10_000_000 + 1_234_567;
    assert_eq!(one(SqlType::Date, "6e280b"), Value::Date(731_246));
    assert_eq!(
        one(SqlType::Time { scale: 0 }, "80b714ab08"),
        Value::Time(37_230_000_000)
    );
    assert_eq!(
        one(SqlType::DateTimeOffset { scale: 7 }, "070ff123366e280b2701"),
        Value::DateTimeOffset {
            days: 731_246,
            ticks: ticks - 295 * 600_000_000,
            offset: 295
        }
    );
    assert_eq!(
        one(SqlType::DateTime, "13930000f177bb00"),
        Value::DateTime {
            days: 37_651,
            ticks: 12_285_937
        }
    );
    assert_eq!(
        one(SqlType::SmallDateTime, "1393ab02"),
        Value::SmallDateTime {
            days: 37_651,
            minutes: 683
        }
    );
    assert_eq!(one(SqlType::Money, "ffffffffffffffff"), Value::Money(-1));
    assert_eq!(one(SqlType::Money, "ffffff7fffffffff"), Value::Money(i64::MAX));
    assert_eq!(one(SqlType::SmallMoney, "39300000"), Value::SmallMoney(12345));
}

#[test]
fn text_is_chunked_above_five_mebibytes_and_reads_the_same_in_both_forms() {
    let fields = [Field::new("x", SqlType::NVarCharMax, true)];
    for bytes in [4_194_302, 5_242_880, 5_242_882] {
        let rows = vec![vec![Value::Text("é".repeat(bytes / 2))]];
        let (plain, vendor) = (
            encode(&fields, &rows, MaxForm::Plain),
            encode(&fields, &rows, MaxForm::Vendor),
        );
        assert_eq!(vendor[7] == 0xff, bytes > 5_242_880);
        assert_eq!(decode(&fields, &plain).unwrap(), rows);
        assert_eq!(decode(&fields, &vendor).unwrap(), rows);
    }
}

#[test]
fn a_lying_length_is_refused_without_taking_its_memory() {
    let fields = [Field::new("x", SqlType::VarBinaryMax, true)];
    let lying = hex("ffffff7f00000000 aabb");
    assert!(matches!(
        decode(&fields, &lying),
        Err(Error::Data {
            fault: Fault::TooBig(_),
            ..
        })
    ));
    let odd = decode(&[Field::new("x", SqlType::NVarChar(5), true)], &hex("0300 616161"));
    assert!(matches!(
        odd,
        Err(Error::Data {
            fault: Fault::OddText(3),
            ..
        })
    ));
    let long = decode(&[Field::new("x", SqlType::NVarChar(1), true)], &hex("0400 61006100"));
    assert!(matches!(
        long,
        Err(Error::Data {
            fault: Fault::Length { found: 4, allowed: 2 },
            ..
        })
    ));
    assert!(decode(&[], &[1]).is_err());
}

#[test]
fn a_value_whose_length_its_prefix_cannot_say_is_refused() {
    // No table has such columns, but nothing keeps a caller from naming them.
    let texts = RowEncoder::new(&[Field::new("x", SqlType::NVarChar(40_000), true)], MaxForm::Plain);
    let binaries = RowEncoder::new(&[Field::new("x", SqlType::Binary(65_535), true)], MaxForm::Plain);
    let mut bytes = vec![1];
    for length in [32_768, 40_000] {
        assert!(texts.encode(&[Value::Text("x".repeat(length))], &mut bytes).is_err());
    }
    // This length is the mark of NULL.
    assert!(binaries.encode(&[Value::Binary(vec![0; 65_535])], &mut bytes).is_err());
    assert_eq!(bytes, [1]);
    assert!(binaries.encode(&[Value::Binary(vec![0; 65_534])], &mut bytes).is_ok());
}

#[test]
fn a_variant_gives_its_typed_value_when_the_base_type_is_common() {
    let variant = |text| {
        let Value::Variant(found) =
            decode(&[Field::new("x", SqlType::SqlVariant, true)], &hex(text)).unwrap()[0][0].clone()
        else {
            panic!("not a variant")
        };
        found.value()
    };
    assert_eq!(variant("06000000 38 00 2a000000"), Some(Value::Int(42)));
    assert_eq!(
        variant("0d000000 e7 07 0904d00034 0a00 68006900"),
        Some(Value::Text("hi".into()))
    );
    assert_eq!(variant("06000000 29 01 00 8b0e00"), Some(Value::Time(37_230_000_000)));
    assert_eq!(
        variant("09000000 6c 02 05 02 00 39300000"),
        Some(Value::Decimal(Decimal {
            precision: 5,
            scale: 2,
            negative: true,
            magnitude: 12345
        }))
    );
    assert_eq!(variant("06000000 29 01 00 ffffff"), None);
    assert_eq!(variant("03000000 77 00 01"), None);
}
