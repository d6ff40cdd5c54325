//! Sending a file piece by piece, so that a cut connection costs one piece and not the file. The server says where an upload
//! stands; the browser sends from there, and asks again after every failure.
//!
//! Only the browser sends. On the server this is the state that the page is drawn with.

use domain::ids::{DatabaseId, SiteId, UploadId};
use domain::overview::UploadEntry;
use domain::refusal::Refusal;
use leptos::html;
use leptos::prelude::*;

/// What is to be said of the sending.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(not(feature = "hydrate"), allow(dead_code, reason = "the server sends nothing"))]
pub(crate) enum Told {
    /// Nothing.
    Nothing,
    /// No file was chosen.
    NoFile,
    /// The connection is away; it goes on by itself.
    Lost,
    /// The person stopped it.
    Stopped,
    /// The server says no.
    Refused(Refusal),
    /// Something broke, with its reference.
    Failed(String),
    /// Everything is there; the upload's id.
    Whole(String),
}

/// The sending of one page.
#[derive(Clone, Copy)]
#[cfg_attr(not(feature = "hydrate"), allow(dead_code, reason = "the server sends nothing"))]
pub(crate) struct Sending {
    told: RwSignal<Told>,
    busy: RwSignal<bool>,
    progress: RwSignal<(u64, u64)>,
    stop: StoredValue<bool>,
    target: StoredValue<(SiteId, DatabaseId)>,
    known: StoredValue<Vec<UploadEntry>>,
}

impl Sending {
    /// Nothing sent yet. `known` are uploads of earlier visits: choosing the same file again goes on with one.
    pub(crate) fn new(site: &SiteId, database: &DatabaseId, known: &[UploadEntry]) -> Self {
        Self {
            told: RwSignal::new(Told::Nothing),
            busy: RwSignal::new(false),
            progress: RwSignal::new((0, 0)),
            stop: StoredValue::new(false),
            target: StoredValue::new((site.clone(), database.clone())),
            known: StoredValue::new(known.to_vec()),
        }
    }

    /// What is to be said.
    pub(crate) fn told(self) -> Told {
        self.told.try_get().unwrap_or(Told::Nothing)
    }

    /// Is something being sent?
    pub(crate) fn is_busy(self) -> bool {
        self.busy.try_get().unwrap_or_default()
    }

    /// Bytes that are there, and in all; both zero before the first.
    pub(crate) fn progress(self) -> (u64, u64) {
        self.progress.try_get().unwrap_or_default()
    }

    /// Stops after the piece under way. What has arrived stays.
    pub(crate) fn stop(self) {
        self.stop.set_value(true);
    }

    /// These are no longer there: the same file begins anew.
    pub(crate) fn forget(self, removed: &[UploadId]) {
        self.known
            .update_value(|known| known.retain(|entry| !removed.contains(&entry.upload.id)));
    }

    /// Sends the file chosen in `input`.
    #[cfg(not(feature = "hydrate"))]
    pub(crate) fn start(self, _input: NodeRef<html::Input>) {}

    /// Sends the file chosen in `input`.
    #[cfg(feature = "hydrate")]
    pub(crate) fn start(self, input: NodeRef<html::Input>) {
        let file = input
            .get_untracked()
            .and_then(|input| input.files())
            .and_then(|files| files.get(0));
        let Some(file) = file else {
            self.told.set(Told::NoFile);
            return;
        };
        if self.busy.get_untracked() {
            return;
        }
        self.busy.set(true);
        self.stop.set_value(false);
        self.told.set(Told::Nothing);
        leptos::task::spawn_local(async move {
            let told = browser::send(self, file).await;
            // The page may have gone meanwhile.
            let _ = self.told.try_set(told);
            let _ = self.busy.try_set(false);
        });
    }
}

#[cfg(feature = "hydrate")]
mod browser {
    use std::time::Duration;

    use domain::bacpac::Upload;
    use domain::overview::UploadEntry;
    use gloo_net::http::{Request, RequestBuilder, Response};
    use leptos::prelude::*;
    use leptos::web_sys::File;

    use super::{Sending, Told};
    use crate::api::ApiError;
    use crate::paths::UPLOADS;

    /// Bytes of one piece: what a cut costs, and how often the bar moves.
    const PIECE: u64 = 4 << 20;
    /// First wait after a failure, doubled up to the last.
    const FIRST_WAIT: Duration = Duration::from_millis(500);
    /// Longest wait: a returned connection is found within some seconds.
    const LAST_WAIT: Duration = Duration::from_secs(8);

    /// Where the server says an upload stands.
    enum Answer {
        At(u64),
        Lost,
        No(ApiError),
    }

    pub(super) async fn send(sending: Sending, file: File) -> Told {
        // Sizes are whole numbers below 2^53.
        let size = file.size() as u64;
        let name = file.name();
        let known = sending.known.with_value(|known| {
            let same = known
                .iter()
                .find(|entry| entry.upload.file_name == name && entry.upload.bytes == size);
            same.map(|entry| entry.upload.clone())
        });
        let upload = match known {
            Some(upload) => upload,
            None => match open(sending, &name, size).await {
                Ok(upload) => {
                    // Stopped and sent again, it goes on with this one.
                    let entry = UploadEntry {
                        upload: upload.clone(),
                        received: 0,
                    };
                    let _ = sending.known.try_update_value(|known| known.push(entry));
                    upload
                }
                Err(ApiError::Refused(refusal)) => return Told::Refused(refusal),
                Err(ApiError::Failed { reference }) => return Told::Failed(reference),
                Err(ApiError::Unreachable) => return Told::Failed(String::new()),
            },
        };
        let url = format!("{UPLOADS}/{}", upload.id);
        let mut wait = FIRST_WAIT;
        let mut answer = ask(&url).await;
        loop {
            match answer {
                Answer::At(offset) => {
                    let _ = sending.progress.try_set((offset, size));
                    let _ = sending.told.try_set(Told::Nothing);
                    if offset >= size {
                        return Told::Whole(upload.id.to_string());
                    }
                    if sending.stop.try_get_value().unwrap_or(true) {
                        return Told::Stopped;
                    }
                    answer = piece(&url, &file, offset, size).await;
                    if matches!(answer, Answer::At(_)) {
                        wait = FIRST_WAIT;
                    }
                }
                Answer::Lost => {
                    if sending.told.try_set(Told::Lost).is_some() || sending.stop.try_get_value().unwrap_or(true) {
                        return Told::Stopped;
                    }
                    pause(wait).await;
                    wait = (wait * 2).min(LAST_WAIT);
                    answer = ask(&url).await;
                }
                Answer::No(ApiError::Refused(refusal)) => return Told::Refused(refusal),
                Answer::No(ApiError::Failed { reference }) => return Told::Failed(reference),
                Answer::No(ApiError::Unreachable) => return Told::Failed(String::new()),
            }
        }
    }

    async fn open(sending: Sending, name: &str, size: u64) -> Result<Upload, ApiError> {
        let query = sending.target.with_value(|(site, database)| {
            [
                ("site", site.to_string()),
                ("database", database.to_string()),
                ("name", name.to_owned()),
            ]
        });
        let request = Request::post(UPLOADS)
            .query(query)
            .header("Upload-Length", &size.to_string());
        let response = plain(request).send().await.map_err(|_| ApiError::Unreachable)?;
        if response.ok() {
            return response.json().await.map_err(|_| ApiError::Unreachable);
        }
        Err(no(response).await)
    }

    async fn ask(url: &str) -> Answer {
        let request = RequestBuilder::new(url).method(gloo_net::http::Method::HEAD);
        answered(plain(request).send().await).await
    }

    async fn piece(url: &str, file: &File, offset: u64, size: u64) -> Answer {
        let end = (offset + PIECE).min(size);
        let Ok(piece) = file.slice_with_f64_and_f64(offset as f64, end as f64) else {
            return Answer::No(ApiError::Unreachable);
        };
        let request = RequestBuilder::new(url)
            .method(gloo_net::http::Method::PATCH)
            .header("Upload-Offset", &offset.to_string())
            .header("Content-Type", "application/offset+octet-stream");
        match plain(request).body(piece) {
            Ok(request) => answered(request.send().await).await,
            Err(_) => Answer::No(ApiError::Unreachable),
        }
    }

    fn plain(request: RequestBuilder) -> RequestBuilder {
        request.header("Accept", "application/json")
    }

    async fn answered(answer: Result<Response, gloo_net::Error>) -> Answer {
        let Ok(response) = answer else {
            return Answer::Lost;
        };
        let offset = response
            .headers()
            .get("Upload-Offset")
            .and_then(|text| text.parse().ok());
        match (response.status(), offset) {
            // Out of step: the server tells where it stands.
            (200..=299 | 409, Some(offset)) => Answer::At(offset),
            // A proxy whose server is away; or the server still waits for what was cut.
            (423 | 502..=504, _) => Answer::Lost,
            _ => Answer::No(no(response).await),
        }
    }

    async fn no(response: Response) -> ApiError {
        let reference = String::new();
        response.json().await.unwrap_or(ApiError::Failed { reference })
    }

    async fn pause(length: Duration) {
        let (sender, receiver) = futures::channel::oneshot::channel();
        set_timeout(
            move || {
                let _ = sender.send(());
            },
            length,
        );
        let _ = receiver.await;
    }
}
