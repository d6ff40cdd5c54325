//! Every sentence of the console, in French and in English, one module per area.
//!
//! The two languages of a sentence stand next to each other and are arguments of one call: a missing one does not
//! compile. Sentences with facts are functions; plurals and spaces are decided here, numbers and dates are written by
//! `domain::display`. Pages hold no words, and these modules hold no markup.

use domain::lang::Lang;

/// Declares sentences without facts: `name { "French", "English" }`.
macro_rules! sentences {
    ($($name:ident { $fr:literal, $en:literal })*) => {
        $(
            #[doc = $en]
            #[must_use]
            pub const fn $name(lang: domain::lang::Lang) -> &'static str {
                lang.pick($fr, $en)
            }
        )*
    };
}

pub mod alerts;
pub mod backups;
pub mod cancelling;
pub mod common;
pub mod errors;
pub mod expiry;
pub mod failures;
pub mod keeping;
pub mod nights;
pub mod packages;
pub mod processes;
pub mod refusals;
pub mod restore;
pub mod retention;
pub mod reviews;
pub mod sign_in;
pub mod site;
pub mod sites;

#[cfg(test)]
mod tests;

/// A count with its noun. French counts 0 and 1 as singular, English only 1.
fn counted(lang: Lang, count: u64, fr: [&str; 2], en: [&str; 2]) -> String {
    let plural = usize::from(match lang {
        Lang::Fr => count > 1,
        Lang::En => count != 1,
    });
    format!("{} {}", domain::display::number(lang, count), lang.pick(fr, en)[plural])
}

/// Joins a list as a sentence does: `A, B et C`.
#[must_use]
pub fn and(lang: Lang, items: &[String]) -> String {
    match items {
        [] => String::new(),
        [one] => one.clone(),
        [most @ .., last] => format!("{} {} {last}", most.join(", "), lang.pick("et", "and")),
    }
}
