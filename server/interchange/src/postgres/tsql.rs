//! Conditions and defaults of SQL Server as far as PostgreSQL has the same: a small list, everything else is left to the report.
//! Nothing of a text is passed on that was not understood.
use crate::plan::predicate::{Literal, Predicate};
use crate::plan::{Dialect, parse};
use bacpac::{SqlType, Table};

/// A condition on columns of the table, in PostgreSQL's words; columns are called `names` there.
pub(super) fn condition(text: &str, table: &Table, names: &[String]) -> Option<String> {
    let columns: Vec<&str> = table.columns.iter().map(|column| column.field.name.as_str()).collect();
    let mut found = parse(&requoted(text, &columns)?, Dialect::Postgres, &columns)?;
    let is_bit = |column: usize| {
        table
            .columns
            .get(column)
            .is_some_and(|column| column.field.sql_type == SqlType::Bit)
    };
    as_boolean(&mut found, &is_bit);
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    Some(found.render(Dialect::Postgres, &names))
}

/// Names in PostgreSQL's quotes, spelled as the table spells them; texts without the mark of Unicode.
fn requoted(text: &str, columns: &[&str]) -> Option<String> {
    let mut out = String::new();
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '[' => {
                let mut name = String::new();
                loop {
                    match letters.next()? {
                        ']' if letters.peek() == Some(&']') => {
                            letters.next();
                            name.push(']');
                        }
                        ']' => break,
                        letter => name.push(letter),
                    }
                }
                let same = |column: &&&str| column.to_lowercase() == name.to_lowercase();
                out.push_str(&Dialect::Postgres.quoted(columns.iter().find(same)?));
            }
            'N' | 'n' if letters.peek() == Some(&'\'') => {}
            '\'' => {
                out.push('\'');
                loop {
                    let letter = letters.next()?;
                    out.push(letter);
                    if letter == '\'' {
                        if letters.peek() != Some(&'\'') {
                            break;
                        }
                        letters.next();
                        out.push('\'');
                    }
                }
            }
            // Quoted names are written in brackets; a comment may hide anything.
            '"' | '-' if letter == '"' || letters.peek() == Some(&'-') => return None,
            '/' => return None,
            letter => out.push(letter),
        }
    }
    Some(out)
}

/// `bit` becomes `boolean`, which is not compared with numbers.
fn as_boolean(found: &mut Predicate, is_bit: &impl Fn(usize) -> bool) {
    let truth = |literal: &mut Literal| {
        if let Literal::Integer(number @ (0 | 1)) = literal {
            *literal = Literal::Bool(*number == 1);
        }
    };
    match found {
        Predicate::And(parts) | Predicate::Or(parts) => parts.iter_mut().for_each(|part| as_boolean(part, is_bit)),
        Predicate::Not(part) => as_boolean(part, is_bit),
        Predicate::Compare { column, literal, .. } if is_bit(*column) => truth(literal),
        Predicate::In { column, list, .. } if is_bit(*column) => list.iter_mut().for_each(truth),
        Predicate::Between { column, low, high, .. } if is_bit(*column) => [low, high].into_iter().for_each(truth),
        _ => {}
    }
}

/// A default in PostgreSQL's words.
pub(super) fn default(text: &str, sql_type: &SqlType) -> Option<String> {
    let mut inside = text.trim();
    while let Some(next) = inside.strip_prefix('(').and_then(|rest| rest.strip_suffix(')')) {
        // `(a)+(b)` begins and ends with parentheses that are not one another's.
        if !super::expression::is_contained(next) && !next.is_empty() {
            break;
        }
        inside = next.trim();
    }
    let call: String = inside
        .to_lowercase()
        .chars()
        .filter(|letter| !letter.is_whitespace())
        .collect();
    let is_text = is_text(sql_type);
    let moment = matches!(
        sql_type,
        SqlType::Date
            | SqlType::Time { .. }
            | SqlType::DateTime2 { .. }
            | SqlType::DateTime
            | SqlType::SmallDateTime
            | SqlType::DateTimeOffset { .. }
    );
    match call.as_str() {
        "getdate()" | "sysdatetime()" | "sysdatetimeoffset()" | "current_timestamp" if moment => {
            return Some("CURRENT_TIMESTAMP".to_owned());
        }
        "getutcdate()" | "sysutcdatetime()" if moment => {
            return Some("timezone('UTC'::text, CURRENT_TIMESTAMP)".to_owned());
        }
        "newid()" | "newsequentialid()" if *sql_type == SqlType::UniqueIdentifier => {
            return Some("gen_random_uuid()".to_owned());
        }
        "null" => return Some("NULL".to_owned()),
        "0" if *sql_type == SqlType::Bit => return Some("false".to_owned()),
        "1" if *sql_type == SqlType::Bit => return Some("true".to_owned()),
        _ => {}
    }
    let literal = crate::plan::parse_literal(&requoted(inside, &[])?, Dialect::Postgres)?;
    match (&literal, is_text) {
        (Literal::Text(_), true) => {}
        // Dates in texts are read by rules of their own there.
        (Literal::Text(_), false) | (Literal::Bool(_), _) => return None,
        (Literal::Integer(_) | Literal::Decimal(_), _) => {}
    }
    Some(literal.render(Dialect::Postgres))
}

/// Whether values of the type are text.
pub(super) fn is_text(sql_type: &SqlType) -> bool {
    matches!(
        sql_type,
        SqlType::NVarChar(_)
            | SqlType::NVarCharMax
            | SqlType::NChar(_)
            | SqlType::VarChar(_)
            | SqlType::VarCharMax
            | SqlType::Char(_)
            | SqlType::Text
            | SqlType::NText
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use bacpac::{Column, Field};

    fn table() -> Table {
        let column = |name: &str, sql_type| Column {
            field: Field::new(name, sql_type, true),
            declared: String::new(),
            collation: None,
            identity: None,
            generated_always: false,
        };
        Table {
            columns: vec![
                column("Price", SqlType::Money),
                column("On ]", SqlType::Bit),
                column("Kind", SqlType::NVarChar(9)),
            ],
            ..Table::default()
        }
    }

    #[test]
    fn what_both_servers_say_alike_is_translated() {
        let names = ["Price", "on", "Kind"].map(str::to_owned);
        let said = |text| condition(text, &table(), &names);
        assert_eq!(said("([price]>=(0.00))").as_deref(), Some("\"Price\" >= 0.00"));
        assert_eq!(
            said("([On ]]]=(1) OR [Kind]=N'it''s')").as_deref(),
            Some("(\"on\" = true) OR (\"Kind\" = 'it''s')")
        );
        for text in [
            "(len([Kind])>(3))",
            "([dbo].[f]([Price])=(1))",
            "([Kind] like '[A-Z]%')",
            "([x]>(0))",
            "[Price]>0 --",
        ] {
            assert_eq!(said(text), None, "{text}");
        }
    }

    #[test]
    fn defaults_are_literals_and_a_few_calls() {
        let text = SqlType::NVarChar(5);
        assert_eq!(default("((0))", &SqlType::Int).as_deref(), Some("0"));
        assert_eq!(default("((1))", &SqlType::Bit).as_deref(), Some("true"));
        assert_eq!(default("(N'a''b')", &text).as_deref(), Some("'a''b'"));
        assert_eq!(
            default("(getdate())", &SqlType::DateTime).as_deref(),
            Some("CURRENT_TIMESTAMP")
        );
        for (wrong, sql_type) in [
            ("(user_name())", &text),
            ("('2020-01-01')", &SqlType::Date),
            ("((1)+(2))", &SqlType::Int),
            ("()", &text),
        ] {
            assert_eq!(default(wrong, sql_type), None, "{wrong}");
        }
    }
}
