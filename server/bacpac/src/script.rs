//! Finds and renames bracketed column names inside T-SQL expressions, passing over string literals. It understands nothing
//! else of the language.

use std::collections::HashSet;

enum Token<'a> {
    /// A bracketed name, brackets included.
    Name(&'a str),
    Other(&'a str),
}

/// Splits an expression; the tokens together are the whole text.
fn tokens(text: &str) -> Vec<Token<'_>> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find(['[', '\'']) {
        let (before, after) = rest.split_at(at);
        let close = if after.starts_with('[') { ']' } else { '\'' };
        // A doubled closing mark is part of what it closes.
        let mut end = 1;
        let whole = loop {
            let Some(next) = after.get(end..).and_then(|tail| tail.find(close)) else {
                break None;
            };
            end += next + 1;
            if !after.get(end..).is_some_and(|tail| tail.starts_with(close)) {
                break Some(end);
            }
            end += 1;
        };
        let Some(end) = whole else {
            found.push(Token::Other(rest));
            return found;
        };
        let (token, tail) = after.split_at(end);
        found.push(Token::Other(before));
        found.push(if close == ']' {
            Token::Name(token)
        } else {
            Token::Other(token)
        });
        rest = tail;
    }
    found.push(Token::Other(rest));
    found
}

fn unbracketed(token: &str) -> String {
    token
        .get(1..token.len().saturating_sub(1))
        .unwrap_or_default()
        .replace("]]", "]")
}

/// The bracketed names of an expression, each once, in their order.
pub(crate) fn names(text: &str) -> Vec<String> {
    let mut seen = HashSet::new();
    let names = tokens(text).into_iter().filter_map(|token| match token {
        Token::Name(token) => Some(unbracketed(token)),
        Token::Other(_) => None,
    });
    names.filter(|name| seen.insert(name.clone())).collect()
}

/// The expression with every bracketed name that `renamed` has another for put in its place.
pub(crate) fn rename(text: &str, renamed: impl Fn(&str) -> Option<String>) -> String {
    tokens(text)
        .into_iter()
        .map(|token| match token {
            Token::Other(text) => text.to_owned(),
            Token::Name(token) => match renamed(&unbracketed(token)) {
                Some(name) => format!("[{}]", name.replace(']', "]]")),
                None => token.to_owned(),
            },
        })
        .collect()
}

/// Text as a T-SQL literal.
pub(crate) fn literal(text: &str) -> String {
    format!("N'{}'", text.replace('\'', "''"))
}

/// The text of a T-SQL string literal; `None` when it is something else.
pub(crate) fn literal_text(literal: &str) -> Option<String> {
    let quoted = literal.trim().trim_start_matches(['N', 'n']);
    let inside = quoted.strip_prefix('\'')?.strip_suffix('\'')?;
    let text = inside.replace("''", "\0");
    if text.contains('\'') || inside.contains('\0') {
        return None;
    }
    Some(text.replace('\0', "'"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_outside_literals_only() {
        let text = "([a]>(0) AND [b]]c] <> '[d] it''s [e]' OR [A] IS NULL)";
        assert_eq!(names(text), ["a", "b]c", "A"]);
        let renamed = rename(text, |name| (name == "b]c").then(|| "x]".to_owned()));
        assert_eq!(renamed, "([a]>(0) AND [x]]] <> '[d] it''s [e]' OR [A] IS NULL)");
        for broken in ["[a", "'a", "[a]]", "é['é", ""] {
            assert!(names(broken).is_empty());
            assert_eq!(rename(broken, |_| Some(String::new())), broken);
        }
    }

    #[test]
    fn literals_read_back_as_the_text_they_were_made_of() {
        for text in ["", "it's", "''", "N'x'", "é\n"] {
            assert_eq!(literal_text(&literal(text)).as_deref(), Some(text));
        }
        assert_eq!(literal_text("'a'b'"), None);
        assert_eq!(literal_text("12"), None);
    }
}
