//! What a server function answers when it does not succeed, and the HTTP status that goes with it.
//!
//! The status is set in one place. A form posted without script is answered by a redirect, which a status would
//! replace: so none is set when the request accepts a page, and the page itself sets its own.

use domain::refusal::Refusal;
use leptos::server_fn::codec::JsonEncoding;
use leptos::server_fn::error::{FromServerFnError, ServerFnErrorErr};
use serde::{Deserialize, Serialize};

/// Why a call did not succeed. Codes and facts only, never text: without script it travels in an address.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum ApiError {
    /// An expected "no".
    Refused(Refusal),
    /// Something broke; the log has it under this reference.
    Failed {
        /// What to quote on the telephone; empty when the call never reached the log.
        reference: String,
    },
    /// The browser could not reach the console.
    Unreachable,
}

impl std::fmt::Display for ApiError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Refused(refusal) => f.write_str(refusal.code()),
            Self::Failed { reference } => write!(f, "failed {reference}"),
            Self::Unreachable => f.write_str("unreachable"),
        }
    }
}

impl std::error::Error for ApiError {}

impl FromServerFnError for ApiError {
    type Encoder = JsonEncoding;

    fn from_server_fn_error(error: ServerFnErrorErr) -> Self {
        match error {
            ServerFnErrorErr::Args(_) | ServerFnErrorErr::MissingArg(_) => Self::Refused(Refusal::Invalid {
                field: domain::refusal::Field::Id,
            }),
            ServerFnErrorErr::Request(_) | ServerFnErrorErr::Deserialization(_) => Self::Unreachable,
            _ => Self::Failed {
                reference: String::new(),
            },
        }
    }
}

#[cfg(feature = "ssr")]
impl ApiError {
    /// The HTTP status of the answer.
    #[must_use]
    pub const fn status(&self) -> u16 {
        match self {
            Self::Refused(refusal) => refusal.status(),
            Self::Failed { .. } | Self::Unreachable => 500,
        }
    }
}

impl From<Refusal> for ApiError {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal).answered()
    }
}

#[cfg(feature = "ssr")]
impl From<control::ControlError> for ApiError {
    fn from(error: control::ControlError) -> Self {
        match error {
            control::ControlError::Refused(refusal) => refusal.into(),
            control::ControlError::Failed { reference } => Self::Failed { reference }.answered(),
        }
    }
}

impl ApiError {
    /// Sets the status of the answer under way, unless a page is wanted.
    #[cfg(feature = "ssr")]
    fn answered(self) -> Self {
        use leptos::prelude::use_context;
        let accept = use_context::<http::request::Parts>().and_then(|parts| {
            parts
                .headers
                .get(http::header::ACCEPT)?
                .to_str()
                .ok()
                .map(str::to_owned)
        });
        if let Some(response) = use_context::<leptos_axum::ResponseOptions>()
            && !wants_page(accept.as_deref())
            && let Ok(status) = http::StatusCode::from_u16(self.status())
        {
            response.set_status(status);
        }
        self
    }

    #[cfg(not(feature = "ssr"))]
    fn answered(self) -> Self {
        self
    }
}

/// Does the request come from a browser that navigates or posts a form, rather than from a script?
#[cfg(feature = "ssr")]
#[must_use]
pub fn wants_page(accept: Option<&str>) -> bool {
    accept.is_some_and(|accept| accept.contains("text/html"))
}

#[cfg(test)]
#[cfg(feature = "ssr")]
mod tests {
    use super::*;
    use leptos::prelude::{Owner, provide_context};
    use leptos_axum::ResponseOptions;

    fn status_set_for(accept: Option<&str>, error: ApiError) -> Option<u16> {
        let owner = Owner::new();
        owner.with(|| {
            let mut request = http::Request::builder();
            if let Some(accept) = accept {
                request = request.header(http::header::ACCEPT, accept);
            }
            let (parts, ()) = request.body(()).unwrap().into_parts();
            provide_context(parts);
            let response = ResponseOptions::default();
            provide_context(response.clone());
            let _ = error.answered();
            let status = response.0.read().unwrap().status;
            status.map(|status| status.as_u16())
        })
    }

    #[test]
    fn a_script_gets_the_status_and_a_form_keeps_its_redirect() {
        let refused = || ApiError::Refused(Refusal::NotFound);
        assert_eq!(status_set_for(Some("application/json"), refused()), Some(404));
        assert_eq!(
            status_set_for(None, ApiError::Failed { reference: "X".into() }),
            Some(500)
        );
        assert_eq!(status_set_for(Some("text/html,application/xhtml+xml"), refused()), None);
    }

    #[test]
    fn an_error_crosses_to_the_browser_as_it_is() {
        let refusal = Refusal::QuotaReached {
            kept: 5,
            reserved: 0,
            quota: 5,
            oldest: None,
        };
        let error = ApiError::Refused(refusal);
        let bytes = error.ser();
        assert_eq!(ApiError::de(bytes), error);
    }
}
