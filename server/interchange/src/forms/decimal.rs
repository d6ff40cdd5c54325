//! Decimal numbers between text, SQLite's numbers and the file's, without rounding: a number that does not fit is refused.

use std::fmt::Write;

use bacpac::Decimal;

/// Digits of a decimal: 1 to 38, of which `scale` after the point.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Shape {
    pub(crate) precision: u8,
    pub(crate) scale: u8,
}

/// Reads `-123.45`: digits, a point with digits after it at most.
pub(crate) fn parse(text: &str, shape: Shape) -> Option<Decimal> {
    let (negative, digits) = match text.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, text),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    if whole.is_empty() || fraction.len() > usize::from(shape.scale) {
        return None;
    }
    let mut magnitude: u128 = 0;
    for byte in whole.bytes().chain(fraction.bytes()) {
        if !byte.is_ascii_digit() {
            return None;
        }
        magnitude = magnitude.checked_mul(10)?.checked_add(u128::from(byte - b'0'))?;
    }
    let missing = u32::from(shape.scale) - u32::try_from(fraction.len()).ok()?;
    magnitude = magnitude.checked_mul(10u128.checked_pow(missing)?)?;
    if magnitude >= 10u128.checked_pow(u32::from(shape.precision))? {
        return None;
    }
    Some(Decimal {
        precision: shape.precision,
        scale: shape.scale,
        negative,
        magnitude,
    })
}

/// A floating-point number, by the shortest digits that mean it. `buffer` is only room to write in.
pub(crate) fn of_real(number: f64, shape: Shape, buffer: &mut String) -> Option<Decimal> {
    if !number.is_finite() {
        return None;
    }
    buffer.clear();
    let _ = write!(buffer, "{number}");
    parse(buffer, shape)
}

/// A whole number.
pub(crate) fn of_integer(number: i64, shape: Shape) -> Option<Decimal> {
    let magnitude = u128::from(number.unsigned_abs()).checked_mul(10u128.checked_pow(u32::from(shape.scale))?)?;
    (magnitude < 10u128.checked_pow(u32::from(shape.precision))?).then_some(Decimal {
        precision: shape.precision,
        scale: shape.scale,
        negative: number < 0,
        magnitude,
    })
}

/// Writes all digits of the scale.
pub(crate) fn push(negative: bool, magnitude: u128, scale: u8, text: &mut String) {
    if negative {
        text.push('-');
    }
    let scale = usize::from(scale);
    let digits = format!("{magnitude:0>width$}", width = scale + 1);
    let (whole, fraction) = digits.split_at(digits.len() - scale);
    text.push_str(whole);
    if scale > 0 {
        text.push('.');
        text.push_str(fraction);
    }
}

/// A number of SQLite: an integer when there is nothing after the point and it fits, else the nearest floating-point number.
pub(crate) fn to_number(negative: bool, magnitude: u128, scale: u8) -> Result<i64, f64> {
    let unit = 10u128.checked_pow(u32::from(scale)).unwrap_or(u128::MAX);
    let whole = magnitude.is_multiple_of(unit).then(|| magnitude / unit);
    let signed = whole
        .and_then(|whole| i128::try_from(whole).ok())
        .map(|whole| if negative { -whole } else { whole });
    match signed.and_then(|whole| i64::try_from(whole).ok()) {
        Some(whole) => Ok(whole),
        None => {
            let mut text = String::new();
            push(negative, magnitude, scale, &mut text);
            Err(text.parse().unwrap_or(f64::NAN))
        }
    }
}

/// `12.50` for two digits after the point, and only so: no other zeros before or after, no minus before zero.
pub(crate) fn is_canonical(text: &str, shape: Shape) -> bool {
    let Some(found) = parse(text, shape) else {
        return false;
    };
    if found.magnitude == 0 && found.negative {
        return false;
    }
    let mut again = String::new();
    push(found.negative, found.magnitude, found.scale, &mut again);
    again == text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_that_do_not_fit_are_refused() {
        let shape = Shape { precision: 5, scale: 2 };
        let mut room = String::new();
        assert_eq!(of_real(1.25, shape, &mut room).map(|found| found.magnitude), Some(125));
        assert_eq!(of_real(0.1 + 0.2, shape, &mut room), None);
        assert_eq!(of_real(1e300, shape, &mut room), None);
        assert_eq!(of_real(f64::NAN, shape, &mut room), None);
        assert_eq!(of_integer(1_000, shape), None);
        assert_eq!(
            of_integer(-999, shape).map(|found| (found.negative, found.magnitude)),
            Some((true, 99_900))
        );
        assert_eq!(to_number(true, 99_900, 2), Ok(-999));
        assert_eq!(to_number(false, 125, 2), Err(1.25));
        let widest = Shape {
            precision: 38,
            scale: 10,
        };
        assert!(is_canonical("1234567890123456789012345678.0123456789", widest));
        for wrong in [
            "-0.0000000000",
            "1.5",
            "01.0000000000",
            "1e5",
            ".5",
            "+1.0000000000",
            "",
        ] {
            assert!(!is_canonical(wrong, widest), "{wrong}");
        }
    }
}
