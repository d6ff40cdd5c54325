//! Which rule a column gets: that of its declared type when all values come back through it, else that of its values, and for
//! values of several classes the text that tells them.

use bacpac::SqlType;
use domain::export_log::{ChangeKind, TypeReason, ValueChange};

use super::declared::Promise;
use super::facts::{Count, Facts};
use super::form::Form;
use crate::forms::calendar::{Clock, Moment, Zone};
use crate::forms::decimal::Shape;

/// What was chosen for a column.
#[derive(Debug, Clone)]
pub(super) struct Choice {
    pub(super) form: Form,
    pub(super) sql_type: SqlType,
    /// Digits of a decimal; of no account for other rules.
    pub(super) shape: Shape,
    pub(super) reason: TypeReason,
    pub(super) alternatives: Vec<SqlType>,
    pub(super) changes: Vec<ValueChange>,
    /// Longest value: code units or bytes.
    pub(super) longest: u64,
    pub(super) trailing: bool,
    /// Bytes that the values may take in the file at most, what is fixed aside.
    pub(super) bytes: u64,
}

/// Digits after the second of times that no value was seen of.
const UNSEEN: Clock = Clock {
    seconds: true,
    digits: 3,
};

/// Chooses for a column. `in_key` keeps moments with an offset as text, because SQL Server takes equal instants for equal;
/// text that is no UTF-8 as its bytes, because replaced texts may be equal; `not_null` keeps infinities as text, because there
/// is no NULL to put in their place.
pub(super) fn choose(facts: &Facts, promise: Promise, not_null: bool, in_key: bool) -> Choice {
    let (mut form, mut reason) = match (facts.values(), facts.classes()) {
        (0, _) => (promised(promise), TypeReason::Declared),
        (_, 1) => single(facts, promise),
        _ => several(facts, promise),
    };
    if facts.infinities.count > 0 && not_null && form != Form::Mixed {
        (form, reason) = (Form::Mixed, TypeReason::Infinities);
    }
    if facts.invalid.count > 0 && in_key && form == Form::Text {
        // Replaced, two different keys could be the same.
        (form, reason) = (Form::Mixed, TypeReason::ValuesKept);
    }
    if let Form::Moment(moment) = form
        && in_key
        && matches!(moment.zone, Zone::Offset | Zone::SpacedOffset)
    {
        (form, reason) = (Form::Text, TypeReason::ValuesKept);
    }
    chosen(form, reason, facts, promise)
}

/// The choice that any column has, and that takes no room in the row.
pub(super) fn as_text(facts: &Facts, promise: Promise) -> Choice {
    chosen(Form::Mixed, TypeReason::ValuesKept, facts, promise)
}

fn chosen(form: Form, reason: TypeReason, facts: &Facts, promise: Promise) -> Choice {
    let shape = match promise {
        Promise::Decimal(shape) | Promise::DecimalText(shape) => shape,
        _ => Shape {
            precision: 38,
            scale: 0,
        },
    };
    let sql_type = match (form, promise) {
        (Form::Text, Promise::Text(Some(length))) if facts.longest_text <= u64::from(length) => {
            SqlType::NVarChar(length)
        }
        _ => form.sql_type(Some(shape)),
    };
    Choice {
        alternatives: alternatives(form, facts),
        changes: changes(form, facts),
        longest: longest(form, facts),
        trailing: matches!(form, Form::Text | Form::Mixed) && facts.trailing_space
            || form == Form::Blob && facts.trailing_zero,
        bytes: facts.text_units * 6 + facts.blob_bytes * if form == Form::Mixed { 4 } else { 1 },
        form,
        sql_type,
        shape,
        reason,
    }
}

/// For a column without a value.
fn promised(promise: Promise) -> Form {
    match promise {
        Promise::Integer => Form::Integer,
        Promise::Boolean => Form::Bit,
        Promise::Real => Form::Real,
        Promise::Decimal(_) => Form::Decimal,
        Promise::DecimalText(_) => Form::DecimalText,
        Promise::Numeric => Form::RealOrInteger,
        Promise::Date => Form::Date,
        Promise::DateTime => Form::Moment(Moment {
            letter: false,
            clock: UNSEEN,
            zone: Zone::None,
        }),
        Promise::Time => Form::Time(UNSEEN),
        Promise::Uuid => Form::Uuid(false),
        Promise::Text(_) | Promise::Anything => Form::Text,
        Promise::Blob => Form::Blob,
    }
}

/// For values of one class.
fn single(facts: &Facts, promise: Promise) -> (Form, TypeReason) {
    let declared = |form| (form, TypeReason::Declared);
    let otherwise = |form: Form| match promise {
        Promise::Anything | Promise::Numeric => (form, TypeReason::Observed),
        _ => (form, TypeReason::ValuesKept),
    };
    if facts.integers > 0 {
        return match promise {
            Promise::Boolean if facts.only_bits => declared(Form::Bit),
            Promise::Decimal(_) if facts.fits_decimal => declared(Form::Decimal),
            Promise::Integer => declared(Form::Integer),
            _ => otherwise(Form::Integer),
        };
    }
    if facts.reals > 0 {
        return match promise {
            Promise::Decimal(_) if facts.fits_decimal && !facts.whole_reals => declared(Form::Decimal),
            Promise::Real => declared(Form::Real),
            _ => otherwise(Form::Real),
        };
    }
    if facts.blobs > 0 {
        return match promise {
            Promise::Blob => declared(Form::Blob),
            _ => otherwise(Form::Blob),
        };
    }
    let certain = facts.invalid.count == 0;
    match promise {
        Promise::Text(_) => declared(Form::Text),
        Promise::Date if certain && facts.dates.all().is_some() => declared(Form::Date),
        Promise::Time if certain => facts
            .clocks
            .all()
            .map_or(otherwise(Form::Text), |clock| declared(Form::Time(clock))),
        Promise::DateTime if certain => {
            let moments = facts.moments.all();
            moments.map_or(otherwise(Form::Text), |moment| declared(Form::Moment(moment)))
        }
        Promise::Uuid if certain && facts.uuids.all().is_some() && !(facts.upper && facts.lower) => {
            declared(Form::Uuid(facts.upper))
        }
        Promise::DecimalText(_) if certain && facts.decimals.all().is_some() => declared(Form::DecimalText),
        _ => otherwise(Form::Text),
    }
}

/// For values of several classes.
fn several(facts: &Facts, promise: Promise) -> (Form, TypeReason) {
    let numbers = facts.texts == 0 && facts.blobs == 0;
    if numbers && !facts.whole_reals {
        if matches!(promise, Promise::Decimal(_)) && facts.fits_decimal {
            return (Form::Decimal, TypeReason::Declared);
        }
        if facts.exact_integers {
            return (Form::RealOrInteger, TypeReason::Observed);
        }
    }
    let reason = TypeReason::MixedClasses {
        integers: facts.integers,
        reals: facts.reals,
        texts: facts.texts,
        blobs: facts.blobs,
    };
    (Form::Mixed, reason)
}

/// Other types that the values come back through.
fn alternatives(form: Form, facts: &Facts) -> Vec<SqlType> {
    match form {
        Form::Bit => vec![SqlType::BigInt],
        Form::Integer if facts.exact_integers => vec![SqlType::Float],
        Form::Date | Form::Time(_) | Form::Moment(_) | Form::Uuid(_) | Form::DecimalText => vec![SqlType::NVarCharMax],
        _ => Vec::new(),
    }
}

fn changes(form: Form, facts: &Facts) -> Vec<ValueChange> {
    let told = |kind, seen: &Count| ValueChange {
        kind,
        count: seen.count,
        first_rows: seen.first.clone(),
    };
    let mut found = Vec::new();
    match form {
        Form::Real | Form::RealOrInteger => found.push(told(ChangeKind::InfinityToNull, &facts.infinities)),
        Form::Mixed => {
            found.push(told(ChangeKind::InvalidTextAsHex, &facts.invalid));
            found.push(told(ChangeKind::ApostropheAdded, &facts.ambiguous));
        }
        Form::Text => found.push(told(ChangeKind::InvalidTextReplaced, &facts.invalid)),
        _ => {}
    }
    found.retain(|change| change.count > 0);
    found
}

/// Longest value in code units or bytes, as it is written; of mixed values the longest that there may be.
fn longest(form: Form, facts: &Facts) -> u64 {
    match form {
        Form::Text | Form::Date | Form::Time(_) | Form::Moment(_) | Form::Uuid(_) | Form::DecimalText => {
            facts.longest_text
        }
        Form::Blob => facts.longest_blob,
        Form::Mixed => {
            let texts = facts.longest_text + u64::from(facts.ambiguous.count > 0);
            let hex = if facts.invalid.count > 0 {
                facts.longest_invalid
            } else {
                0
            };
            let blobs = if facts.blobs > 0 { facts.longest_blob } else { 0 };
            let blobs = (blobs.max(hex) + 1) * 2;
            let numbers = if facts.integers + facts.reals > 0 { 32 } else { 0 };
            texts.max(blobs).max(numbers)
        }
        _ => 0,
    }
}
