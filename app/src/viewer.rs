//! Who looks at the page, and how they want to see it: read once from the session by the server, handed to the browser
//! with the page, and constant while the page lives.
//!
//! Switching language or theme is a form post and a new page; so no sentence needs to be reactive, and none is
//! downloaded twice. Rights are not decided here: see [`crate::rights`].

use domain::account::{Actor, Role};
use domain::lang::Lang;
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

/// Light, dark, or as the system says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Theme {
    /// As the system says.
    #[default]
    Auto,
    /// Light.
    Light,
    /// Dark.
    Dark,
}

impl Theme {
    /// All, in the order of the switch.
    pub const ALL: [Self; 3] = [Self::Auto, Self::Light, Self::Dark];

    /// The code in the cookie and in the form.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }

    /// The theme of a code.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|theme| theme.code() == code)
    }

    /// The value of `data-theme` on `<html>`; none when the system decides.
    #[must_use]
    pub const fn pinned(self) -> Option<&'static str> {
        match self {
            Self::Auto => None,
            Self::Light | Self::Dark => Some(self.code()),
        }
    }
}

/// An account of the demo, offered on the sign-in page. Never filled outside the demo.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DemoAccount {
    /// Its role.
    pub role: Role,
    /// Shown name.
    pub name: String,
    /// Address to sign in with.
    pub email: String,
    /// Password, in clear: the demo has no secrets.
    pub password: String,
}

/// Who looks, in which language and theme. The server provides it to every request.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Viewer {
    /// Who is signed in.
    pub actor: Option<Actor>,
    /// Language of every sentence.
    pub lang: Lang,
    /// Theme.
    pub theme: Theme,
    /// Accounts to offer on the sign-in page: the demo's, and only while nobody is signed in.
    pub demo_accounts: Vec<DemoAccount>,
}

/// Hands the server's viewer to the browser, and both to the components below.
pub(crate) fn provide() -> Viewer {
    let viewer = SharedValue::new(|| use_context::<Viewer>().unwrap_or_default()).into_inner();
    provide_context(viewer.lang);
    provide_context(viewer.clone());
    viewer
}

/// Why a plain link (a download) did not give what was asked: the server draws this instead of a page.
#[derive(Debug, Clone)]
pub struct PlainAnswer(pub crate::api::ApiError);

/// The answer of a plain link, if that is what is being drawn; known to the browser too.
pub(crate) fn plain_answer() -> Option<crate::api::ApiError> {
    SharedValue::new(|| use_context::<PlainAnswer>().map(|answer| answer.0)).into_inner()
}

/// Who looks.
pub(crate) fn viewer() -> Viewer {
    use_context().unwrap_or_default()
}

/// The language of the page.
pub(crate) fn lang() -> Lang {
    use_context().unwrap_or_default()
}
