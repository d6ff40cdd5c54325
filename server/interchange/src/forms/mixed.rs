//! Values of several storage classes in one column of text: each is written as SQLite would show it, and so that its class can
//! be told from it. Integers are digits, floating-point numbers have a point, an exponent or no end, blobs are `0x` and
//! hexadecimal, everything else is text. A text whose bytes are no UTF-8 is `0t` and hexadecimal. A text that would read as another class has an apostrophe before it, as in a
//! spreadsheet, and so has a text that begins with one.

use std::fmt::Write;

/// What a text stands for.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Meaning<'a> {
    Integer(i64),
    Real(f64),
    Blob(Vec<u8>),
    Text(&'a str),
    /// A text that is no UTF-8.
    Bytes(Vec<u8>),
}

/// Reads a text. Every text means something, and `push` writes exactly it again.
pub(crate) fn read(text: &str) -> Meaning<'_> {
    match text.as_bytes().first() {
        Some(b'\'') => Meaning::Text(text.get(1..).unwrap_or_default()),
        Some(b'0') if text.starts_with("0x") => bytes(text).map_or(Meaning::Text(text), Meaning::Blob),
        Some(b'0') if text.starts_with("0t") => match bytes(text) {
            Some(bytes) if std::str::from_utf8(&bytes).is_err() => Meaning::Bytes(bytes),
            _ => Meaning::Text(text),
        },
        Some(b'0'..=b'9' | b'-' | b'I') => number(text).unwrap_or(Meaning::Text(text)),
        _ => Meaning::Text(text),
    }
}

fn bytes(text: &str) -> Option<Vec<u8>> {
    let digits = text.get(2..)?.as_bytes();
    if !digits.len().is_multiple_of(2) || digits.iter().any(u8::is_ascii_uppercase) {
        return None;
    }
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    digits
        .chunks(2)
        .map(|pair| Some(digit(*pair.first()?)? << 4 | digit(*pair.get(1)?)?))
        .collect()
}

/// A number, if it is written as `push` writes it.
fn number(text: &str) -> Option<Meaning<'_>> {
    if text.len() > 32 {
        return None;
    }
    let found = match text {
        "Inf" => Meaning::Real(f64::INFINITY),
        "-Inf" => Meaning::Real(f64::NEG_INFINITY),
        _ if text.bytes().skip(1).all(|byte| byte.is_ascii_digit()) => Meaning::Integer(text.parse().ok()?),
        _ => Meaning::Real(text.parse().ok()?),
    };
    let mut again = String::with_capacity(32);
    match found {
        Meaning::Integer(number) => push_integer(number, &mut again),
        Meaning::Real(number) => push_real(number, &mut again),
        _ => {}
    }
    (again == text).then_some(found)
}

/// Writes an integer.
pub(crate) fn push_integer(number: i64, text: &mut String) {
    // Writing to a String does not fail.
    let _ = write!(text, "{number}");
}

/// Writes a floating-point number: the shortest digits that mean it.
pub(crate) fn push_real(number: f64, text: &mut String) {
    let _ = if number.is_infinite() {
        write!(text, "{}Inf", if number < 0.0 { "-" } else { "" })
    } else {
        write!(text, "{number:?}")
    };
}

/// Writes a blob.
pub(crate) fn push_blob(bytes: &[u8], text: &mut String) {
    text.push_str("0x");
    push_hex(bytes, text);
}

/// Writes a text that is no UTF-8.
pub(crate) fn push_bytes(bytes: &[u8], text: &mut String) {
    text.push_str("0t");
    push_hex(bytes, text);
}

fn push_hex(bytes: &[u8], text: &mut String) {
    for byte in bytes {
        for half in [byte >> 4, byte & 15] {
            text.push(char::from(b"0123456789abcdef"[usize::from(half)]));
        }
    }
}

/// Whether a text needs an apostrophe.
pub(crate) fn is_ambiguous(text: &str) -> bool {
    !matches!(read(text), Meaning::Text(same) if same.len() == text.len())
}

/// Writes a text.
pub(crate) fn push_text(value: &str, text: &mut String) {
    if is_ambiguous(value) {
        text.push('\'');
    }
    text.push_str(value);
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn written(value: &str) -> String {
        let mut text = String::new();
        push_text(value, &mut text);
        text
    }

    #[test]
    fn only_texts_that_would_read_as_something_else_are_marked() {
        for plain in [
            "",
            "hello",
            "12a",
            "007",
            "1e5",
            "0xabc",
            "0xAB",
            "1.50",
            "-",
            "--1",
            "Infinity",
            "+1",
            "0t61",
            " 1",
            "99999999999999999999",
        ] {
            assert_eq!(written(plain), plain);
        }
        for marked in [
            "12", "-1", "1.5", "0x", "0xab", "Inf", "'", "'12", "-0.0", "1e21", "0tff",
        ] {
            assert_eq!(written(marked), format!("'{marked}"));
        }
        assert_eq!(read("1e300"), Meaning::Real(1e300));
    }

    proptest! {
        #[test]
        fn every_value_is_read_back_with_its_class(integer: i64, bits: u64, blob: Vec<u8>, text in "['0-9xtabcdef.eInf-]{0,9}|0[xt](ff|61)*|.*") {
            let mut room = String::new();
            push_integer(integer, &mut room);
            prop_assert_eq!(read(&room), Meaning::Integer(integer));
            let real = f64::from_bits(bits);
            if !real.is_nan() {
                room.clear();
                push_real(real, &mut room);
                prop_assert!(matches!(read(&room), Meaning::Real(found) if found.to_bits() == bits), "{room}");
            }
            room.clear();
            push_blob(&blob, &mut room);
            prop_assert_eq!(read(&room), Meaning::Blob(blob.clone()));
            if std::str::from_utf8(&blob).is_err() {
                room.clear();
                push_bytes(&blob, &mut room);
                prop_assert_eq!(read(&room), Meaning::Bytes(blob));
            }
            let marked = written(&text);
            prop_assert_eq!(read(&marked), Meaning::Text(&text));
        }
    }
}
