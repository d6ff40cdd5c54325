//! The text forms of values made of values (arrays, rows, `hstore`), taken apart and put together. Elements are texts, as the
//! types of the elements print them; what they mean is not known here.

/// An array taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Element {
    /// NULL.
    Null,
    /// One value.
    Text(String),
    /// A row of the next dimension.
    Array(Vec<Element>),
}

/// Deepest array: PostgreSQL has six dimensions at most.
const DEPTH: usize = 6;

/// The elements of `{a,"b c",NULL}`. `delimiter` is that of the element type: a comma for all but `box`. `None` for arrays
/// that do not begin at 1 (`[0:1]={…}`), and for what is no array.
pub(super) fn array(text: &str, delimiter: char) -> Option<Vec<Element>> {
    let mut rest = text;
    let elements = elements(&mut rest, delimiter, 0)?;
    rest.is_empty().then_some(elements)
}

fn elements(rest: &mut &str, delimiter: char, depth: usize) -> Option<Vec<Element>> {
    *rest = rest.strip_prefix('{').filter(|_| depth < DEPTH)?;
    let mut found = Vec::new();
    if let Some(end) = rest.strip_prefix('}') {
        *rest = end;
        return Some(found);
    }
    loop {
        found.push(if rest.starts_with('{') {
            Element::Array(elements(rest, delimiter, depth + 1)?)
        } else if rest.starts_with('"') {
            Element::Text(quoted(rest)?)
        } else {
            let end = rest.find([delimiter, '}'])?;
            let (text, tail) = rest.split_at(end);
            *rest = tail;
            match text {
                "NULL" => Element::Null,
                text => Element::Text(text.to_owned()),
            }
        });
        let mut letters = rest.chars();
        let next = letters.next()?;
        *rest = letters.as_str();
        match next {
            '}' => return Some(found),
            next if next == delimiter => {}
            _ => return None,
        }
    }
}

/// Reads `"…"`: a backslash takes the next letter as it is, and so does a doubled quote.
fn quoted(rest: &mut &str) -> Option<String> {
    let mut text = String::new();
    let mut letters = rest.strip_prefix('"')?.chars();
    loop {
        match letters.next()? {
            '\\' => text.push(letters.next()?),
            '"' => match letters.as_str().strip_prefix('"') {
                Some(tail) => {
                    text.push('"');
                    letters = tail.chars();
                }
                None => {
                    *rest = letters.as_str();
                    return Some(text);
                }
            },
            letter => text.push(letter),
        }
    }
}

/// Appends `"…"`, which arrays, rows and `hstore` read alike.
fn quote(text: &str, out: &mut String) {
    out.push('"');
    for letter in text.chars() {
        if matches!(letter, '"' | '\\') {
            out.push('\\');
        }
        out.push(letter);
    }
    out.push('"');
}

/// The text of an array.
pub(super) fn array_text(elements: &[Element], delimiter: char) -> String {
    let mut out = String::new();
    write_array(elements, delimiter, &mut out);
    out
}

fn write_array(elements: &[Element], delimiter: char, out: &mut String) {
    out.push('{');
    for (index, element) in elements.iter().enumerate() {
        if index > 0 {
            out.push(delimiter);
        }
        match element {
            Element::Null => out.push_str("NULL"),
            Element::Text(text) => quote(text, out),
            Element::Array(elements) => write_array(elements, delimiter, out),
        }
    }
    out.push('}');
}

/// The fields of `(a,"b c",)`: an empty field is NULL.
pub(super) fn row(text: &str) -> Option<Vec<Option<String>>> {
    let mut rest = text.strip_prefix('(')?;
    let mut found = Vec::new();
    if rest == ")" {
        return Some(vec![None]);
    }
    loop {
        let mut field: Option<String> = None;
        // Quoted and plain pieces may follow one another.
        while let Some(letter) = rest.chars().next() {
            match letter {
                ',' | ')' => break,
                '"' => field.get_or_insert_default().push_str(&quoted(&mut rest)?),
                letter => {
                    rest = &rest[letter.len_utf8()..];
                    if letter == '\\' {
                        let escaped = rest.chars().next()?;
                        rest = &rest[escaped.len_utf8()..];
                        field.get_or_insert_default().push(escaped);
                    } else {
                        field.get_or_insert_default().push(letter);
                    }
                }
            }
        }
        found.push(field);
        match rest {
            ")" => return Some(found),
            _ => rest = rest.strip_prefix(',')?,
        }
    }
}

/// The text of a row.
pub(super) fn row_text(fields: &[Option<String>]) -> String {
    let mut out = String::from("(");
    for (index, field) in fields.iter().enumerate() {
        if index > 0 {
            out.push(',');
        }
        if let Some(text) = field {
            quote(text, &mut out);
        }
    }
    out.push(')');
    out
}

/// The pairs of `"a"=>"1", "b"=>NULL`.
pub(super) fn hstore(text: &str) -> Option<Vec<(String, Option<String>)>> {
    let mut rest = text;
    let mut found = Vec::new();
    while !rest.is_empty() {
        let key = quoted(&mut rest)?;
        rest = rest.strip_prefix("=>")?;
        let value = match rest.strip_prefix("NULL") {
            Some(tail) => {
                rest = tail;
                None
            }
            None => Some(quoted(&mut rest)?),
        };
        found.push((key, value));
        if let Some(tail) = rest.strip_prefix(", ") {
            rest = tail;
        } else if !rest.is_empty() {
            return None;
        }
    }
    Some(found)
}

/// The text of an `hstore`.
pub(super) fn hstore_text(pairs: &[(String, Option<String>)]) -> String {
    let mut out = String::new();
    for (key, value) in pairs {
        if !out.is_empty() {
            out.push_str(", ");
        }
        quote(key, &mut out);
        out.push_str("=>");
        match value {
            Some(value) => quote(value, &mut out),
            None => out.push_str("NULL"),
        }
    }
    out
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
        fn every_form_reads_back_as_it_was_written(
            elements in prop::collection::vec(element(), 0..5),
            fields in prop::collection::vec(prop::option::of(".*"), 1..5),
            pairs in prop::collection::vec((".*", prop::option::of(".*")), 0..4),
        ) {
            prop_assert_eq!(array(&array_text(&elements, ','), ','), Some(elements.clone()));
            prop_assert_eq!(array(&array_text(&elements, ';'), ';'), Some(elements));
            prop_assert_eq!(row(&row_text(&fields)), Some(fields));
            prop_assert_eq!(hstore(&hstore_text(&pairs)), Some(pairs));
        }

        #[test]
        fn no_text_makes_a_reader_panic(text in r#"[\[\]{}(),"\\a=>N ULé:;]{0,40}"#) {
            array(&text, ',');
            row(&text);
            hstore(&text);
        }
    }

    #[test]
    fn the_servers_own_forms_are_read() {
        assert_eq!(array("{}", ','), Some(vec![]));
        assert_eq!(array("[0:1]={1,2}", ','), None);
        let text = |text: &str| Element::Text(text.to_owned());
        assert_eq!(
            array(r#"{{1,NULL},{"a\"b","NULL"}}"#, ','),
            Some(vec![
                Element::Array(vec![text("1"), Element::Null]),
                Element::Array(vec![text("a\"b"), text("NULL")]),
            ])
        );
        assert_eq!(
            row(r#"(1,"a ""b"" \\",,)"#),
            Some(vec![Some("1".into()), Some("a \"b\" \\".into()), None, None])
        );
    }
}
