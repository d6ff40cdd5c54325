//! The one event stream of a tab: first the whole present state, then every change that this person may see.
//!
//! Rights are looked up again every half minute; a session that has ended ends the stream, and the page's next attempt
//! is told 401.

use std::collections::HashSet;
use std::convert::Infallible;
use std::time::Duration;

use axum::Extension;
use axum::extract::State;
use axum::response::sse::{Event, KeepAlive, Sse};
use domain::ids::SiteId;
use domain::limits::RIGHTS_RECHECK;
use domain::live::LiveEvent;
use futures::Stream;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::{mpsc, watch};
use tokio::time::{MissedTickBehavior, interval};

use super::Web;
use super::session::SignedIn;

/// A silent stream says this often that it is alive, so that proxies do not cut it.
const KEEP_ALIVE: Duration = Duration::from_secs(10);

/// Ended processes sent with the present state: more than anybody watches at once.
const ENDED_SENT: usize = 20;

/// Events on their way to a slow browser before the stream waits for it.
const IN_FLIGHT: usize = 64;

pub(super) async fn events(
    State(web): State<Web>,
    Extension(who): Extension<SignedIn>,
) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    let (sender, receiver) = mpsc::channel(IN_FLIGHT);
    tokio::spawn(async move {
        // An end for whatever reason closes the channel, and with it the stream: the page connects again.
        let _ = follow(web, who, sender).await;
    });
    let stream = futures::stream::unfold(receiver, |mut receiver| async move {
        receiver.recv().await.map(|event| (Ok(event), receiver))
    });
    Sse::new(stream).keep_alive(KeepAlive::new().interval(KEEP_ALIVE))
}

/// The stream has ended: the browser left, the session ended, or the server stops.
struct Ended;

async fn follow(web: Web, who: SignedIn, to: mpsc::Sender<Event>) -> Result<(), Ended> {
    let mut feed = web.plane.feed().listen();
    let mut stop = web.stop.clone();
    let mut recheck = interval(RIGHTS_RECHECK);
    recheck.set_missed_tick_behavior(MissedTickBehavior::Delay);
    recheck.tick().await;
    let mut visible = present(&web, &who, &to).await?;
    loop {
        tokio::select! {
            event = feed.recv() => match event {
                Ok(event) if visible.contains(site_of(&event)) => send(&to, &event).await?,
                Ok(_) => {}
                Err(RecvError::Lagged(_)) => {
                    visible = present(&web, &who, &to).await?;
                    // What was missed may have been a list that changed: these have no state of their own to send.
                    for site in &visible {
                        send(&to, &LiveEvent::Backups { site: site.clone() }).await?;
                    }
                }
                Err(RecvError::Closed) => return Err(Ended),
            },
            _ = recheck.tick() => visible = present(&web, &who, &to).await?,
            () = stopped(&mut stop) => return Err(Ended),
            () = to.closed() => return Err(Ended),
        }
    }
}

/// Until the server stops. The value looked at must not be held over an await.
async fn stopped(stop: &mut watch::Receiver<bool>) {
    let _ = stop.wait_for(|stop| *stop).await;
}

/// Sends the whole present state; returns the sites this person sees now.
async fn present(web: &Web, who: &SignedIn, to: &mpsc::Sender<Event>) -> Result<HashSet<SiteId>, Ended> {
    let actor = web
        .plane
        .still_signed_in(&who.token)
        .await
        .map_err(|_| Ended)?
        .ok_or(Ended)?;
    let sites = web.plane.visible_sites(&actor).await.map_err(|_| Ended)?;
    let ids: Vec<_> = sites.iter().map(|site| site.id.clone()).collect();
    for site in sites {
        send(
            to,
            &LiveEvent::Site {
                site: site.id,
                status: site.status,
            },
        )
        .await?;
    }
    let store = web.plane.store();
    let ended = store.ended(&ids, ENDED_SENT).await.map_err(|_| Ended)?;
    let active = store.active(Some(&ids)).await.map_err(|_| Ended)?;
    for process in ended.into_iter().chain(active) {
        send(to, &LiveEvent::Process(process)).await?;
    }
    Ok(ids.into_iter().collect())
}

async fn send(to: &mpsc::Sender<Event>, event: &LiveEvent) -> Result<(), Ended> {
    let event = Event::default().event("live").json_data(event).map_err(|_| Ended)?;
    to.send(event).await.map_err(|_| Ended)
}

fn site_of(event: &LiveEvent) -> &SiteId {
    match event {
        LiveEvent::Process(process) => &process.site,
        LiveEvent::Site { site, .. } | LiveEvent::Backups { site } => site,
    }
}
