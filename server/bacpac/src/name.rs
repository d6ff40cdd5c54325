//! The two ways names are written: bracketed in the model, percent-encoded in the data folders. It resolves no names.

/// A dotted name of the model, its parts without brackets: `[app].[a]]b]` is `app`, `a]b`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct ObjectName(pub Vec<String>);

impl ObjectName {
    /// Reads the bracketed form; `None` when it is not well formed.
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = Vec::new();
        let mut rest = text;
        loop {
            rest = rest.strip_prefix('[')?;
            let mut part = String::new();
            loop {
                let end = rest.find(']')?;
                part.push_str(&rest[..end]);
                rest = &rest[end + 1..];
                match rest.strip_prefix(']') {
                    Some(more) => {
                        part.push(']');
                        rest = more;
                    }
                    None => break,
                }
            }
            parts.push(part);
            if rest.is_empty() {
                return Some(Self(parts));
            }
            rest = rest.strip_prefix('.')?;
        }
    }

    /// The last part: the name of the object itself.
    pub fn last(&self) -> &str {
        self.0.last().map_or("", String::as_str)
    }

    /// The name without its last part: what the object belongs to.
    pub fn parent(&self) -> Self {
        Self(self.0[..self.0.len().saturating_sub(1)].to_vec())
    }

    /// The form in which names are compared, which ignores case.
    pub(crate) fn key(&self) -> String {
        self.0
            .iter()
            .map(|part| part.replace(']', "]]").to_lowercase())
            .collect::<Vec<_>>()
            .join("].[")
    }
}

impl std::fmt::Display for ObjectName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (index, part) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str(".")?;
            }
            write!(f, "[{}]", part.replace(']', "]]"))?;
        }
        Ok(())
    }
}

/// The folder under `Data/` of a table. Everything but `A-Z a-z 0-9 - _ . ~` is percent-encoded.
pub fn encode_folder(schema: &str, table: &str) -> String {
    let mut folder = String::new();
    for (index, part) in [schema, table].into_iter().enumerate() {
        if index > 0 {
            folder.push('.');
        }
        for byte in part.bytes() {
            if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
                folder.push(char::from(byte));
            } else {
                folder.push_str(&format!("%{byte:02X}"));
            }
        }
    }
    folder
}

/// Undoes [`encode_folder`], leaving `schema.table`. Writers differ in what they encode, so unencoded characters are
/// taken as they are; `None` when a percent sign is not followed by two hex digits or the bytes are not UTF-8.
pub fn decode_folder(folder: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(folder.len());
    let mut rest = folder.bytes();
    while let Some(byte) = rest.next() {
        if byte == b'%' {
            let mut digit = || char::from(rest.next()?).to_digit(16);
            bytes.push((digit()? * 16 + digit()?) as u8);
        } else {
            bytes.push(byte);
        }
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bracketed_names_read_back_as_they_were_printed() {
        for text in ["[dbo]", "[sales data].[Order Details]]]", "[a].[b.c].[]]]", "[é].[]"] {
            assert_eq!(ObjectName::parse(text).unwrap().to_string(), text);
        }
        for broken in ["", "dbo", "[dbo", "[a].", "[a]b", "[a]]"] {
            assert_eq!(ObjectName::parse(broken), None, "{broken}");
        }
    }

    #[test]
    fn folders_are_percent_encoded_as_utf_8() {
        assert_eq!(encode_folder("dbo", "Order Details"), "dbo.Order%20Details");
        assert_eq!(encode_folder("é", "a(b)'~"), "%C3%A9.a%28b%29%27~");
        assert_eq!(decode_folder("%C3%A9.a%28b)'~").as_deref(), Some("é.a(b)'~"));
        assert_eq!(
            [decode_folder("a%2"), decode_folder("%zz"), decode_folder("%ff")],
            [None, None, None]
        );
    }
}
