//! Values made of values as JSON, the form in which SQL Server can use them, and back. Numbers stay the digits that they are,
//! which no general JSON value keeps.
use super::literal::Element;

/// An array as JSON. Numbers and truth values are JSON's own where it has them; everything else is the text form.
pub(super) fn of_array(elements: &[Element], kind: ElementKind) -> String {
    let mut out = String::new();
    write_array(elements, kind, &mut out);
    out
}

/// What the elements of an array are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ElementKind {
    Number,
    Boolean,
    Text,
}

fn write_array(elements: &[Element], kind: ElementKind, out: &mut String) {
    out.push('[');
    for (index, element) in elements.iter().enumerate() {
        if index > 0 {
            out.push(',');
        }
        match (element, kind) {
            (Element::Null, _) => out.push_str("null"),
            (Element::Array(elements), _) => write_array(elements, kind, out),
            (Element::Text(text), ElementKind::Number) if is_number(text) => out.push_str(text),
            (Element::Text(text), ElementKind::Boolean) if text == "t" => out.push_str("true"),
            (Element::Text(text), ElementKind::Boolean) if text == "f" => out.push_str("false"),
            (Element::Text(text), _) => out.push_str(&quoted(text)),
        }
    }
    out.push(']');
}

/// Whether JSON takes the text for a number. Infinities and NaN are none.
fn is_number(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    digits.starts_with(|letter: char| letter.is_ascii_digit())
        && digits
            .bytes()
            .all(|byte| byte.is_ascii_digit() || b".e+-".contains(&byte))
}

/// Fields of a row, or pairs, as a JSON object.
pub(super) fn of_pairs<'a>(pairs: impl Iterator<Item = (&'a str, Option<&'a str>)>) -> String {
    let pairs: Vec<_> = pairs
        .map(|(name, value)| format!("{}:{}", quoted(name), value.map_or_else(|| "null".to_owned(), quoted)))
        .collect();
    format!("{{{}}}", pairs.join(","))
}

/// A text as JSON.
pub(super) fn quoted(text: &str) -> String {
    // A text can always be written.
    serde_json::to_string(text).unwrap_or_default()
}

/// A JSON document that is a single text.
pub(super) fn text(json: &str) -> Option<String> {
    serde_json::from_str(json).ok()
}

/// Reads what [`of_array`] wrote, and any array of texts, numbers, truth values, NULLs and such arrays.
pub(super) fn array(json: &str) -> Option<Vec<Element>> {
    let mut rest = json.trim();
    let elements = elements(&mut rest, 0)?;
    rest.is_empty().then_some(elements)
}

fn elements(rest: &mut &str, depth: usize) -> Option<Vec<Element>> {
    // PostgreSQL's arrays have six dimensions at most.
    *rest = rest.strip_prefix('[').filter(|_| depth < 6)?.trim_start();
    let mut found = Vec::new();
    if let Some(tail) = rest.strip_prefix(']') {
        *rest = tail;
        return Some(found);
    }
    loop {
        found.push(if rest.starts_with('[') {
            Element::Array(elements(rest, depth + 1)?)
        } else {
            scalar(rest)?.map_or(Element::Null, Element::Text)
        });
        *rest = rest.trim_start();
        if let Some(tail) = rest.strip_prefix(']') {
            *rest = tail;
            return Some(found);
        }
        *rest = rest.strip_prefix(',')?.trim_start();
    }
}

/// A text, number, truth value or NULL.
fn scalar(rest: &mut &str) -> Option<Option<String>> {
    if rest.starts_with('"') {
        return string(rest).map(Some);
    }
    let end = rest
        .find(|letter: char| matches!(letter, ',' | ']' | '}') || letter.is_whitespace())
        .unwrap_or(rest.len());
    let (word, tail) = rest.split_at(end);
    *rest = tail;
    match word {
        "null" => Some(None),
        "true" | "false" => Some(Some(word.to_owned())),
        word => is_number(word).then(|| Some(word.to_owned())),
    }
}

fn string(rest: &mut &str) -> Option<String> {
    let mut escaped = false;
    let end = rest.char_indices().skip(1).find_map(|(at, letter)| {
        let ends = letter == '"' && !escaped;
        escaped = letter == '\\' && !escaped;
        ends.then_some(at + 1)
    })?;
    let (word, tail) = rest.split_at(end);
    *rest = tail;
    serde_json::from_str(word).ok()
}

/// Reads what [`of_pairs`] wrote, and any object of texts, numbers, truth values and NULLs.
pub(super) fn pairs(json: &str) -> Option<Vec<(String, Option<String>)>> {
    let mut rest = json.trim().strip_prefix('{')?.trim_start();
    let mut found = Vec::new();
    if rest == "}" {
        return Some(found);
    }
    loop {
        let name = string(&mut rest)?;
        rest = rest.trim_start().strip_prefix(':')?.trim_start();
        found.push((name, scalar(&mut rest)?));
        rest = rest.trim_start();
        if let Some(tail) = rest.strip_prefix('}') {
            return tail.is_empty().then_some(found);
        }
        rest = rest.strip_prefix(',')?.trim_start();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn element() -> impl Strategy<Value = Element> {
        let leaf = prop_oneof![Just(Element::Null), ".*".prop_map(Element::Text)];
        leaf.prop_recursive(3, 12, 4, |inner| {
            prop::collection::vec(inner, 0..4).prop_map(Element::Array)
        })
    }

    proptest! {
        #[test]
        fn arrays_and_pairs_read_back_as_they_were_written(
            elements in prop::collection::vec(element(), 0..5),
            names in prop::collection::vec((".*", prop::option::of(".*")), 0..5),
        ) {
            prop_assert_eq!(array(&of_array(&elements, ElementKind::Text)), Some(elements.clone()));
            prop_assert_eq!(array(&of_array(&elements, ElementKind::Number)), Some(elements));
            let written = of_pairs(names.iter().map(|(name, value)| (name.as_str(), value.as_deref())));
            prop_assert_eq!(pairs(&written), Some(names));
        }

        #[test]
        fn no_text_makes_a_reader_panic(text in r#"[\[\]{}",:\\ue0-9nultr é.]{0,40}"#) {
            array(&text);
            pairs(&text);
        }
    }

    #[test]
    fn numbers_keep_their_digits() {
        let long = "123456789012345678901234567890.10".to_owned();
        let elements = vec![
            Element::Text(long.clone()),
            Element::Text("NaN".to_owned()),
            Element::Text("1e+20".to_owned()),
        ];
        let json = of_array(&elements, ElementKind::Number);
        assert_eq!(json, format!(r#"[{long},"NaN",1e+20]"#));
        assert_eq!(array(&json), Some(elements));
        assert_eq!(array(" [ true , null, [\"a\"] ] ").map(|found| found.len()), Some(3));
    }
}
