//! The connection: one event stream per tab, made again by us whenever it breaks.
//!
//! The browser would try again by itself, but only after several seconds of its own choosing, and not at all when the
//! answer was an error. A restarted server is found within a second instead.

use std::time::Duration;

use domain::live::LiveEvent;
use futures::StreamExt;
use futures::future::{Either, select};
use gloo_net::eventsource::State;
use gloo_net::eventsource::futures::EventSource;
use leptos::prelude::*;

use super::{Link, Live};
use crate::components::keep_focus;
use crate::paths;

/// How often the state of the stream is looked at: browsers tell of a broken one only through it.
const LOOK_EVERY: Duration = Duration::from_millis(250);
/// Looks at a stream that does not open before it is given up.
const LOOKS_TO_OPEN: u32 = 20;
/// A loss shorter than this is not worth a word.
const SILENT_FOR: Duration = Duration::from_secs(3);
/// Quarters of a second between two tries at first: with what connecting takes, a restarted server is found, and its state
/// shown, within a second.
const FIRST_DELAY: u32 = 2;
/// Quarters of a second between two tries when the server has been away for long.
const LAST_DELAY: u32 = 20;
/// Tries at the first delay: half a minute.
const QUICK_TRIES: u32 = 60;

/// How a stream ended.
enum End {
    /// It had been open.
    Lost,
    /// It never opened.
    NoAnswer,
    /// The server answered with something other than events.
    Refused,
}

/// Keeps the stream up for as long as the owner lives.
pub(super) fn follow(live: Live) {
    let (task, abort) = futures::future::abortable(keep(live));
    on_cleanup(move || abort.abort());
    leptos::task::spawn_local(async move {
        let _aborted = task.await;
    });
}

async fn keep(live: Live) {
    let mut connected_before = false;
    let loss = RwSignal::new(0_u32);
    loop {
        let refused = matches!(listen(live, loss, &mut connected_before).await, End::Refused);
        tell_after_a_while(live, loss, refused);
        let mut tries: u32 = 0;
        loop {
            tries = tries.saturating_add(1);
            wait(
                live,
                if tries <= QUICK_TRIES { FIRST_DELAY } else { LAST_DELAY },
                refused,
            )
            .await;
            if answers().await {
                break;
            }
        }
    }
}

/// Is the console there? Asked first, because a stream that cannot connect says so only after seconds.
async fn answers() -> bool {
    let asked = gloo_net::http::Request::get(paths::HEALTH).send().await;
    asked.is_ok_and(|response| response.ok())
}

/// Reads events until the stream ends.
async fn listen(live: Live, loss: RwSignal<u32>, connected_before: &mut bool) -> End {
    let Ok(mut source) = EventSource::new(paths::EVENTS) else {
        return End::NoAnswer;
    };
    let Ok(mut messages) = source.subscribe(paths::LIVE_EVENT) else {
        return End::NoAnswer;
    };
    let mut open = false;
    let mut looks = 0;
    loop {
        let event = match select(messages.next(), Box::pin(sleep(LOOK_EVERY))).await {
            Either::Left((Some(Ok((_, message))), _)) => message.data().as_string(),
            Either::Left(_) => return ended(&source, open),
            Either::Right(_) => None,
        };
        match source.state() {
            State::Open if !open => {
                open = true;
                live.link.set(Link::Up);
                loss.update(|loss| *loss = loss.wrapping_add(1));
                if *connected_before {
                    live.reconnections.update(|count| *count = count.wrapping_add(1));
                }
                *connected_before = true;
            }
            State::Connecting if !open && looks < LOOKS_TO_OPEN => looks += 1,
            State::Open => {}
            State::Connecting | State::Closed => return ended(&source, open),
        }
        if let Some(event) = event.and_then(|text| serde_json::from_str::<LiveEvent>(&text).ok()) {
            keep_focus();
            live.absorb(event);
        }
    }
}

fn ended(source: &EventSource, open: bool) -> End {
    match (open, source.state()) {
        (true, _) => End::Lost,
        (false, State::Closed) => End::Refused,
        (false, _) => End::NoAnswer,
    }
}

/// Shows the banner unless the stream is back within [`SILENT_FOR`].
fn tell_after_a_while(live: Live, loss: RwSignal<u32>, refused: bool) {
    let this_loss = loss.get_untracked();
    set_timeout(
        move || {
            if loss.try_get_untracked() == Some(this_loss) && live.link.get_untracked() == Link::Up {
                live.link.set(if refused {
                    Link::Closed
                } else {
                    Link::Lost { retry_in: 1 }
                });
            }
        },
        SILENT_FOR,
    );
}

/// Counts down to the next try, in the banner if it is shown; the button cuts it short.
async fn wait(live: Live, quarters: u32, refused: bool) {
    let asked = live.retry.get_untracked();
    for left in (1..=quarters).rev() {
        live.link.maybe_update(|link| {
            let next = if refused {
                Link::Closed
            } else {
                Link::Lost {
                    retry_in: left.div_ceil(4),
                }
            };
            let shown = *link != Link::Up && *link != next;
            if shown {
                *link = next;
            }
            shown
        });
        sleep(LOOK_EVERY).await;
        if live.retry.get_untracked() != asked {
            return;
        }
    }
}

async fn sleep(length: Duration) {
    let (done, wait) = futures::channel::oneshot::channel::<()>();
    set_timeout(
        move || {
            let _nobody_waits = done.send(());
        },
        length,
    );
    let _cancelled = wait.await;
}
