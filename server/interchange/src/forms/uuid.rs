//! Identifiers of 16 bytes in their usual text of 36 characters, all letters of one case.

/// Reads the text; also whether it has upper and lower case letters.
pub(crate) fn parse(text: &str) -> Option<([u8; 16], Letters)> {
    let bytes = text.as_bytes();
    if bytes.len() != 36 {
        return None;
    }
    let mut found = [0; 16];
    let mut letters = Letters::default();
    let mut digits = 0;
    for (at, byte) in bytes.iter().enumerate() {
        if matches!(at, 8 | 13 | 18 | 23) {
            if *byte != b'-' {
                return None;
            }
            continue;
        }
        letters.upper |= byte.is_ascii_uppercase();
        letters.lower |= byte.is_ascii_lowercase();
        let digit = u8::try_from(char::from(*byte).to_digit(16)?).ok()?;
        let place = found.get_mut(digits / 2)?;
        *place = *place << 4 | digit;
        digits += 1;
    }
    Some((found, letters))
}

/// Which letters there are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Letters {
    pub(crate) upper: bool,
    pub(crate) lower: bool,
}

/// Writes the text.
pub(crate) fn push(bytes: &[u8; 16], upper: bool, text: &mut String) {
    let digits: &[u8; 16] = if upper {
        b"0123456789ABCDEF"
    } else {
        b"0123456789abcdef"
    };
    for (at, byte) in bytes.iter().enumerate() {
        if matches!(at, 4 | 6 | 8 | 10) {
            text.push('-');
        }
        for half in [byte >> 4, byte & 15] {
            text.push(char::from(digits[usize::from(half)]));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_comes_back_in_its_case() {
        let text = "00112233-4455-6677-8899-aabbccddeeff";
        let (bytes, letters) = parse(text).unwrap();
        assert_eq!((letters.upper, letters.lower), (false, true));
        let mut again = String::new();
        push(&bytes, false, &mut again);
        assert_eq!(again, text);
        for wrong in [
            "00112233-4455-6677-8899-aabbccddeef",
            "00112233-4455-6677-8899-aabbccddeegg",
            "00112233x4455-6677-8899-aabbccddeeff",
        ] {
            assert_eq!(parse(wrong), None, "{wrong}");
        }
    }
}
