//! Reads conditions of SQLite, PostgreSQL and SQL Server as far as they can be said in every dialect. It is a real parser of a small
//! grammar: whatever it does not understand completely it refuses, and the text is then told, not guessed at.

use super::Dialect;
use super::predicate::{Comparison, Literal, Predicate};
use super::tokens::{Token, tokens};

/// Nesting that is still read; nobody writes more, and the stack is not endless.
const DEPTH: usize = 64;

/// The meaning of a condition on the columns named; `None` when it is outside the grammar. Names compare without regard to
/// ASCII case in SQLite, exactly in PostgreSQL once it has printed them.
pub fn parse(text: &str, dialect: Dialect, columns: &[&str]) -> Option<Predicate> {
    let tokens = tokens(text, dialect)?;
    let mut parser = Parser {
        tokens: &tokens,
        at: 0,
        depth: 0,
        dialect,
        columns,
    };
    let found = parser.any()?;
    (parser.at == tokens.len()).then_some(found)
}

/// The literal that a whole expression is, parentheses aside.
pub fn parse_literal(text: &str, dialect: Dialect) -> Option<Literal> {
    let tokens = tokens(text, dialect)?;
    let mut parser = Parser {
        tokens: &tokens,
        at: 0,
        depth: 0,
        dialect,
        columns: &[],
    };
    let found = parser.literal()?;
    (parser.at == tokens.len()).then_some(found)
}

/// Words that are no columns.
const RESERVED: [&str; 21] = [
    "and", "or", "not", "is", "in", "between", "null", "isnull", "notnull", "like", "glob", "match", "regexp", "case",
    "cast", "collate", "exists", "select", "escape", "any", "all",
];

struct Parser<'a> {
    tokens: &'a [Token],
    at: usize,
    depth: usize,
    dialect: Dialect,
    columns: &'a [&'a str],
}

impl Parser<'_> {
    fn any(&mut self) -> Option<Predicate> {
        if self.depth >= DEPTH {
            return None;
        }
        self.depth += 1;
        let mut parts = vec![self.all()?];
        while self.word("or") {
            parts.push(self.all()?);
        }
        self.depth -= 1;
        Some(if parts.len() == 1 {
            parts.pop()?
        } else {
            Predicate::Or(parts)
        })
    }

    fn all(&mut self) -> Option<Predicate> {
        let mut parts = vec![self.negation()?];
        while self.word("and") {
            parts.push(self.negation()?);
        }
        Some(if parts.len() == 1 {
            parts.pop()?
        } else {
            Predicate::And(parts)
        })
    }

    fn negation(&mut self) -> Option<Predicate> {
        let mut negated = false;
        while self.word("not") {
            negated = !negated;
        }
        let found = self.single()?;
        Some(if negated {
            Predicate::Not(Box::new(found))
        } else {
            found
        })
    }

    fn single(&mut self) -> Option<Predicate> {
        let start = self.at;
        if let Some(found) = self.comparison() {
            return Some(found);
        }
        self.at = start;
        self.sign("(").then_some(())?;
        let found = self.any()?;
        self.sign(")").then_some(found)
    }

    fn comparison(&mut self) -> Option<Predicate> {
        if let Some(column) = self.column() {
            return self.about(column);
        }
        let literal = self.literal()?;
        let comparison = self.operator()?.mirrored();
        let column = self.column()?;
        Some(Predicate::Compare {
            column,
            comparison,
            literal,
        })
    }

    fn about(&mut self, column: usize) -> Option<Predicate> {
        if self.word("is") {
            let negated = self.word("not");
            return self.word("null").then_some(Predicate::IsNull { column, negated });
        }
        if self.dialect == Dialect::Sqlite {
            if self.word("isnull") {
                return Some(Predicate::IsNull { column, negated: false });
            }
            if self.word("notnull") {
                return Some(Predicate::IsNull { column, negated: true });
            }
        }
        let negated = self.word("not");
        if !negated && self.dialect == Dialect::Sqlite && self.word("null") {
            return None;
        }
        if negated && self.dialect == Dialect::Sqlite && self.word("null") {
            return Some(Predicate::IsNull { column, negated: true });
        }
        if self.word("between") {
            let low = self.literal()?;
            self.word("and").then_some(())?;
            let high = self.literal()?;
            return Some(Predicate::Between {
                column,
                low,
                high,
                negated,
            });
        }
        if self.word("in") {
            let list = self.list("(", ")")?;
            return Some(Predicate::In { column, list, negated });
        }
        if negated {
            return None;
        }
        let comparison = self.operator()?;
        if let Some(other) = self.column() {
            return Some(Predicate::Columns {
                column,
                comparison,
                other,
            });
        }
        if self.dialect == Dialect::Postgres {
            let negated = match comparison {
                Comparison::Equal if self.word("any") => Some(false),
                Comparison::NotEqual if self.word("all") => Some(true),
                _ => None,
            };
            if let Some(negated) = negated {
                return self.array().map(|list| Predicate::In { column, list, negated });
            }
        }
        let literal = self.literal()?;
        Some(Predicate::Compare {
            column,
            comparison,
            literal,
        })
    }

    /// `(ARRAY['a'::text, 'b'::text])`, perhaps cast as a whole.
    fn array(&mut self) -> Option<Vec<Literal>> {
        self.sign("(").then_some(())?;
        let inner = self.sign("(");
        self.word("array").then_some(())?;
        let list = self.list("[", "]")?;
        if inner {
            self.sign(")").then_some(())?;
        }
        self.casts(false)?;
        self.sign(")").then_some(list)
    }

    fn list(&mut self, open: &str, close: &str) -> Option<Vec<Literal>> {
        self.sign(open).then_some(())?;
        let mut list = vec![self.literal()?];
        while self.sign(",") {
            list.push(self.literal()?);
        }
        self.sign(close).then_some(list)
    }

    fn operator(&mut self) -> Option<Comparison> {
        let Token::Sign(sign) = self.tokens.get(self.at)? else {
            return None;
        };
        let found = match *sign {
            "=" => Comparison::Equal,
            "==" if self.dialect == Dialect::Sqlite => Comparison::Equal,
            "<>" | "!=" => Comparison::NotEqual,
            "<" => Comparison::Less,
            "<=" => Comparison::LessOrEqual,
            ">" => Comparison::Greater,
            ">=" => Comparison::GreaterOrEqual,
            _ => return None,
        };
        self.at += 1;
        Some(found)
    }

    /// A column, in parentheses or not. PostgreSQL prints casts of character columns to text, which change nothing.
    fn column(&mut self) -> Option<usize> {
        let start = self.at;
        let found = self.column_inside(0);
        if found.is_none() {
            self.at = start;
        }
        found
    }

    fn column_inside(&mut self, depth: usize) -> Option<usize> {
        let column = if depth < DEPTH && self.sign("(") {
            let column = self.column_inside(depth + 1)?;
            self.sign(")").then_some(column)?
        } else {
            let (name, is_quoted) = match self.tokens.get(self.at)? {
                Token::Word(name) => (name, false),
                Token::Name(name) => (name, true),
                _ => return None,
            };
            if !is_quoted && RESERVED.iter().any(|word| word.eq_ignore_ascii_case(name)) {
                return None;
            }
            let same = |column: &&str| match self.dialect {
                Dialect::Postgres => column == name,
                _ => column.eq_ignore_ascii_case(name),
            };
            let column = self.columns.iter().position(same)?;
            self.at += 1;
            column
        };
        self.casts(true)?;
        Some(column)
    }

    fn literal(&mut self) -> Option<Literal> {
        if self.depth >= DEPTH {
            return None;
        }
        if self.sign("(") {
            self.depth += 1;
            let literal = self.literal()?;
            self.depth -= 1;
            self.sign(")").then_some(())?;
            self.casts(false)?;
            return Some(literal);
        }
        let negative = self.sign("-");
        if !negative {
            self.sign("+");
        }
        let token = self.tokens.get(self.at)?;
        let literal = match token {
            Token::Number(digits) => {
                let text = if negative { format!("-{digits}") } else { digits.clone() };
                if text.contains('.') {
                    // More digits than the longest decimal has would be another number there.
                    (text.len() <= 38).then_some(Literal::Decimal(text))?
                } else {
                    Literal::Integer(text.parse().ok()?)
                }
            }
            Token::Text(text) if !negative => Literal::Text(text.clone()),
            Token::Word(word) if !negative && self.dialect != Dialect::TransactSql => {
                if word.eq_ignore_ascii_case("true") {
                    Literal::Bool(true)
                } else if word.eq_ignore_ascii_case("false") {
                    Literal::Bool(false)
                } else {
                    return None;
                }
            }
            _ => return None,
        };
        self.at += 1;
        self.casts(false)?;
        Some(literal)
    }

    /// `::character varying(10)`: of columns only casts between character types are passed over, of literals every cast to the
    /// types that literals of the grammar have.
    fn casts(&mut self, of_column: bool) -> Option<()> {
        const TEXT: [&str; 6] = ["text", "character", "varying", "varchar", "bpchar", "name"];
        const NUMBER: [&str; 10] = [
            "integer",
            "bigint",
            "smallint",
            "numeric",
            "double",
            "precision",
            "real",
            "date",
            "boolean",
            "decimal",
        ];
        while self.dialect == Dialect::Postgres && self.sign("::") {
            let mut words = 0;
            while let Some(Token::Word(word)) = self.tokens.get(self.at) {
                let known = TEXT.contains(&word.as_str()) || !of_column && NUMBER.contains(&word.as_str());
                if !known {
                    break;
                }
                words += 1;
                self.at += 1;
            }
            if words == 0 {
                return None;
            }
            if self.sign("(") {
                while !self.sign(")") {
                    let inside = matches!(self.tokens.get(self.at), Some(Token::Number(_) | Token::Sign(",")));
                    inside.then_some(())?;
                    self.at += 1;
                }
            }
            if self.sign("[") {
                self.sign("]").then_some(())?;
            }
        }
        Some(())
    }

    fn word(&mut self, wanted: &str) -> bool {
        let found = matches!(self.tokens.get(self.at), Some(Token::Word(word)) if word.eq_ignore_ascii_case(wanted));
        self.at += usize::from(found);
        found
    }

    fn sign(&mut self, wanted: &str) -> bool {
        let found = matches!(self.tokens.get(self.at), Some(Token::Sign(sign)) if *sign == wanted);
        self.at += usize::from(found);
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const COLUMNS: [&str; 3] = ["a", "État", "the end"];

    fn said(text: &str, dialect: Dialect) -> Option<String> {
        parse(text, dialect, &COLUMNS).map(|found| found.render(Dialect::TransactSql, &COLUMNS))
    }

    #[test]
    fn what_can_be_said_everywhere_is_said_in_t_sql() {
        for (text, sql) in [
            ("a > 0", "[a] > (0)"),
            ("(0 <= A)", "[a] >= (0)"),
            ("a BETWEEN -1 AND 2.50", "[a] BETWEEN (-1) AND (2.50)"),
            ("\"the end\" in ('x', 'it''s')", "[the end] IN (N'x', N'it''s')"),
            (
                "a IS NOT NULL or not (a = 1 and État != 'b')",
                "([a] IS NOT NULL) OR (NOT (([a] = (1)) AND ([État] <> N'b')))",
            ),
            ("a notnull -- always\n", "[a] IS NOT NULL"),
            ("((a) < (État))", "[a] < [État]"),
        ] {
            assert_eq!(said(text, Dialect::Sqlite).as_deref(), Some(sql), "{text}");
        }
        for (text, sql) in [
            (
                "((a)::text = ANY ((ARRAY['x'::character varying, 'y'::character varying])::text[]))",
                "[a] IN (N'x', N'y')",
            ),
            ("(a <> ALL (ARRAY[1, 2]))", "[a] NOT IN ((1), (2))"),
            (
                "((a >= (0)::numeric) AND (a <= '9'::text))",
                "([a] >= (0)) AND ([a] <= N'9')",
            ),
        ] {
            assert_eq!(said(text, Dialect::Postgres).as_deref(), Some(sql), "{text}");
        }
    }

    #[test]
    fn everything_else_is_refused_whole() {
        for text in [
            "length(a) > 3",
            "a",
            "a = b",
            "a LIKE 'x%'",
            "a + 1 > 2",
            "a > 1e3",
            "a = 0x10",
            "a COLLATE NOCASE = 'x'",
            "a IS 5",
            "a IN ()",
            "a IN (SELECT 1)",
            "a = 'open",
            "a > 99999999999999999999",
            "CASE WHEN a THEN 1 END",
            "a > 1 AND",
            "(a > 1",
            "a = 1; DROP TABLE t",
            "a BETWEEN 1",
            "a || 'x' = 'y'",
            "a::text = 'x'",
            "",
        ] {
            assert_eq!(said(text, Dialect::Sqlite), None, "{text}");
        }
        assert_eq!(
            said(
                &format!("{}a > 1{}", "(".repeat(5_000), ")".repeat(5_000)),
                Dialect::Sqlite
            ),
            None
        );
        assert_eq!(said("(a)::integer > 1", Dialect::Postgres), None);
        let again = said("([A]>=(0) AND NOT [the end] IN (N'it''s'))", Dialect::TransactSql);
        assert_eq!(
            again.as_deref(),
            Some("([a] >= (0)) AND (NOT ([the end] IN (N'it''s')))")
        );
    }
}
