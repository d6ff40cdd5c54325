//! The tokens of conditions and defaults, in the dialects that are read: names in their quotes, literals, signs, comments
//! passed over. What the small grammar has no use for is refused here already.

use super::Dialect;

/// A word, a sign or a literal.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Token {
    /// Without quotes, as written.
    Word(String),
    /// Between quotes for names.
    Name(String),
    Text(String),
    Number(String),
    Sign(&'static str),
}

const SIGNS: [&str; 19] = [
    "::", "<=", ">=", "<>", "!=", "==", "||", "(", ")", ",", "<", ">", "=", "-", "+", "[", "]", "*", ".",
];

/// The tokens of a text; `None` when something in it is none of the small grammar.
pub(super) fn tokens(text: &str, dialect: Dialect) -> Option<Vec<Token>> {
    let mut found = Vec::new();
    let mut rest = text;
    loop {
        rest = rest.trim_start_matches(|letter: char| letter.is_ascii_whitespace());
        let Some(first) = rest.chars().next() else {
            return Some(found);
        };
        if let Some(comment) = rest.strip_prefix("--") {
            rest = comment.find('\n').map_or("", |end| comment.get(end..).unwrap_or(""));
            continue;
        }
        if let Some(comment) = rest.strip_prefix("/*") {
            rest = comment
                .find("*/")
                .map_or("", |end| comment.get(end + 2..).unwrap_or(""));
            continue;
        }
        let national = rest.strip_prefix(['N', 'n']).filter(|tail| tail.starts_with('\''));
        let (token, tail) = match first {
            '[' if dialect != Dialect::Postgres => bracketed(rest)?,
            _ if dialect == Dialect::TransactSql && national.is_some() => {
                quoted(national?, '\'').map(|(text, tail)| (Token::Text(text), tail))?
            }
            '\'' => quoted(rest, '\'').map(|(text, tail)| (Token::Text(text), tail))?,
            '"' | '`' => quoted(rest, first).map(|(text, tail)| (Token::Name(text), tail))?,
            '0'..='9' => number(rest)?,
            _ if first.is_alphabetic() || first == '_' => {
                let end = rest
                    .find(|letter: char| !(letter.is_alphanumeric() || letter == '_' || letter == '$'))
                    .unwrap_or(rest.len());
                let (word, tail) = rest.split_at(end);
                (Token::Word(word.to_owned()), tail)
            }
            _ => {
                let sign = SIGNS.into_iter().find(|sign| rest.starts_with(sign))?;
                (Token::Sign(sign), rest.get(sign.len()..)?)
            }
        };
        found.push(token);
        rest = tail;
    }
}

fn quoted(text: &str, mark: char) -> Option<(String, &str)> {
    let mut inside = String::new();
    let mut letters = text.char_indices().skip(1).peekable();
    while let Some((at, letter)) = letters.next() {
        if letter != mark {
            inside.push(letter);
        } else if letters.peek().is_some_and(|(_, next)| *next == mark) {
            letters.next();
            inside.push(mark);
        } else {
            return Some((inside, text.get(at + mark.len_utf8()..)?));
        }
    }
    None
}

/// `[a name]`; SQLite knows no `]` inside, SQL Server doubles it.
fn bracketed(text: &str) -> Option<(Token, &str)> {
    let (name, tail) = quoted(text, ']')?;
    Some((Token::Name(name), tail))
}

/// Digits, with a point between them at most: exponents and hexadecimal are outside the grammar.
fn number(text: &str) -> Option<(Token, &str)> {
    let end = text
        .find(|letter: char| !(letter.is_ascii_alphanumeric() || letter == '.' || letter == '_'))
        .unwrap_or(text.len());
    let (digits, tail) = text.split_at(end);
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
    let all_digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    (all_digits(whole) && all_digits(fraction)).then(|| (Token::Number(digits.to_owned()), tail))
}
