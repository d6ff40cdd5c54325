//! The text form of COPY, both ways: one line a row, tabs between fields, backslash escapes, `\N` for NULL. It is chosen over
//! the binary form because it calls the types' own output and input functions only and so knows every type. It gives no
//! meaning to the text of a field.
use std::borrow::Cow;
use std::fmt::Write;

/// The fields of a line, as the server sent them; `None` is NULL.
///
/// Returns `None` when the line does not end where lines end.
pub(super) fn fields(line: &[u8]) -> Option<impl Iterator<Item = Option<Cow<'_, [u8]>>>> {
    let line = line.strip_suffix(b"\n")?;
    Some(line.split(|byte| *byte == b'\t').map(|field| match field {
        b"\\N" => None,
        field => Some(unescaped(field)),
    }))
}

fn unescaped(field: &[u8]) -> Cow<'_, [u8]> {
    let Some(first) = field.iter().position(|byte| *byte == b'\\') else {
        return Cow::Borrowed(field);
    };
    let (plain, rest) = field.split_at(first);
    let mut bytes = Vec::with_capacity(field.len());
    bytes.extend_from_slice(plain);
    let mut rest = rest.iter();
    while let Some(byte) = rest.next() {
        bytes.push(match (byte, byte == &b'\\') {
            (byte, false) => *byte,
            (_, true) => match rest.next() {
                Some(b'b') => 8,
                Some(b'f') => 12,
                Some(b'n') => b'\n',
                Some(b'r') => b'\r',
                Some(b't') => b'\t',
                Some(b'v') => 11,
                Some(other) => *other,
                None => b'\\',
            },
        });
    }
    Cow::Owned(bytes)
}

/// A line being written.
#[derive(Default)]
pub(super) struct Line {
    /// Lines so far.
    pub(super) bytes: Vec<u8>,
    within: bool,
}

impl Line {
    fn next(&mut self) {
        if self.within {
            self.bytes.push(b'\t');
        }
        self.within = true;
    }

    /// A NULL field.
    pub(super) fn null(&mut self) {
        self.next();
        self.bytes.extend_from_slice(b"\\N");
    }

    /// A field of any text without U+0000.
    pub(super) fn text(&mut self, text: &str) {
        self.next();
        for byte in text.bytes() {
            match byte {
                b'\\' => self.bytes.extend_from_slice(b"\\\\"),
                b'\t' => self.bytes.extend_from_slice(b"\\t"),
                b'\n' => self.bytes.extend_from_slice(b"\\n"),
                b'\r' => self.bytes.extend_from_slice(b"\\r"),
                other => self.bytes.push(other),
            }
        }
    }

    /// A field of bytes in hexadecimal, after `prefix`.
    pub(super) fn hex(&mut self, prefix: &str, bytes: &[u8]) {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        self.next();
        self.bytes.extend_from_slice(prefix.as_bytes());
        self.bytes.reserve(bytes.len() * 2);
        for byte in bytes {
            self.bytes.push(DIGITS[usize::from(byte >> 4)]);
            self.bytes.push(DIGITS[usize::from(byte & 15)]);
        }
    }

    /// A field of what needs no escapes: numbers, dates.
    pub(super) fn plain(&mut self, text: std::fmt::Arguments<'_>) {
        self.next();
        // Writing into memory does not fail.
        let _ = write!(Ascii(&mut self.bytes), "{text}");
    }

    /// Ends the row.
    pub(super) fn end(&mut self) {
        self.bytes.push(b'\n');
        self.within = false;
    }
}

struct Ascii<'a>(&'a mut Vec<u8>);

impl std::fmt::Write for Ascii<'_> {
    fn write_str(&mut self, text: &str) -> std::fmt::Result {
        self.0.extend_from_slice(text.as_bytes());
        Ok(())
    }
}

/// The bytes of a hexadecimal text; `None` when it is not one.
pub(super) fn unhex(text: &[u8]) -> Option<Vec<u8>> {
    if !text.len().is_multiple_of(2) {
        return None;
    }
    let digit = |byte: u8| char::from(byte).to_digit(16).map(|digit| digit as u8);
    text.chunks_exact(2)
        .map(|pair| Some(digit(pair[0])? << 4 | digit(pair[1])?))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_reads_back_as_it_was_written() {
        let texts = ["", "a\tb\\c\r\nd", "\\N", "é\u{1}\u{8}"];
        let mut line = Line::default();
        for text in texts {
            line.text(text);
        }
        line.null();
        line.hex("\\\\x", &[0xde, 0x0a]);
        line.plain(format_args!("{}", -5));
        line.end();
        let found: Vec<_> = fields(&line.bytes)
            .unwrap()
            .map(|field| field.map(Cow::into_owned))
            .collect();
        let mut expected: Vec<_> = texts.iter().map(|text| Some(text.as_bytes().to_vec())).collect();
        expected.extend([None, Some(b"\\xde0a".to_vec()), Some(b"-5".to_vec())]);
        assert_eq!(found, expected);
        assert!(fields(b"a").is_none());
        assert_eq!(unhex(b"dE0a"), Some(vec![0xde, 0x0a]));
        assert_eq!([unhex(b"d"), unhex(b"dg"), unhex(b"+1")], [None, None, None]);
    }
}
