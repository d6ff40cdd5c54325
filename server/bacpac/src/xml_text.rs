//! Writes the elements of the schema model as text. What it is given must have been checked: it escapes, it does not judge.
use crate::name::ObjectName;

/// Whether XML can carry the text as it is in an attribute, where line ends are escaped.
pub(crate) fn carries_attribute(text: &str) -> bool {
    text.chars().all(|letter| match letter {
        '\t' | '\n' | '\r' => true,
        '\0'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => false,
        _ => true,
    })
}

/// Whether XML can carry the text as it is in a script, where a carriage return would be read as a line feed.
pub(crate) fn carries_script(text: &str) -> bool {
    carries_attribute(text) && !text.contains('\r')
}

/// Appends text as it must be written between quotes or tags.
pub(crate) fn escape(text: &str, out: &mut String) {
    for letter in text.chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\t' => out.push_str("&#x9;"),
            '\n' => out.push_str("&#xA;"),
            '\r' => out.push_str("&#xD;"),
            other => out.push(other),
        }
    }
}

/// The text as [`escape`] writes it.
pub(crate) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    escape(text, &mut out);
    out
}

/// One element of the model, growing.
#[derive(Debug, Default)]
pub(crate) struct ElementText(pub(crate) String);

impl ElementText {
    /// An element with what `inside` adds to it.
    pub(crate) fn element(&mut self, kind: &str, name: Option<&ObjectName>, inside: impl FnOnce(&mut Self)) {
        self.open(kind, name);
        inside(self);
        self.0.push_str("</Element>");
    }

    /// The beginning of an element; the caller ends it.
    pub(crate) fn open(&mut self, kind: &str, name: Option<&ObjectName>) {
        self.0.push_str("<Element Type=\"");
        self.0.push_str(kind);
        if let Some(name) = name {
            self.0.push_str("\" Name=\"");
            escape(&name.to_string(), &mut self.0);
        }
        self.0.push_str("\">");
    }

    pub(crate) fn property(&mut self, name: &str, value: &str) {
        self.0.push_str("<Property Name=\"");
        self.0.push_str(name);
        self.0.push_str("\" Value=\"");
        escape(value, &mut self.0);
        self.0.push_str("\"/>");
    }

    /// A property that holds T-SQL.
    pub(crate) fn script(&mut self, name: &str, text: &str) {
        self.0.push_str("<Property Name=\"");
        self.0.push_str(name);
        self.0.push_str("\"><Value><![CDATA[");
        self.0.push_str(&text.replace("]]>", "]]]]><![CDATA[>"));
        self.0.push_str("]]></Value></Property>");
    }

    pub(crate) fn relationship(&mut self, name: &str, entries: impl FnOnce(&mut Self)) {
        self.0.push_str("<Relationship Name=\"");
        self.0.push_str(name);
        self.0.push_str("\">");
        entries(self);
        self.0.push_str("</Relationship>");
    }

    /// An entry of a relationship that is an element itself.
    pub(crate) fn member(&mut self, kind: &str, name: Option<&ObjectName>, inside: impl FnOnce(&mut Self)) {
        self.0.push_str("<Entry>");
        self.element(kind, name, inside);
        self.0.push_str("</Entry>");
    }

    /// An entry of a relationship that refers to another element.
    pub(crate) fn reference(&mut self, name: &ObjectName) {
        self.0.push_str("<Entry><References Name=\"");
        escape(&name.to_string(), &mut self.0);
        self.0.push_str("\"/></Entry>");
    }

    /// An entry of a relationship that refers to something every database has; `name` is bracketed already.
    pub(crate) fn built_in(&mut self, name: &str) {
        self.0
            .push_str("<Entry><References ExternalSource=\"BuiltIns\" Name=\"");
        escape(name, &mut self.0);
        self.0.push_str("\"/></Entry>");
    }

    /// A relationship to other elements; none is written when there are none.
    pub(crate) fn references(&mut self, relationship: &str, names: &[ObjectName]) {
        if names.is_empty() {
            return;
        }
        self.relationship(relationship, |entries| {
            names.iter().for_each(|name| entries.reference(name))
        });
    }

    /// A value that is only known while the database runs.
    pub(crate) fn online(&mut self, name: &str, value: i128) {
        self.0.push_str("<Annotation Type=\"OnlinePropertyAnnotation\" Name=\"");
        self.0.push_str(name);
        self.0.push_str("\">");
        self.property("Value", &value.to_string());
        self.0.push_str("</Annotation>");
    }

    pub(crate) fn not_trusted(&mut self) {
        self.0.push_str("<Annotation Type=\"IsNotTrustedPropertyAnnotation\"/>");
    }
}
