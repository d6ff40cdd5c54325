//! Properties of the encoding over every type, with and without NULL: what was written is read back, and arbitrary bytes
//! never do harm. Known vectors are tested elsewhere.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]
mod cells;

use bacpac::{Error, Field, Limits, MaxForm, PartReader, RowEncoder, Value};
use cells::cell;
use proptest::prelude::*;

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

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_type_reads_back_what_was_written(
        columns in proptest::collection::vec((cell(), any::<bool>(), any::<bool>()), 1..60)
    ) {
        let mut fields = Vec::new();
        let (mut full, mut sparse) = (Vec::new(), Vec::new());
        for (index, ((sql_type, value), nullable, null)) in columns.into_iter().enumerate() {
            fields.push(Field::new(format!("c{index}"), sql_type, nullable));
            sparse.push(if nullable && null { Value::Null } else { value.clone() });
            full.push(value);
        }
        let rows = vec![full, sparse];
        let bytes = encode(&fields, &rows, MaxForm::Vendor);
        prop_assert_eq!(decode(&fields, &bytes).unwrap(), rows);
    }

    #[test]
    fn arbitrary_bytes_are_decoded_or_refused_and_what_is_decoded_can_be_encoded(
        columns in proptest::collection::vec((cell(), any::<bool>()), 1..8),
        bytes in proptest::collection::vec(any::<u8>(), 0..300)
    ) {
        let fields: Vec<Field> = columns
            .into_iter()
            .map(|((sql_type, _), nullable)| Field::new("c", sql_type, nullable))
            .collect();
        let mut reader = PartReader::new(bytes.as_slice(), "t", "p", &fields, &Limits::default());
        let encoder = RowEncoder::new(&fields, MaxForm::Plain);
        let (mut row, mut out) = (Vec::new(), Vec::new());
        while let Ok(true) = reader.next_row(&mut row) {
            let nulls = row.iter().zip(&fields).any(|(value, field)| *value == Value::Null && !field.nullable);
            prop_assert_eq!(encoder.encode(&row, &mut out).is_ok(), !nulls);
        }
    }
}
