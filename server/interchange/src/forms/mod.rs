//! How values look as text, both ways and exactly: dates and times, decimals, identifiers, bytes, and the text that tells the
//! storage class of its value. A text is only taken for a value when the value gives the very same text back.

pub(crate) mod calendar;
pub(crate) mod decimal;
pub(crate) mod mixed;
pub(crate) mod uuid;
