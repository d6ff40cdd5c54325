//! Reads one part as rows, field by field, holding one row at a time. It does not open archives: it is given a stream.
use crate::decode_fixed::{fixed, uint};
use crate::decode_whole::{self, Whole};
use crate::error::{Error, Fault, Place};
use crate::limits::Limits;
use crate::metered;
use crate::sql_type::{Content, Field, Shape};
use crate::utf16::{KEPT, text_value};
use crate::value::Value;
use crate::variant::Variant;
use std::io::{BufRead, BufReader, Read};

const CHUNKED: u64 = u64::MAX - 1;
/// Long enough for almost every row, short enough for the caches nearest to the core.
const BUFFER: usize = 128 << 10;

/// The rows of one part.
pub struct PartReader<R> {
    source: BufReader<R>,
    fields: Vec<(Field, Shape)>,
    /// Bytes of the longest row that may be read at once; 0 when rows of these columns cannot be.
    whole: usize,
    table: String,
    part: String,
    value_bytes: u64,
    row_bytes: u64,
    row_start: u64,
    offset: u64,
    row: u64,
    column: usize,
    unexpected_nulls: u64,
    finished: bool,
    /// Whether values are made, or only checked.
    keep: bool,
    /// Bytes read of the value that is being read, and themselves when they are kept.
    value: u64,
    buffer: Vec<u8>,
}

/// A fault of the data, or of the stream that it comes from.
enum Broken {
    Fault(Fault),
    Io(std::io::Error),
}

impl From<Fault> for Broken {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

impl<R: Read> PartReader<R> {
    /// Reads `source`, the inflated bytes of `part`, as rows of `fields`. `table` and `part` only serve errors.
    pub fn new(source: R, table: &str, part: &str, fields: &[Field], limits: &Limits) -> Self {
        let fields: Vec<_> = fields
            .iter()
            .map(|field| (field.clone(), field.sql_type.shape()))
            .collect();
        // No value of a row that keeps both limits as a whole passes one of them.
        let most = limits.value_bytes.min(limits.row_bytes);
        let whole = if decode_whole::suits(&fields) { most } else { 0 };
        Self {
            source: BufReader::with_capacity(BUFFER, source),
            fields,
            whole: usize::try_from(whole).unwrap_or(usize::MAX),
            table: table.to_owned(),
            part: part.to_owned(),
            value_bytes: limits.value_bytes,
            row_bytes: limits.row_bytes,
            row_start: 0,
            offset: 0,
            row: 0,
            column: usize::MAX,
            unexpected_nulls: 0,
            finished: false,
            keep: true,
            value: 0,
            buffer: Vec::new(),
        }
    }

    /// Rows read completely so far.
    pub fn rows(&self) -> u64 {
        self.row
    }

    /// NULLs met in NOT NULL columns so far. The vendor's loader lets them pass; a caller should report them.
    pub fn unexpected_nulls(&self) -> u64 {
        self.unexpected_nulls
    }

    /// Reads the next row into `row`, replacing what it holds; `false` at the end of the part. The memory of texts and
    /// binaries that `row` holds is used again.
    ///
    /// # Errors
    /// [`Error::Data`] with the place when the bytes do not fit the columns, [`Error::Io`] when the stream is damaged,
    /// [`Error::Limit`] when it inflates to more than is allowed. After an error the part is at its end.
    pub fn next_row(&mut self, row: &mut Vec<Value>) -> Result<bool, Error> {
        let whole = decode_whole::values(&self.fields, self.at_hand(), row);
        self.keep = true;
        self.pass(whole, row)
    }

    /// Makes all checks of [`PartReader::next_row`] on the next row, but not its values.
    ///
    /// # Errors
    /// As there.
    pub fn check_row(&mut self) -> Result<bool, Error> {
        let whole = decode_whole::check(&self.fields, self.at_hand());
        self.keep = false;
        self.pass(whole, &mut Vec::new())
    }

    /// What is in memory of the rows that come.
    fn at_hand(&self) -> &[u8] {
        if self.finished {
            return &[];
        }
        let bytes = self.source.buffer();
        bytes.get(..self.whole).unwrap_or(bytes)
    }

    /// Goes on behind a row that was read whole, or else reads it from the stream.
    fn pass(&mut self, whole: Option<Whole>, row: &mut Vec<Value>) -> Result<bool, Error> {
        if let Some(whole) = whole {
            self.source.consume(whole.length);
            self.offset += whole.length as u64;
            self.unexpected_nulls += whole.unexpected_nulls;
            self.row += 1;
            return Ok(true);
        }
        row.clear();
        if self.finished {
            return Ok(false);
        }
        let result = self.read_row(row);
        if !matches!(result, Ok(true)) {
            self.finished = true;
        }
        result.map_err(|broken| self.locate(broken))
    }

    fn read_row(&mut self, row: &mut Vec<Value>) -> Result<bool, Broken> {
        self.column = usize::MAX;
        if self.fill()? == 0 {
            return Ok(false);
        }
        self.row_start = self.offset;
        for index in 0..self.fields.len() {
            self.column = index;
            let value = self.read_field(index)?;
            if self.keep {
                row.push(value);
            }
        }
        if self.offset == self.row_start {
            return Err(Fault::NoColumns.into());
        }
        self.row += 1;
        Ok(true)
    }

    fn read_field(&mut self, index: usize) -> Result<Value, Broken> {
        let Some((field, shape)) = self.fields.get(index) else {
            return Ok(Value::Null);
        };
        let (nullable, shape) = (field.nullable, *shape);
        match shape {
            Shape::Fixed { width, always_prefixed } => {
                if nullable || always_prefixed {
                    match self.number(1)? {
                        0xff => return Ok(self.null(nullable)),
                        found if found != u64::from(width) => {
                            return Err(Fault::Length {
                                found,
                                allowed: u64::from(width),
                            }
                            .into());
                        }
                        _ => {}
                    }
                }
                let mut bytes = [0; 19];
                let bytes = bytes.get_mut(..usize::from(width)).ok_or(Fault::Truncated)?;
                self.exact(bytes)?;
                let (field, _) = &self.fields[index];
                Ok(fixed(&field.sql_type, bytes)?)
            }
            Shape::Bare { bytes } if !nullable => self.payload(u64::from(bytes), Content::Text),
            Shape::Bare { bytes } => self.prefixed(2, u64::from(bytes), false, Content::Text, nullable),
            Shape::Prefixed {
                prefix,
                most,
                exact,
                content,
            } => self.prefixed(prefix, u64::from(most), exact, content, nullable),
            Shape::Max { content } => self.max(content, nullable),
            Shape::Variant => self.variant(nullable),
            Shape::Unknown => Err(Fault::Unsupported(self.type_name(index)).into()),
        }
    }

    fn prefixed(
        &mut self,
        prefix: u8,
        most: u64,
        exact: bool,
        content: Content,
        nullable: bool,
    ) -> Result<Value, Broken> {
        let found = self.number(usize::from(prefix))?;
        if found == u64::MAX >> (64 - 8 * u32::from(prefix)) {
            return Ok(self.null(nullable));
        }
        if found > most || (exact && found != most) {
            return Err(Fault::Length { found, allowed: most }.into());
        }
        self.payload(found, content)
    }

    fn max(&mut self, content: Content, nullable: bool) -> Result<Value, Broken> {
        match self.number(8)? {
            u64::MAX => Ok(self.null(nullable)),
            CHUNKED => self.chunks(content),
            length => self.payload(length, content),
        }
    }

    fn chunks(&mut self, content: Content) -> Result<Value, Broken> {
        self.begin_value();
        loop {
            let length = self.number(4)?;
            if length == 0 {
                return Ok(self.take_buffer(content));
            }
            if content == Content::Text && !length.is_multiple_of(2) {
                return Err(Fault::OddText(length).into());
            }
            self.append(length)?;
        }
    }

    fn variant(&mut self, nullable: bool) -> Result<Value, Broken> {
        let length = self.number(4)?;
        if length == 0 {
            return Ok(self.null(nullable));
        }
        // 8,000 bytes of value, and the longest properties there are.
        const MOST: u64 = 8_016;
        if !(2..=MOST).contains(&length) {
            return Err(Fault::Length {
                found: length,
                allowed: MOST,
            }
            .into());
        }
        self.begin_value();
        // Variants are short, and their inside must be looked at.
        let keep = std::mem::replace(&mut self.keep, true);
        let read = self.append(length);
        self.keep = keep;
        read?;
        let (base, count) = (self.buffer[0], usize::from(self.buffer[1]));
        let Some((properties, payload)) = self.buffer[2..].split_at_checked(count) else {
            return Err(Fault::Range("the number of properties").into());
        };
        Ok(Value::Variant(Variant {
            base,
            properties: properties.to_vec(),
            payload: payload.to_vec(),
        }))
    }

    fn payload(&mut self, length: u64, content: Content) -> Result<Value, Broken> {
        if content == Content::Text && !length.is_multiple_of(2) {
            return Err(Fault::OddText(length).into());
        }
        self.begin_value();
        self.append(length)?;
        Ok(self.take_buffer(content))
    }

    fn begin_value(&mut self) {
        self.value = 0;
        self.buffer.clear();
    }

    fn take_buffer(&mut self, content: Content) -> Value {
        if !self.keep {
            return Value::Null;
        }
        if content == Content::Bytes {
            return Value::Binary(std::mem::take(&mut self.buffer));
        }
        let value = text_value(&self.buffer);
        // A rare huge value must not keep its memory for the rest of the part.
        if self.buffer.capacity() > KEPT {
            self.buffer = Vec::new();
        }
        value
    }

    /// Memory grows with the bytes that really arrive, so a lying length costs nothing.
    fn append(&mut self, length: u64) -> Result<(), Broken> {
        self.check_size(self.value, length)?;
        self.value += length;
        let mut left = length;
        while left > 0 {
            let read = if self.keep {
                let step = left.min(self.buffer.len().max(BUFFER) as u64);
                self.buffer.reserve_exact(usize::try_from(step).unwrap_or(0));
                let piece = (&mut self.source).take(step).read_to_end(&mut self.buffer);
                piece.map_err(Broken::Io)? as u64
            } else {
                let read = left.min(self.fill()? as u64);
                self.source.consume(usize::try_from(read).unwrap_or(0));
                read
            };
            if read == 0 {
                return Err(Fault::Truncated.into());
            }
            self.offset += read;
            left -= read;
        }
        Ok(())
    }

    /// Bytes at hand, after reading more when there were none; 0 at the end.
    fn fill(&mut self) -> Result<usize, Broken> {
        loop {
            match self.source.fill_buf() {
                Ok(bytes) => return Ok(bytes.len()),
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                Err(error) => return Err(Broken::Io(error)),
            }
        }
    }

    /// `before` bytes of the value are there already, `length` come.
    fn check_size(&self, before: u64, length: u64) -> Result<(), Broken> {
        if before.saturating_add(length) > self.value_bytes {
            return Err(Fault::TooBig(self.value_bytes).into());
        }
        if (self.offset - self.row_start).saturating_add(length) > self.row_bytes {
            return Err(Fault::TooBig(self.row_bytes).into());
        }
        Ok(())
    }

    fn number(&mut self, width: usize) -> Result<u64, Broken> {
        let mut bytes = [0; 8];
        let bytes = &mut bytes[..width.min(8)];
        self.exact(bytes)?;
        Ok(uint(bytes))
    }

    fn exact(&mut self, bytes: &mut [u8]) -> Result<(), Broken> {
        match self.source.read_exact(bytes) {
            Ok(()) => {
                self.offset += bytes.len() as u64;
                Ok(())
            }
            Err(error) if error.kind() == std::io::ErrorKind::UnexpectedEof && error.get_ref().is_none() => {
                Err(Fault::Truncated.into())
            }
            Err(error) => Err(Broken::Io(error)),
        }
    }

    fn null(&mut self, nullable: bool) -> Value {
        self.unexpected_nulls += u64::from(!nullable);
        Value::Null
    }

    fn type_name(&self, index: usize) -> String {
        self.fields
            .get(index)
            .map_or(String::new(), |(field, _)| format!("{:?}", field.sql_type))
    }

    fn locate(&self, broken: Broken) -> Error {
        match broken {
            Broken::Io(source) => metered::error(&self.part, source),
            Broken::Fault(fault) => Error::Data {
                place: Box::new(Place {
                    table: self.table.clone(),
                    part: self.part.clone(),
                    row: self.row + 1,
                    column: self
                        .fields
                        .get(self.column)
                        .map_or(String::new(), |(field, _)| field.name.clone()),
                    offset: self.offset,
                }),
                fault,
            },
        }
    }
}

impl<R: Read> Iterator for PartReader<R> {
    type Item = Result<Vec<Value>, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        let mut row = Vec::with_capacity(self.fields.len());
        self.next_row(&mut row).map(|more| more.then_some(row)).transpose()
    }
}
