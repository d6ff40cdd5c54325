//! Decodes a row that lies whole in memory, which almost every row does: no copy, no call to the stream. It gives up on
//! anything unusual (a row that goes on beyond the buffer, chunks, a fault) and leaves it to the stream decoder, which reads
//! the row again and says what is wrong and where. So it may refuse too much, but must not accept what the other refuses.
use crate::decode_fixed::{fixed, in_range};
use crate::sql_type::{Content, Field, Shape};
use crate::utf16::{KEPT, text_into};
use crate::value::Value;

/// A row that was read.
pub(crate) struct Whole {
    /// Bytes of the row; never 0.
    pub(crate) length: usize,
    /// NULLs in NOT NULL columns.
    pub(crate) unexpected_nulls: u64,
}

/// One field, cut out.
enum Cell<'a> {
    Null,
    Fixed(&'a [u8]),
    Text(&'a [u8]),
    Bytes(&'a [u8]),
}

/// Whether rows of these columns can be read here at all.
pub(crate) fn suits(fields: &[(Field, Shape)]) -> bool {
    fields
        .iter()
        .all(|(_, shape)| !matches!(shape, Shape::Variant | Shape::Unknown))
}

/// Reads the row at the beginning of `bytes` into `row`, whose old values lend their memory to the new ones.
pub(crate) fn values(fields: &[(Field, Shape)], bytes: &[u8], row: &mut Vec<Value>) -> Option<Whole> {
    if bytes.is_empty() {
        return None;
    }
    row.resize(fields.len(), Value::Null);
    let mut values = row.iter_mut();
    cells(fields, bytes, |field, cell| {
        let value = values.next()?;
        match cell {
            Cell::Null => *value = Value::Null,
            Cell::Fixed(bytes) => *value = fixed(&field.sql_type, bytes).ok()?,
            Cell::Text(bytes) => text_into(bytes, value),
            Cell::Bytes(bytes) => bytes_into(bytes, value),
        }
        Some(())
    })
}

/// Makes the same checks, but no values.
pub(crate) fn check(fields: &[(Field, Shape)], bytes: &[u8]) -> Option<Whole> {
    cells(fields, bytes, |field, cell| match cell {
        Cell::Fixed(bytes) => in_range(&field.sql_type, bytes).ok(),
        // Any code units are text, as any bytes are bytes; the length was checked.
        Cell::Null | Cell::Text(_) | Cell::Bytes(_) => Some(()),
    })
}

#[inline(always)]
fn cells<'a>(
    fields: &'a [(Field, Shape)],
    bytes: &'a [u8],
    mut each: impl FnMut(&'a Field, Cell<'a>) -> Option<()>,
) -> Option<Whole> {
    let mut rest = bytes;
    let mut unexpected_nulls = 0;
    for (field, shape) in fields {
        let cell = cell(field.nullable, *shape, &mut rest)?;
        unexpected_nulls += u64::from(!field.nullable && matches!(cell, Cell::Null));
        each(field, cell)?;
    }
    let length = bytes.len() - rest.len();
    (length > 0).then_some(Whole {
        length,
        unexpected_nulls,
    })
}

#[inline(always)]
fn cell<'a>(nullable: bool, shape: Shape, rest: &mut &'a [u8]) -> Option<Cell<'a>> {
    match shape {
        Shape::Fixed { width, always_prefixed } => {
            if nullable || always_prefixed {
                let [found] = take_array(rest)?;
                if found == 0xff {
                    return Some(Cell::Null);
                }
                if found != width {
                    return None;
                }
            }
            take(rest, u64::from(width)).map(Cell::Fixed)
        }
        Shape::Bare { bytes } if !nullable => content(rest, u64::from(bytes), Content::Text),
        Shape::Bare { bytes } => short(rest, u64::from(bytes), false, Content::Text),
        Shape::Prefixed {
            prefix: 2,
            most,
            exact,
            content,
        } => short(rest, u64::from(most), exact, content),
        Shape::Prefixed {
            most, content: kind, ..
        } => match u32::from_le_bytes(take_array(rest)?) {
            u32::MAX => Some(Cell::Null),
            length if length <= most => content(rest, u64::from(length), kind),
            _ => None,
        },
        // No buffer is as long as the mark of chunks would be as a length.
        Shape::Max { content: kind } => match u64::from_le_bytes(take_array(rest)?) {
            u64::MAX => Some(Cell::Null),
            length => content(rest, length, kind),
        },
        Shape::Variant | Shape::Unknown => None,
    }
}

#[inline(always)]
fn short<'a>(rest: &mut &'a [u8], most: u64, exact: bool, kind: Content) -> Option<Cell<'a>> {
    let length = u16::from_le_bytes(take_array(rest)?);
    if length == u16::MAX {
        return Some(Cell::Null);
    }
    let length = u64::from(length);
    if length > most || (exact && length != most) {
        return None;
    }
    content(rest, length, kind)
}

#[inline(always)]
fn content<'a>(rest: &mut &'a [u8], length: u64, kind: Content) -> Option<Cell<'a>> {
    match kind {
        Content::Text if !length.is_multiple_of(2) => None,
        Content::Text => take(rest, length).map(Cell::Text),
        Content::Bytes => take(rest, length).map(Cell::Bytes),
    }
}

#[inline(always)]
fn take<'a>(rest: &mut &'a [u8], length: u64) -> Option<&'a [u8]> {
    let (found, tail) = rest.split_at_checked(usize::try_from(length).ok()?)?;
    *rest = tail;
    Some(found)
}

#[inline(always)]
fn take_array<const N: usize>(rest: &mut &[u8]) -> Option<[u8; N]> {
    let (found, tail) = rest.split_first_chunk::<N>()?;
    *rest = tail;
    Some(*found)
}

fn bytes_into(bytes: &[u8], value: &mut Value) {
    match value {
        Value::Binary(kept) if kept.capacity() <= KEPT => {
            kept.clear();
            kept.extend_from_slice(bytes);
        }
        _ => *value = Value::Binary(bytes.to_vec()),
    }
}
