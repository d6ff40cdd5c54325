//! Columns of every type with values that they can hold, for the property tests.
use bacpac::{Decimal, SqlType, Value, Variant};
use proptest::prelude::*;

fn text(most: usize) -> impl Strategy<Value = Value> {
    proptest::collection::vec(any::<u16>(), 0..=most).prop_map(|units| match String::from_utf16(&units) {
        Ok(text) => Value::Text(text),
        Err(_) => Value::BrokenText(units),
    })
}

fn exactly(units: usize) -> impl Strategy<Value = Value> {
    proptest::collection::vec(proptest::char::range('!', 'ÿ'), units)
        .prop_map(|letters| Value::Text(letters.into_iter().collect()))
}

fn bytes(most: usize) -> impl Strategy<Value = Value> {
    proptest::collection::vec(any::<u8>(), 0..=most).prop_map(Value::Binary)
}

/// A column of any type with a value that it can hold.
pub fn cell() -> impl Strategy<Value = (SqlType, Value)> {
    let days = || 0..=3_652_058u32;
    let ticks = || 0..864_000_000_000u64;
    let of =
        |sql_type: SqlType, value: BoxedStrategy<Value>| value.prop_map(move |value| (sql_type.clone(), value)).boxed();
    let choices = vec![
        of(SqlType::TinyInt, any::<u8>().prop_map(Value::TinyInt).boxed()),
        of(SqlType::SmallInt, any::<i16>().prop_map(Value::SmallInt).boxed()),
        of(SqlType::Int, any::<i32>().prop_map(Value::Int).boxed()),
        of(SqlType::BigInt, any::<i64>().prop_map(Value::BigInt).boxed()),
        of(SqlType::Bit, any::<bool>().prop_map(Value::Bit).boxed()),
        of(SqlType::Real, any::<f32>().prop_map(Value::Real).boxed()),
        of(SqlType::Float, any::<f64>().prop_map(Value::Float).boxed()),
        of(SqlType::SmallMoney, any::<i32>().prop_map(Value::SmallMoney).boxed()),
        of(SqlType::Money, any::<i64>().prop_map(Value::Money).boxed()),
        of(
            SqlType::Decimal {
                precision: 38,
                scale: 10,
            },
            (any::<bool>(), 0..10u128.pow(38))
                .prop_map(|(negative, magnitude)| {
                    Value::Decimal(Decimal {
                        precision: 38,
                        scale: 10,
                        negative,
                        magnitude,
                    })
                })
                .boxed(),
        ),
        of(SqlType::Date, days().prop_map(Value::Date).boxed()),
        of(SqlType::Time { scale: 7 }, ticks().prop_map(Value::Time).boxed()),
        of(
            SqlType::DateTime2 { scale: 0 },
            (days(), ticks())
                .prop_map(|(days, ticks)| Value::DateTime2 { days, ticks })
                .boxed(),
        ),
        of(
            SqlType::DateTimeOffset { scale: 3 },
            (days(), ticks(), -840..=840i16)
                .prop_map(|(days, ticks, offset)| Value::DateTimeOffset { days, ticks, offset })
                .boxed(),
        ),
        of(
            SqlType::DateTime,
            (-53_690..=2_958_463i32, 0..25_920_000u32)
                .prop_map(|(days, ticks)| Value::DateTime { days, ticks })
                .boxed(),
        ),
        of(
            SqlType::SmallDateTime,
            (any::<u16>(), 0..1_440u16)
                .prop_map(|(days, minutes)| Value::SmallDateTime { days, minutes })
                .boxed(),
        ),
        of(
            SqlType::UniqueIdentifier,
            any::<[u8; 16]>().prop_map(Value::Uuid).boxed(),
        ),
        of(SqlType::Char(3), exactly(3).boxed()),
        of(SqlType::NChar(5), exactly(5).boxed()),
        of(SqlType::VarChar(20), text(20).boxed()),
        of(SqlType::NVarChar(20), text(20).boxed()),
        of(SqlType::Text, text(40).boxed()),
        of(SqlType::NText, text(40).boxed()),
        of(SqlType::VarCharMax, text(40).boxed()),
        of(SqlType::NVarCharMax, text(40).boxed()),
        of(SqlType::Xml, text(40).boxed()),
        of(SqlType::Json, text(40).boxed()),
        of(SqlType::Binary(9), bytes(9).boxed()),
        of(SqlType::VarBinary(9), bytes(9).boxed()),
        of(
            SqlType::RowVersion,
            any::<[u8; 8]>().prop_map(|all| Value::Binary(all.to_vec())).boxed(),
        ),
        of(SqlType::Image, bytes(40).boxed()),
        of(SqlType::VarBinaryMax, bytes(40).boxed()),
        of(SqlType::Geography, bytes(40).boxed()),
        of(SqlType::Geometry, bytes(40).boxed()),
        of(SqlType::HierarchyId, bytes(40).boxed()),
        of(
            SqlType::SqlVariant,
            (
                any::<u8>(),
                proptest::collection::vec(any::<u8>(), 0..8),
                proptest::collection::vec(any::<u8>(), 0..40),
            )
                .prop_map(|(base, properties, payload)| {
                    Value::Variant(Variant {
                        base,
                        properties,
                        payload,
                    })
                })
                .boxed(),
        ),
    ];
    proptest::strategy::Union::new(choices)
}
