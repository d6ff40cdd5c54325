//! What only the text of a CREATE TABLE tells: checks, expressions of generated columns, whether a foreign key is deferred.
//! SQLite has parsed the text already, so it is well-formed; this finds words and parentheses in it and judges nothing.

/// A column definition or a constraint of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Element {
    /// Its first word, without quotes: the column's name, or `CHECK` and the like.
    pub(super) first: String,
    /// Its checks: name, and the expression without its parentheses.
    pub(super) checks: Vec<(String, String)>,
    /// The expression of a generated column.
    pub(super) generated: Option<String>,
    /// For each REFERENCES in it, whether it is initially deferred.
    pub(super) references: Vec<bool>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Word,
    Quoted,
    Other,
}

#[derive(Debug, Clone, Copy)]
struct Token<'a> {
    kind: Kind,
    text: &'a str,
    at: usize,
}

impl Token<'_> {
    fn is(&self, word: &str) -> bool {
        self.kind == Kind::Word && self.text.eq_ignore_ascii_case(word)
    }

    fn name(&self) -> String {
        match (self.kind, self.text.chars().next()) {
            (Kind::Quoted, Some('[')) => self.text.trim_matches(['[', ']']).to_owned(),
            (Kind::Quoted, Some(mark)) => {
                let inside = self.text.get(1..self.text.len().saturating_sub(1)).unwrap_or_default();
                inside.replace(&format!("{mark}{mark}"), &mark.to_string())
            }
            _ => self.text.to_owned(),
        }
    }
}

fn tokens(text: &str) -> Vec<Token<'_>> {
    let bytes = text.as_bytes();
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        let (kind, end) = match byte {
            b if b.is_ascii_whitespace() => {
                at += 1;
                continue;
            }
            b'-' if bytes.get(at + 1) == Some(&b'-') => {
                at = position(bytes, at, b"\n").map_or(bytes.len(), |end| end + 1);
                continue;
            }
            b'/' if bytes.get(at + 1) == Some(&b'*') => {
                at = position(bytes, at + 2, b"*/").map_or(bytes.len(), |end| end + 2);
                continue;
            }
            b'\'' | b'"' | b'`' => (Kind::Quoted, closing(bytes, at, *byte)),
            b'[' => (
                Kind::Quoted,
                position(bytes, at, b"]").map_or(bytes.len(), |end| end + 1),
            ),
            b if is_word(*b) => {
                let rest = bytes.get(at..).unwrap_or_default();
                let length = rest.iter().position(|byte| !is_word(*byte)).unwrap_or(rest.len());
                (Kind::Word, at + length)
            }
            _ => (Kind::Other, at + 1),
        };
        found.push(Token {
            kind,
            text: text.get(at..end).unwrap_or_default(),
            at,
        });
        at = end;
    }
    found
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'$' || byte >= 0x80
}

fn position(bytes: &[u8], from: usize, wanted: &[u8]) -> Option<usize> {
    let rest = bytes.get(from..)?;
    rest.windows(wanted.len())
        .position(|window| window == wanted)
        .map(|at| from + at)
}

/// One past the end of a quoted token; doubled marks belong to it.
fn closing(bytes: &[u8], from: usize, mark: u8) -> usize {
    let mut at = from + 1;
    while let Some(byte) = bytes.get(at) {
        if *byte != mark {
            at += 1;
        } else if bytes.get(at + 1) == Some(&mark) {
            at += 2;
        } else {
            return at + 1;
        }
    }
    bytes.len()
}

/// The elements between the outer parentheses of a CREATE TABLE; none for a text without them.
pub(super) fn elements(sql: &str) -> Vec<Element> {
    let tokens = tokens(sql);
    let Some(start) = tokens.iter().position(|token| token.text == "(") else {
        return Vec::new();
    };
    let mut found = Vec::new();
    let mut depth = 1_usize;
    let mut from = start + 1;
    for (at, token) in tokens.iter().enumerate().skip(start + 1) {
        match token.text {
            "(" => depth += 1,
            ")" => depth -= 1,
            _ => {}
        }
        if depth == 0 || depth == 1 && token.text == "," && token.kind == Kind::Other {
            found.extend(tokens.get(from..at).and_then(|part| element(sql, part)));
            from = at + 1;
        }
        if depth == 0 {
            break;
        }
    }
    found
}

fn element(sql: &str, tokens: &[Token<'_>]) -> Option<Element> {
    let mut found = Element {
        first: tokens.first()?.name(),
        checks: Vec::new(),
        generated: None,
        references: Vec::new(),
    };
    let mut depth = 0_usize;
    let mut named = String::new();
    for (at, token) in tokens.iter().enumerate() {
        match token.text {
            "(" => depth += 1,
            ")" => depth = depth.saturating_sub(1),
            _ => {}
        }
        let next = tokens.get(at + 1);
        if depth > 0 || token.kind != Kind::Word {
            continue;
        }
        let opens = next.is_some_and(|next| next.text == "(");
        if token.is("CONSTRAINT") {
            named = next.map(Token::name).unwrap_or_default();
        } else if token.is("CHECK") && opens {
            found
                .checks
                .push((std::mem::take(&mut named), inside(sql, tokens, at + 1)));
        } else if token.is("AS") && opens && at > 0 {
            found.generated = Some(inside(sql, tokens, at + 1));
        } else if token.is("REFERENCES") {
            let rest = tokens.get(at + 1..).unwrap_or_default();
            let own = rest.split(|token| token.is("REFERENCES")).next().unwrap_or_default();
            let deferred = own
                .windows(2)
                .any(|pair| matches!(pair, [a, b] if a.is("INITIALLY") && b.is("DEFERRED")));
            found.references.push(deferred);
        }
    }
    Some(found)
}

/// The text between the parenthesis at `open` and the one that closes it.
fn inside(sql: &str, tokens: &[Token<'_>], open: usize) -> String {
    let mut depth = 0_usize;
    let start = tokens.get(open).map_or(0, |token| token.at + 1);
    for token in tokens.iter().skip(open) {
        match token.text {
            "(" => depth += 1,
            ")" => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth == 0 {
            return sql.get(start..token.at).unwrap_or_default().trim().to_owned();
        }
    }
    String::new()
}

/// The condition of a partial index: what follows WHERE.
pub(super) fn condition(sql: &str) -> Option<&str> {
    let tokens = tokens(sql);
    let mut depth = 0_usize;
    for token in &tokens {
        match token.text {
            "(" => depth += 1,
            ")" => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth == 0 && token.is("WHERE") {
            return sql.get(token.at + token.text.len()..).map(str::trim);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checks_and_expressions_are_found_whatever_stands_around_them() {
        let sql = "CREATE TABLE \"a (b\" -- CHECK (no)\n (id INTEGER PRIMARY KEY, [x,y] TEXT DEFAULT 'CHECK (z)' CONSTRAINT \"c\"\"d\" CHECK ([x,y] <> ')'), \
                   g INT GENERATED ALWAYS AS (id * (2)) STORED, p REFERENCES o(id) DEFERRABLE INITIALLY DEFERRED, \
                   /* , */ CHECK (id > 0 AND (1)), FOREIGN KEY (g) REFERENCES o(id)) STRICT";
        let found = elements(sql);
        let first: Vec<_> = found.iter().map(|element| element.first.as_str()).collect();
        assert_eq!(first, ["id", "x,y", "g", "p", "CHECK", "FOREIGN"]);
        assert_eq!(found[1].checks, [("c\"d".to_owned(), "[x,y] <> ')'".to_owned())]);
        assert_eq!(found[2].generated.as_deref(), Some("id * (2)"));
        assert_eq!(found[3].references, [true]);
        assert_eq!(found[4].checks, [(String::new(), "id > 0 AND (1)".to_owned())]);
        assert_eq!(found[5].references, [false]);
        assert_eq!(
            condition("CREATE INDEX i ON t(a) WHERE a > 'WHERE'"),
            Some("a > 'WHERE'")
        );
        for broken in [
            "",
            "(",
            "CREATE TABLE t(",
            "CREATE TABLE t('",
            "CREATE TABLE t(a CHECK (",
            "CREATE TABLE é(é",
        ] {
            elements(broken);
        }
    }
}
