//! Defaults and conditions in T-SQL, for the type that a column finally has. What could mean something else there is refused.

use bacpac::SqlType;

use super::predicate::{Literal, Predicate};
use super::source::{DefaultMeaning, SourceColumn};
use super::{Collate, Dialect};

/// The expression of a default; `None` when the type has no such value.
pub(super) fn expression(meaning: &DefaultMeaning, sql_type: &SqlType) -> Option<String> {
    match (meaning, sql_type) {
        (DefaultMeaning::Literal(literal), _) => literal_of(literal, sql_type).map(|text| format!("({text})")),
        (DefaultMeaning::Bytes(bytes), SqlType::VarBinary(_) | SqlType::VarBinaryMax) => {
            let longest = match sql_type {
                SqlType::VarBinary(most) => usize::from(*most),
                _ => 1_000,
            };
            let digits: String = bytes.iter().map(|byte| format!("{byte:02X}")).collect();
            (bytes.len() <= longest).then(|| format!("(0x{digits})"))
        }
        (DefaultMeaning::CurrentTimestamp, SqlType::DateTime2 { .. }) => Some("(sysutcdatetime())".to_owned()),
        (DefaultMeaning::CurrentTimestamp, SqlType::DateTimeOffset { .. }) => Some("(sysdatetimeoffset())".to_owned()),
        (DefaultMeaning::CurrentDate, SqlType::Date) => Some("(CONVERT([date],sysutcdatetime()))".to_owned()),
        (DefaultMeaning::CurrentTime, SqlType::Time { .. }) => Some("(CONVERT([time],sysutcdatetime()))".to_owned()),
        (DefaultMeaning::CurrentTimestamp, _) => moment(sql_type, 19, 120),
        (DefaultMeaning::CurrentDate, _) => moment(sql_type, 10, 23),
        (DefaultMeaning::CurrentTime, _) => moment(sql_type, 8, 108),
        (DefaultMeaning::NewUuid, SqlType::UniqueIdentifier) => Some("(newid())".to_owned()),
        _ => None,
    }
}

/// The moment as text, in the style of that number.
fn moment(sql_type: &SqlType, units: u16, style: u16) -> Option<String> {
    let fits = match sql_type {
        SqlType::NVarChar(most) => *most >= units,
        SqlType::NVarCharMax => true,
        _ => false,
    };
    fits.then(|| format!("(CONVERT([nvarchar]({units}),sysutcdatetime(),({style})))"))
}

/// A literal of that type; `None` when it would be converted, cut off or rounded.
fn literal_of(literal: &Literal, sql_type: &SqlType) -> Option<String> {
    let rendered = literal.render(Dialect::TransactSql);
    let fits = match (literal, sql_type) {
        (Literal::Integer(number), SqlType::BigInt | SqlType::Float) => i64::MIN < *number,
        (Literal::Integer(number), SqlType::Int) => i32::try_from(*number).is_ok(),
        (Literal::Integer(number), SqlType::SmallInt) => i16::try_from(*number).is_ok(),
        (Literal::Integer(number), SqlType::TinyInt) => u8::try_from(*number).is_ok(),
        (Literal::Integer(0 | 1) | Literal::Bool(_), SqlType::Bit) => true,
        (Literal::Integer(number), SqlType::Decimal { precision, scale }) => {
            number.unsigned_abs().to_string().len() + usize::from(*scale) <= usize::from(*precision)
        }
        (Literal::Decimal(_), SqlType::Float) => true,
        (Literal::Decimal(digits), SqlType::Decimal { precision, scale }) => {
            let (whole, fraction) = digits.trim_start_matches('-').split_once('.').unwrap_or((digits, ""));
            let whole = whole.trim_start_matches('0').len();
            fraction.len() <= usize::from(*scale) && whole + usize::from(*scale) <= usize::from(*precision)
        }
        (Literal::Text(text), SqlType::NVarCharMax) => text.encode_utf16().count() <= 4_000 && carried(text),
        (Literal::Text(text), SqlType::NVarChar(most)) => {
            text.encode_utf16().count() <= usize::from(*most) && carried(text)
        }
        // The engine gives such a text only when it is a value of the column.
        (
            Literal::Text(text),
            SqlType::Date
            | SqlType::Time { .. }
            | SqlType::DateTime2 { .. }
            | SqlType::DateTimeOffset { .. }
            | SqlType::UniqueIdentifier,
        ) => carried(text),
        _ => false,
    };
    fits.then_some(rendered)
}

/// Whether a script of the model can carry the text.
fn carried(text: &str) -> bool {
    let refused =
        |letter: char| (letter < ' ' && !matches!(letter, '\t' | '\n')) || matches!(letter, '\u{fffe}' | '\u{ffff}');
    !text.chars().any(refused)
}

/// Whether a condition means the same on the columns as they will be: numbers with numbers, text compared for equality with
/// text, and no text that ends with a space, which SQL Server does not see.
pub(super) fn means_the_same(
    condition: &Predicate,
    columns: &[SourceColumn],
    types: &dyn Fn(usize) -> Option<SqlType>,
) -> bool {
    let mut same = true;
    condition.visit(&mut |mention| {
        let Some((column, sql_type)) = columns.get(mention.column).zip(types(mention.column)) else {
            same = false;
            return;
        };
        let is_text = matches!(sql_type, SqlType::NVarChar(_) | SqlType::NVarCharMax);
        let compared = !mention.literals.is_empty() || mention.other.is_some();
        if compared && (column.unlike || column.replaced) {
            same = false;
        }
        if compared && is_text {
            let ends = |literal: &Literal| matches!(literal, Literal::Text(text) if text.ends_with(' '));
            let case = column.collate != Collate::Binary;
            same &= !(mention.ordered || column.trailing || case || mention.literals.iter().any(ends));
        }
        for literal in mention.literals {
            same &= match (literal, &sql_type) {
                (Literal::Text(text), SqlType::NVarChar(_) | SqlType::NVarCharMax) => carried(text),
                (Literal::Integer(number), _) if is_number(&sql_type) => *number > i64::MIN,
                (Literal::Decimal(_), _) => is_number(&sql_type),
                (Literal::Integer(0 | 1) | Literal::Bool(_), SqlType::Bit) => !mention.ordered,
                _ => false,
            };
        }
        if let Some(other) = mention.other {
            let numbers = |sql_type: &SqlType| is_number(sql_type).then_some(sql_type.clone());
            let other_type = types(other);
            let trailing = columns.get(other).is_none_or(|column| column.trailing || column.unlike);
            same &= other_type.is_some_and(|found| found == sql_type && (numbers(&found).is_some() || is_text))
                && !trailing;
        }
    });
    same
}

fn is_number(sql_type: &SqlType) -> bool {
    matches!(
        sql_type,
        SqlType::BigInt
            | SqlType::Int
            | SqlType::SmallInt
            | SqlType::TinyInt
            | SqlType::Float
            | SqlType::Real
            | SqlType::Decimal { .. }
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_default_that_would_be_converted_is_refused() {
        let decimal = SqlType::Decimal { precision: 4, scale: 2 };
        let of = |literal: Literal, sql_type: &SqlType| expression(&DefaultMeaning::Literal(literal), sql_type);
        assert_eq!(of(Literal::Integer(5), &SqlType::BigInt).as_deref(), Some("((5))"));
        assert_eq!(
            of(Literal::Decimal("-12.50".into()), &decimal).as_deref(),
            Some("((-12.50))")
        );
        assert_eq!(of(Literal::Decimal("12.505".into()), &decimal), None);
        assert_eq!(of(Literal::Integer(100), &decimal), None);
        assert_eq!(of(Literal::Integer(5), &SqlType::NVarChar(3)), None);
        assert_eq!(of(Literal::Text("it's".into()), &SqlType::NVarChar(3)), None);
        assert_eq!(
            of(Literal::Text("it's".into()), &SqlType::NVarChar(4)).as_deref(),
            Some("(N'it''s')")
        );
        assert_eq!(
            expression(&DefaultMeaning::CurrentTimestamp, &SqlType::NVarChar(18)),
            None
        );
    }
}
