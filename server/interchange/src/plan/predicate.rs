//! The conditions that can be said in every dialect, as a tree: comparisons of columns with literals, ranges, lists, NULL, and
//! their combinations. It renders them; reading them is the parser's.

use super::Dialect;

/// A condition on the columns of one table. Columns are positions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Predicate {
    /// All of them.
    And(Vec<Predicate>),
    /// Any of them.
    Or(Vec<Predicate>),
    /// The contrary.
    Not(Box<Predicate>),
    /// A column compared with a literal.
    Compare {
        /// The column.
        column: usize,
        /// How.
        comparison: Comparison,
        /// With what.
        literal: Literal,
    },
    /// A column compared with another.
    Columns {
        /// The column.
        column: usize,
        /// How.
        comparison: Comparison,
        /// With what.
        other: usize,
    },
    /// A column between two literals, both included.
    Between {
        /// The column.
        column: usize,
        /// Least.
        low: Literal,
        /// Greatest.
        high: Literal,
        /// Or outside.
        negated: bool,
    },
    /// A column in a list of literals.
    In {
        /// The column.
        column: usize,
        /// The list, not empty.
        list: Vec<Literal>,
        /// Or not.
        negated: bool,
    },
    /// A column that is NULL.
    IsNull {
        /// The column.
        column: usize,
        /// Or not.
        negated: bool,
    },
}

/// How two values are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "each variant is the comparison of its name")]
pub enum Comparison {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

impl Comparison {
    /// As SQL writes it.
    pub const fn sign(self) -> &'static str {
        match self {
            Self::Equal => "=",
            Self::NotEqual => "<>",
            Self::Less => "<",
            Self::LessOrEqual => "<=",
            Self::Greater => ">",
            Self::GreaterOrEqual => ">=",
        }
    }

    /// The same with both sides exchanged.
    pub const fn mirrored(self) -> Self {
        match self {
            Self::Less => Self::Greater,
            Self::LessOrEqual => Self::GreaterOrEqual,
            Self::Greater => Self::Less,
            Self::GreaterOrEqual => Self::LessOrEqual,
            other => other,
        }
    }
}

/// A literal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Literal {
    /// A whole number.
    Integer(i64),
    /// Digits with a point, no exponent: `-1.50`.
    Decimal(String),
    /// A text.
    Text(String),
    /// A truth value.
    Bool(bool),
}

impl Literal {
    /// As a dialect writes it.
    pub fn render(&self, dialect: Dialect) -> String {
        match (self, dialect) {
            (Self::Integer(number), Dialect::TransactSql) => format!("({number})"),
            (Self::Integer(number), _) => number.to_string(),
            (Self::Decimal(digits), Dialect::TransactSql) => format!("({digits})"),
            (Self::Decimal(digits), _) => digits.clone(),
            (Self::Text(text), Dialect::TransactSql) => format!("N'{}'", text.replace('\'', "''")),
            (Self::Text(text), _) => format!("'{}'", text.replace('\'', "''")),
            (Self::Bool(yes), Dialect::TransactSql) => format!("({})", u8::from(*yes)),
            (Self::Bool(yes), Dialect::Sqlite) => u8::from(*yes).to_string(),
            (Self::Bool(yes), Dialect::Postgres) => yes.to_string(),
        }
    }
}

impl Predicate {
    /// As a dialect writes it, without parentheses around the whole; columns are named by `names`.
    pub fn render(&self, dialect: Dialect, names: &[&str]) -> String {
        let name = |column: &usize| dialect.quoted(names.get(*column).copied().unwrap_or_default());
        let inside = |parts: &[Self], word: &str| {
            let parts: Vec<_> = parts
                .iter()
                .map(|part| format!("({})", part.render(dialect, names)))
                .collect();
            parts.join(word)
        };
        let not = |negated: &bool| if *negated { "NOT " } else { "" };
        match self {
            Self::And(parts) => inside(parts, " AND "),
            Self::Or(parts) => inside(parts, " OR "),
            Self::Not(part) => format!("NOT ({})", part.render(dialect, names)),
            Self::Compare {
                column,
                comparison,
                literal,
            } => format!("{} {} {}", name(column), comparison.sign(), literal.render(dialect)),
            Self::Columns {
                column,
                comparison,
                other,
            } => format!("{} {} {}", name(column), comparison.sign(), name(other)),
            Self::Between {
                column,
                low,
                high,
                negated,
            } => format!(
                "{} {}BETWEEN {} AND {}",
                name(column),
                not(negated),
                low.render(dialect),
                high.render(dialect)
            ),
            Self::In { column, list, negated } => {
                let list: Vec<_> = list.iter().map(|literal| literal.render(dialect)).collect();
                format!("{} {}IN ({})", name(column), not(negated), list.join(", "))
            }
            Self::IsNull { column, negated } => format!("{} IS {}NULL", name(column), not(negated)),
        }
    }

    /// Calls `each` for every column it names with the literals that it is compared with, and whether order or inequality
    /// matters there (`ordered`), as opposed to equality alone.
    pub fn visit(&self, each: &mut impl FnMut(Mention<'_>)) {
        match self {
            Self::And(parts) | Self::Or(parts) => parts.iter().for_each(|part| part.visit(each)),
            Self::Not(part) => part.visit(each),
            Self::Compare {
                column,
                comparison,
                literal,
            } => each(Mention {
                column: *column,
                literals: std::slice::from_ref(literal),
                other: None,
                ordered: !matches!(comparison, Comparison::Equal | Comparison::NotEqual),
            }),
            Self::Columns {
                column,
                comparison,
                other,
            } => each(Mention {
                column: *column,
                literals: &[],
                other: Some(*other),
                ordered: !matches!(comparison, Comparison::Equal | Comparison::NotEqual),
            }),
            Self::Between { column, low, high, .. } => {
                for literal in [low, high] {
                    each(Mention {
                        column: *column,
                        literals: std::slice::from_ref(literal),
                        other: None,
                        ordered: true,
                    });
                }
            }
            Self::In { column, list, .. } => each(Mention {
                column: *column,
                literals: list,
                other: None,
                ordered: false,
            }),
            Self::IsNull { column, .. } => each(Mention {
                column: *column,
                literals: &[],
                other: None,
                ordered: false,
            }),
        }
    }

    /// Whether the condition of a filtered index may be this: SQL Server takes comparisons, lists and NULL, joined by AND.
    pub fn can_filter(&self) -> bool {
        match self {
            Self::And(parts) => parts.iter().all(Self::can_filter),
            Self::Or(_) | Self::Not(_) | Self::Between { .. } | Self::Columns { .. } => false,
            Self::In { negated, .. } => !negated,
            Self::Compare { .. } | Self::IsNull { .. } => true,
        }
    }
}

/// A column in a condition.
#[derive(Debug, Clone, Copy)]
pub struct Mention<'a> {
    /// The column.
    pub column: usize,
    /// What it is compared with.
    pub literals: &'a [Literal],
    /// Or the column it is compared with.
    pub other: Option<usize>,
    /// Whether more than equality is asked.
    pub ordered: bool,
}
