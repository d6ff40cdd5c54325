//! The files of the console: WebAssembly, glue, stylesheet, fonts, icons. From a folder in development, from the
//! binary itself in a release (feature `embed`).
//!
//! The names of scripts and stylesheet carry a hash of their content, so browsers may keep them for ever.

use std::path::{Path, PathBuf};

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::middleware::map_response;
use axum::response::{IntoResponse, Response};
use leptos::config::LeptosOptions;
use tower_http::services::ServeDir;

use super::Web;

const FOR_EVER: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");
const A_DAY: HeaderValue = HeaderValue::from_static("public, max-age=86400");

/// Where the files of the console are.
#[derive(Debug, Clone)]
pub struct Site {
    place: Place,
    /// Name of scripts and stylesheet without their endings: `coffre.<hash>`.
    output_name: String,
}

#[derive(Debug, Clone)]
enum Place {
    Folder(PathBuf),
    #[cfg(feature = "embed")]
    Embedded,
}

/// The files of the console are not where they should be.
#[derive(Debug, thiserror::Error)]
#[error("the files of the console are missing or half built ({0}); run `make run`, or `cargo run -p bundle`")]
pub struct NoSite(String);

impl Site {
    /// The files in the binary, if it carries them; else those in `COFFRE_SITE` or beside the build.
    ///
    /// # Errors
    /// [`NoSite`].
    pub fn find() -> Result<Self, NoSite> {
        #[cfg(feature = "embed")]
        {
            let hash = embedded::Files::get("hash.txt").ok_or_else(|| NoSite("hash.txt is not embedded".to_owned()))?;
            let output_name = output_name(&String::from_utf8_lossy(&hash.data))?;
            Ok(Self {
                place: Place::Embedded,
                output_name,
            })
        }
        #[cfg(not(feature = "embed"))]
        {
            let set = std::env::var_os("COFFRE_SITE").map(PathBuf::from);
            let beside = || Some(std::env::current_exe().ok()?.parent()?.parent()?.join("site"));
            let folder = set
                .or_else(beside)
                .ok_or_else(|| NoSite("this program has no folder".to_owned()))?;
            Self::in_folder(&folder)
        }
    }

    /// The files in a folder.
    ///
    /// # Errors
    /// [`NoSite`] when the folder has no `hash.txt`.
    pub fn in_folder(folder: &Path) -> Result<Self, NoSite> {
        let hash = folder.join("hash.txt");
        let text = std::fs::read_to_string(&hash).map_err(|error| NoSite(format!("{}: {error}", hash.display())))?;
        Ok(Self {
            place: Place::Folder(folder.to_owned()),
            output_name: output_name(&text)?,
        })
    }

    /// What Leptos must know to name the files in a page.
    pub(super) fn leptos_options(&self) -> LeptosOptions {
        LeptosOptions::builder().output_name(self.output_name.clone()).build()
    }
}

fn output_name(hashes: &str) -> Result<String, NoSite> {
    let hash = hashes.lines().find_map(|line| line.strip_prefix("js:")).map(str::trim);
    hash.map(|hash| format!("coffre.{hash}"))
        .ok_or_else(|| NoSite("hash.txt names no script".to_owned()))
}

/// The routes of the files.
pub(super) fn routes(web: &Web) -> Router {
    match &web.site.place {
        Place::Folder(folder) => {
            let files = |below: &str| {
                ServeDir::new(folder.join(below))
                    .precompressed_br()
                    .precompressed_gzip()
            };
            kept("/pkg", files("pkg"), FOR_EVER).merge(kept("/assets", files("assets"), A_DAY))
        }
        #[cfg(feature = "embed")]
        Place::Embedded => embedded::routes(),
    }
}

fn kept(path: &str, files: ServeDir, how_long: HeaderValue) -> Router {
    let keep = move |mut response: Response| {
        let how_long = how_long.clone();
        async move {
            if response.status().is_success() {
                response.headers_mut().insert(header::CACHE_CONTROL, how_long);
            }
            response
        }
    };
    Router::new().nest_service(path, files).layer(map_response(keep))
}

/// Browsers ask for this whatever the page says; they get the drawn one.
pub(super) async fn favicon(State(_): State<Web>) -> Response {
    axum::response::Redirect::permanent("/assets/favicon.svg").into_response()
}

#[cfg(feature = "embed")]
mod embedded {
    //! The files in the binary.

    use axum::extract::Path;
    use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
    use axum::response::{IntoResponse, Response};
    use axum::{Router, routing::get};

    #[derive(rust_embed::RustEmbed)]
    #[folder = "../target/site"]
    pub(super) struct Files;

    pub(super) fn routes() -> Router {
        Router::new()
            .route(
                "/pkg/{*file}",
                get(|headers, Path(file)| file_at("pkg", file, headers, super::FOR_EVER)),
            )
            .route(
                "/assets/{*file}",
                get(|headers, Path(file)| file_at("assets", file, headers, super::A_DAY)),
            )
    }

    async fn file_at(folder: &'static str, file: String, headers: HeaderMap, how_long: HeaderValue) -> Response {
        let path = format!("{folder}/{file}");
        let accepted = headers
            .get(header::ACCEPT_ENCODING)
            .and_then(|v| v.to_str().ok())
            .unwrap_or_default();
        for (encoding, ending) in [("br", ".br"), ("gzip", ".gz")] {
            let asked = accepted
                .split(',')
                .any(|one| one.trim().split(';').next() == Some(encoding));
            if let Some(found) = asked.then(|| Files::get(&format!("{path}{ending}"))).flatten() {
                let coded = [(header::CONTENT_ENCODING, HeaderValue::from_static(encoding))];
                return (coded, answer(&path, found.data.into_owned(), how_long)).into_response();
            }
        }
        match Files::get(&path) {
            Some(found) => answer(&path, found.data.into_owned(), how_long),
            None => StatusCode::NOT_FOUND.into_response(),
        }
    }

    fn answer(path: &str, data: Vec<u8>, how_long: HeaderValue) -> Response {
        let kind = mime_guess::from_path(path).first_or_octet_stream();
        let headers = [
            (
                header::CONTENT_TYPE,
                HeaderValue::from_str(kind.as_ref()).unwrap_or(HeaderValue::from_static("application/octet-stream")),
            ),
            (header::CACHE_CONTROL, how_long),
            (header::VARY, HeaderValue::from_static("accept-encoding")),
        ];
        (headers, data).into_response()
    }
}
