//! XML as events, under limits: depth, size, no DTD, no entities but the five predefined ones. It builds small trees of
//! one element at a time and never the whole document.
use crate::error::Error;
use crate::limits::Limits;
use crate::metered;
use quick_xml::XmlVersion;
use quick_xml::events::{BytesStart, Event};
use std::io::{BufRead, BufReader, Read};

/// Attributes of one element. Real ones have up to ten; each takes far more memory than its bytes.
const ATTRIBUTES: usize = 64;

/// One element with all that it holds.
#[derive(Debug, Default)]
pub(crate) struct Node {
    pub(crate) tag: String,
    pub(crate) attributes: Vec<(String, String)>,
    pub(crate) children: Vec<Node>,
    text: String,
    cdata: Option<String>,
}

impl Node {
    pub(crate) fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    }

    pub(crate) fn elements<'a>(&'a self, tag: &'a str) -> impl Iterator<Item = &'a Node> {
        self.children.iter().filter(move |child| child.tag == tag)
    }

    pub(crate) fn child(&self, tag: &str) -> Option<&Node> {
        self.children.iter().find(|child| child.tag == tag)
    }

    /// The CDATA sections, or else the text between the tags.
    pub(crate) fn text(&self) -> &str {
        self.cdata.as_deref().unwrap_or(&self.text)
    }
}

/// What the reader meets outside the trees it builds.
pub(crate) enum Step {
    Open(Node),
    Close,
    End,
}

/// A reader of one XML entry.
pub(crate) struct XmlReader<R: Read> {
    entry: &'static str,
    reader: quick_xml::Reader<Portion<BufReader<R>>>,
    buffer: Vec<u8>,
    depth: usize,
    limits: Limits,
    pending_close: bool,
    seen_root: bool,
}

impl<R: Read> XmlReader<R> {
    pub(crate) fn new(entry: &'static str, source: R, limits: &Limits) -> Self {
        let mut reader = quick_xml::Reader::from_reader(Portion {
            inner: BufReader::with_capacity(64 << 10, source),
            left: limits.element_bytes,
            most: limits.element_bytes,
        });
        reader.config_mut().check_end_names = true;
        Self {
            entry,
            reader,
            buffer: Vec::new(),
            depth: 0,
            limits: limits.clone(),
            pending_close: false,
            seen_root: false,
        }
    }

    /// The next opening (without its children), closing or end of the document; text between is passed over.
    pub(crate) fn step(&mut self) -> Result<Step, Error> {
        if std::mem::take(&mut self.pending_close) {
            return Ok(Step::Close);
        }
        loop {
            self.buffer.clear();
            self.reader.get_mut().refill();
            let event = self.reader.read_event_into(&mut self.buffer);
            let offset = self.reader.buffer_position();
            let event = event.map_err(|error| failure(self.entry, offset, error))?;
            match event {
                Event::Start(start) => {
                    let node = open(self.entry, offset, &start)?;
                    self.depth += 1;
                    self.seen_root = true;
                    self.check_depth(offset)?;
                    return Ok(Step::Open(node));
                }
                Event::Empty(start) => {
                    let node = open(self.entry, offset, &start)?;
                    self.seen_root = true;
                    self.pending_close = true;
                    return Ok(Step::Open(node));
                }
                Event::End(_) => {
                    self.depth = self.depth.saturating_sub(1);
                    return Ok(Step::Close);
                }
                Event::DocType(_) => return Err(self.problem("a DTD is refused")),
                Event::Eof if self.depth > 0 || !self.seen_root => return Err(self.problem("the document is cut off")),
                Event::Eof => return Ok(Step::End),
                _ => {}
            }
        }
    }

    /// Reads all that the element just opened holds, up to its closing.
    pub(crate) fn fill(&mut self, node: Node) -> Result<Node, Error> {
        let mut open_nodes = vec![node];
        let mut size = 0u64;
        if std::mem::take(&mut self.pending_close) {
            return Ok(open_nodes.swap_remove(0));
        }
        loop {
            self.buffer.clear();
            self.reader.get_mut().refill();
            let event = self.reader.read_event_into(&mut self.buffer);
            let offset = self.reader.buffer_position();
            let event = event.map_err(|error| failure(self.entry, offset, error))?;
            // An element costs memory even when it is short.
            size += 256 + event.len() as u64;
            if size > self.limits.element_bytes {
                let limit = self.limits.element_bytes;
                return Err(Error::Limit {
                    entry: self.entry.to_owned(),
                    what: "bytes in one element",
                    limit,
                });
            }
            let Some(current) = open_nodes.last_mut() else {
                return Err(self.problem("unbalanced elements"));
            };
            match event {
                Event::Start(start) => {
                    open_nodes.push(open(self.entry, offset, &start)?);
                    self.depth += 1;
                    self.check_depth(offset)?;
                }
                Event::Empty(start) => current.children.push(open(self.entry, offset, &start)?),
                Event::End(_) => {
                    self.depth = self.depth.saturating_sub(1);
                    let Some(done) = open_nodes.pop() else {
                        return Err(self.problem("unbalanced elements"));
                    };
                    match open_nodes.last_mut() {
                        Some(parent) => parent.children.push(done),
                        None => return Ok(done),
                    }
                }
                Event::Text(text) => current.text.push_str(&text.xml10_content()),
                Event::CData(text) => {
                    current.cdata.get_or_insert_default().push_str(&text.xml10_content());
                }
                Event::GeneralRef(reference) => {
                    let character = reference
                        .resolve_char_ref()
                        .map_err(|error| failure(self.entry, offset, error))?;
                    match (character, quick_xml::escape::resolve_predefined_entity(&reference)) {
                        (Some(character), _) => current.text.push(character),
                        (None, Some(text)) => current.text.push_str(text),
                        (None, None) => return Err(self.problem("an entity that is not predefined")),
                    }
                }
                Event::DocType(_) => return Err(self.problem("a DTD is refused")),
                Event::Eof => return Err(self.problem("the document is cut off")),
                Event::Comment(_) | Event::Decl(_) | Event::PI(_) => {}
            }
        }
    }

    /// Reads what is left, so that checksum and CRC cover the whole entry.
    pub(crate) fn drain(mut self) -> Result<(), Error> {
        loop {
            let source = self.reader.get_mut();
            source.refill();
            let count = source
                .fill_buf()
                .map_err(|error| metered::error(self.entry, error))?
                .len();
            if count == 0 {
                return Ok(());
            }
            source.consume(count);
        }
    }

    pub(crate) fn problem(&self, problem: &str) -> Error {
        Error::Xml {
            entry: self.entry.to_owned(),
            offset: self.reader.buffer_position(),
            problem: problem.to_owned(),
        }
    }

    fn check_depth(&self, offset: u64) -> Result<(), Error> {
        if self.depth <= self.limits.xml_depth {
            return Ok(());
        }
        let problem = format!("elements nested deeper than {}", self.limits.xml_depth);
        Err(Error::Xml {
            entry: self.entry.to_owned(),
            offset,
            problem,
        })
    }
}

/// Lets so many bytes pass until it is refilled: one event of the parser cannot take more memory than that.
struct Portion<R> {
    inner: R,
    left: u64,
    most: u64,
}

impl<R> Portion<R> {
    fn refill(&mut self) {
        self.left = self.most;
    }
}

impl<R: BufRead> Read for Portion<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let source = self.fill_buf()?;
        let count = source.len().min(buffer.len());
        buffer[..count].copy_from_slice(&source[..count]);
        self.consume(count);
        Ok(count)
    }
}

impl<R: BufRead> BufRead for Portion<R> {
    fn fill_buf(&mut self) -> std::io::Result<&[u8]> {
        let source = self.inner.fill_buf()?;
        if self.left == 0 && !source.is_empty() {
            return Err(metered::passed("bytes in one element", self.most));
        }
        let count = source.len().min(usize::try_from(self.left).unwrap_or(usize::MAX));
        Ok(&source[..count])
    }

    fn consume(&mut self, count: usize) {
        self.inner.consume(count);
        self.left = self.left.saturating_sub(count as u64);
    }
}

fn open(entry: &str, offset: u64, start: &BytesStart<'_>) -> Result<Node, Error> {
    let wrong = |problem: String| Error::Xml {
        entry: entry.to_owned(),
        offset,
        problem,
    };
    let mut node = Node {
        tag: start.local_name().as_ref().to_owned(),
        ..Node::default()
    };
    for attribute in start.attributes() {
        if node.attributes.len() == ATTRIBUTES {
            return Err(wrong(format!("an element with more than {ATTRIBUTES} attributes")));
        }
        let attribute = attribute.map_err(|error| wrong(error.to_string()))?;
        let value = attribute
            .normalized_value(XmlVersion::Implicit1_0)
            .map_err(|error| wrong(error.to_string()))?;
        node.attributes
            .push((attribute.key.local_name().as_ref().to_owned(), value.into_owned()));
    }
    Ok(node)
}

fn failure(entry: &str, offset: u64, error: quick_xml::Error) -> Error {
    match error {
        quick_xml::Error::Io(shared) => {
            let source = match std::sync::Arc::try_unwrap(shared) {
                Ok(source) => source,
                Err(shared) => std::io::Error::new(shared.kind(), shared.to_string()),
            };
            metered::error(entry, source)
        }
        other => Error::Xml {
            entry: entry.to_owned(),
            offset,
            problem: other.to_string(),
        },
    }
}
