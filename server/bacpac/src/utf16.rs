//! Text between UTF-16 as it lies in the data and Rust's strings. Most text is ASCII or has long runs of it, which need no
//! decoding and are done many letters at once.
use crate::value::Value;

/// A kept allocation bigger than this is given back rather than used for the next value.
pub(crate) const KEPT: usize = 1 << 20;
/// The bits that an ASCII letter does not have, in each of four code units.
const NOT_ASCII: u64 = 0xff80_ff80_ff80_ff80;

/// UTF-16 (little-endian, an even number of bytes) as text; code units are kept when they are not well formed.
pub(crate) fn text_value(bytes: &[u8]) -> Value {
    let mut value = Value::Null;
    text_into(bytes, &mut value);
    value
}

/// As [`text_value`], into the memory of the text that `value` holds.
pub(crate) fn text_into(bytes: &[u8], value: &mut Value) {
    let mut text = match value {
        Value::Text(text) if text.capacity() <= KEPT => std::mem::take(text).into_bytes(),
        _ => Vec::new(),
    };
    text.clear();
    // Half is exact for ASCII. To grow a long text later would take more than twice its memory.
    text.reserve(if bytes.len() > KEPT {
        utf8_bytes(bytes)
    } else {
        bytes.len() / 2
    });
    let whole = decode(bytes, &mut text);
    *value = match whole.and_then(|()| String::from_utf8(text).ok()) {
        Some(text) => Value::Text(text),
        None => Value::BrokenText(units(bytes).collect()),
    };
}

fn units(bytes: &[u8]) -> impl Iterator<Item = u16> {
    bytes.chunks_exact(2).map(|pair| u16::from_le_bytes([pair[0], pair[1]]))
}

/// Bytes that the text takes as UTF-8.
fn utf8_bytes(bytes: &[u8]) -> usize {
    let bytes_of = |unit| match unit {
        0..0x80 => 1,
        // Two surrogates make one letter of four bytes.
        0x80..0x800 | 0xd800..0xe000 => 2,
        _ => 3,
    };
    units(bytes).map(bytes_of).sum()
}

/// Appends the text as UTF-8; `None` when it is not well formed.
fn decode(bytes: &[u8], text: &mut Vec<u8>) -> Option<()> {
    let mut rest = bytes;
    while !rest.is_empty() {
        let (plain, tail) = rest.split_at(ascii_run(rest));
        text.extend(plain.chunks_exact(2).map(|pair| pair[0]));
        rest = tail;
        // Where one letter is not ASCII, the next is likely not to be either.
        while let Some(unit) = units(rest).next().filter(|unit| *unit >= 0x80) {
            // One letter takes at most two code units.
            let letter = match char::from_u32(u32::from(unit)) {
                Some(letter) => letter,
                None => char::decode_utf16(units(rest).take(2)).next()?.ok()?,
            };
            text.extend_from_slice(letter.encode_utf8(&mut [0; 4]).as_bytes());
            rest = rest.get(letter.len_utf16() * 2..)?;
        }
    }
    Some(())
}

/// Bytes of ASCII letters at the beginning.
fn ascii_run(bytes: &[u8]) -> usize {
    let (fours, _) = bytes.as_chunks::<8>();
    let plain = fours
        .iter()
        .position(|four| u64::from_le_bytes(*four) & NOT_ASCII != 0)
        .unwrap_or(fours.len());
    let start = plain * 8;
    let rest = bytes.get(start..).unwrap_or_default();
    start + units(rest).take_while(|unit| *unit < 0x80).count() * 2
}

/// Appends text as UTF-16.
pub(crate) fn utf16(text: &str, out: &mut Vec<u8>) {
    let start = out.len();
    // No text has more code units than UTF-8 bytes.
    out.resize(start + text.len() * 2, 0);
    let (mut room, _) = out[start..].as_chunks_mut::<2>();
    let mut rest = text;
    while !rest.is_empty() {
        let (plain, tail) = rest.split_at(plain_run(rest.as_bytes()));
        let (wide, left) = room.split_at_mut(plain.len());
        for (unit, byte) in wide.iter_mut().zip(plain.bytes()) {
            *unit = [byte, 0];
        }
        (rest, room) = (tail, left);
        // Where one letter is not ASCII, the next is likely not to be either.
        while let Some(letter) = rest.chars().next().filter(|letter| !letter.is_ascii()) {
            let (wide, left) = room.split_at_mut(letter.len_utf16());
            for (unit, found) in wide.iter_mut().zip(letter.encode_utf16(&mut [0; 2])) {
                *unit = found.to_le_bytes();
            }
            (rest, room) = (&rest[letter.len_utf8()..], left);
        }
    }
    let unused = room.len() * 2;
    out.truncate(out.len() - unused);
}

/// Bytes of ASCII at the beginning.
fn plain_run(bytes: &[u8]) -> usize {
    let (eights, _) = bytes.as_chunks::<8>();
    let plain = eights.iter().take_while(|eight| eight.is_ascii()).count();
    let start = plain * 8;
    let rest = bytes.get(start..).unwrap_or_default();
    start + rest.iter().take_while(|byte| byte.is_ascii()).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_reads_back_whatever_letters_meet_at_whatever_place() {
        let letters = ["a", "é", "語", "𝄞", "bcdefgh", ""];
        for (one, other) in letters.iter().flat_map(|one| letters.map(|other| (one, other))) {
            for before in 0..10 {
                let text = format!("{}{one}{other}{one}", "x".repeat(before));
                let mut bytes = Vec::new();
                utf16(&text, &mut bytes);
                assert!(units(&bytes).eq(text.encode_utf16()));
                assert_eq!(utf8_bytes(&bytes), text.len());
                assert_eq!(text_value(&bytes), Value::Text(text));
            }
        }
    }

    #[test]
    fn code_units_that_are_no_text_are_kept() {
        for broken in [
            vec![0xd800],
            vec![0xdc00, 0x61],
            vec![0x61, 0xd800, 0x62],
            vec![0xd834, 0xd834],
        ] {
            let bytes: Vec<u8> = broken.iter().flat_map(|unit: &u16| unit.to_le_bytes()).collect();
            let mut value = Value::Text("the text from before".to_owned());
            text_into(&bytes, &mut value);
            assert_eq!(value, Value::BrokenText(broken));
        }
    }
}
