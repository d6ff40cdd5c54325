//! Checks, conditions of indexes and defaults of SQL Server in SQLite, as far as they mean the same there.

use bacpac::{Model, SqlType, Table};

use super::foreign_schema::{ColumnPlan, ignores_case};
use crate::forms::decimal::{self, Shape};
use crate::plan::{Dialect, Literal, parse, parse_literal};

/// A check or the condition of an index; `None` when it would hold for other rows.
pub(super) fn condition(model: &Model, table: &Table, columns: &[ColumnPlan], text: &str) -> Option<String> {
    let names: Vec<&str> = columns.iter().map(|column| column.name.as_str()).collect();
    let found = parse(text, Dialect::TransactSql, &names)?;
    let mut same = true;
    found.visit(&mut |mention| {
        let of = |at: usize| table.columns.get(at).map(|column| (column, &column.field.sql_type));
        let Some((column, sql_type)) = of(mention.column) else {
            same = false;
            return;
        };
        let exact_text = is_bounded_text(sql_type) && !ignores_case(model, column) && !mention.ordered;
        for literal in mention.literals {
            same &= match literal {
                Literal::Text(_) => exact_text,
                Literal::Integer(_) | Literal::Decimal(_) => is_number(sql_type),
                Literal::Bool(_) => false,
            };
        }
        if let Some(other) = mention.other {
            // Moments of one type are texts of one length, and in the order of time.
            let alike = of(other).is_some_and(|(_, other)| {
                is_number(sql_type) && is_number(other) || sql_type == other && is_moment(sql_type)
            });
            same &= alike;
        }
    });
    same.then(|| found.render(Dialect::Sqlite, &names))
}

/// Text that is not filled with spaces.
fn is_bounded_text(sql_type: &SqlType) -> bool {
    matches!(
        sql_type,
        SqlType::VarChar(_) | SqlType::NVarChar(_) | SqlType::VarCharMax | SqlType::NVarCharMax
    )
}

/// Types whose texts lie in the order of time.
fn is_moment(sql_type: &SqlType) -> bool {
    matches!(
        sql_type,
        SqlType::Date | SqlType::Time { .. } | SqlType::DateTime | SqlType::DateTime2 { .. } | SqlType::SmallDateTime
    )
}

/// Types that are numbers in SQLite too.
fn is_number(sql_type: &SqlType) -> bool {
    match sql_type {
        SqlType::Decimal { precision, .. } => *precision <= 15,
        SqlType::TinyInt | SqlType::SmallInt | SqlType::Int | SqlType::BigInt | SqlType::Bit => true,
        SqlType::Real | SqlType::Float | SqlType::SmallMoney => true,
        _ => false,
    }
}

/// A default; `None` when it would give another value.
pub(super) fn default(text: &str, sql_type: &SqlType) -> Option<String> {
    if let Some(literal) = parse_literal(text, Dialect::TransactSql) {
        return literal_of(literal, sql_type).map(|literal| literal.render(Dialect::Sqlite));
    }
    let plain: String = text.chars().filter(|letter| !letter.is_whitespace()).collect();
    let plain = plain.to_ascii_lowercase();
    let inside = plain.trim_start_matches('(').trim_end_matches(['(', ')']);
    let moments = matches!(
        sql_type,
        SqlType::DateTime | SqlType::DateTime2 { .. } | SqlType::SmallDateTime
    );
    // Only what is in UTC: the clock of the server that the others tell is not that of SQLite.
    match inside {
        "sysutcdatetime" | "getutcdate" if moments => Some("CURRENT_TIMESTAMP".to_owned()),
        "convert([nvarchar](19),sysutcdatetime(),(120" if is_bounded_text(sql_type) => {
            Some("CURRENT_TIMESTAMP".to_owned())
        }
        "convert([nvarchar](10),sysutcdatetime(),(23" if is_bounded_text(sql_type) => Some("CURRENT_DATE".to_owned()),
        "convert([nvarchar](8),sysutcdatetime(),(108" if is_bounded_text(sql_type) => Some("CURRENT_TIME".to_owned()),
        "convert([date],sysutcdatetime" if *sql_type == SqlType::Date => Some("CURRENT_DATE".to_owned()),
        "convert([time],sysutcdatetime" if matches!(sql_type, SqlType::Time { .. }) => Some("CURRENT_TIME".to_owned()),
        _ => None,
    }
}

/// A literal as the column stores it.
fn literal_of(literal: Literal, sql_type: &SqlType) -> Option<Literal> {
    let digits = match &literal {
        Literal::Integer(number) => Some(number.to_string()),
        Literal::Decimal(digits) => Some(digits.clone()),
        _ => None,
    };
    let exact = |precision, scale| {
        let found = decimal::parse(digits.as_deref()?, Shape { precision, scale })?;
        let mut text = String::new();
        decimal::push(found.negative && found.magnitude > 0, found.magnitude, scale, &mut text);
        Some(Literal::Text(text))
    };
    match (&literal, sql_type) {
        (Literal::Text(_), sql_type) if is_bounded_text(sql_type) => Some(literal),
        // Filled with spaces, as the server does.
        (Literal::Text(text), SqlType::Char(length) | SqlType::NChar(length)) => {
            let missing = usize::from(*length).checked_sub(text.encode_utf16().count())?;
            Some(Literal::Text(format!("{text}{}", " ".repeat(missing))))
        }
        (_, SqlType::Money) => exact(19, 4),
        (_, SqlType::Decimal { precision, scale }) if *precision > 15 => exact(*precision, *scale),
        (Literal::Integer(_) | Literal::Decimal(_), sql_type) if is_number(sql_type) => Some(literal),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn defaults_are_translated_when_they_give_the_same() {
        let of = |text: &str, sql_type: SqlType| default(text, &sql_type);
        assert_eq!(of("((0))", SqlType::Int).as_deref(), Some("0"));
        assert_eq!(of("((-1.5))", SqlType::Money).as_deref(), Some("'-1.5000'"));
        assert_eq!(of("((-1.55555))", SqlType::Money), None);
        assert_eq!(of("(N'it''s')", SqlType::NVarChar(5)).as_deref(), Some("'it''s'"));
        assert_eq!(of("('N')", SqlType::NChar(3)).as_deref(), Some("'N  '"));
        assert_eq!(of("(getdate())", SqlType::DateTime), None);
        assert_eq!(
            of("(getutcdate())", SqlType::DateTime).as_deref(),
            Some("CURRENT_TIMESTAMP")
        );
        assert_eq!(
            of("(CONVERT([nvarchar](19),sysutcdatetime(),(120)))", SqlType::NVarCharMax).as_deref(),
            Some("CURRENT_TIMESTAMP")
        );
        assert_eq!(of("(newid())", SqlType::UniqueIdentifier), None);
        assert_eq!(of("((1)); DROP TABLE t", SqlType::Int), None);
    }
}
