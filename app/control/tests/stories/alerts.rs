//! The courier beside the worker: woken by what happens, and not to be stopped by a channel.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use control::ports::alert_channel::{AlertChannel, Letter, Undelivered};
use control::ports::outbox::Alert;
use domain::alert::Matter;
use domain::time::Timestamp;
use tokio::sync::{mpsc, watch};

use crate::world::{World, site};

/// Tells each try, and panics at the first.
struct Fragile(mpsc::UnboundedSender<String>);

#[async_trait]
impl AlertChannel for Fragile {
    fn name(&self) -> &'static str {
        "mail"
    }

    fn standing(&self) -> Vec<String> {
        vec!["host@example.org".to_owned()]
    }

    fn reaches_people(&self) -> bool {
        true
    }

    async fn send(&self, letter: &Letter, _to: &str, _now: Timestamp) -> Result<(), Undelivered> {
        self.0.send(letter.alert.id.to_string()).unwrap();
        assert!(letter.alert.matter != Matter::SilenceOver, "the first one");
        Ok(())
    }
}

#[tokio::test(start_paused = true)]
async fn a_channel_that_panics_does_not_silence_what_comes_after() {
    let world = World::new().await;
    let (tries, mut tried) = mpsc::unbounded_channel();
    let (stop, stopped) = watch::channel(false);
    let courier = tokio::spawn(
        world
            .plane
            .clone()
            .deliver_alerts(vec![Arc::new(Fragile(tries))], stopped),
    );
    let first = Alert::about(Some(site("dupont")), Matter::SilenceOver, world.now());
    world.plane.raise(&first).await.unwrap();
    assert_eq!(tried.recv().await.unwrap(), first.id.as_str());

    let second = Alert::about(Some(site("martin")), Matter::Test, world.now());
    world.plane.raise(&second).await.unwrap();
    assert_eq!(
        tried.recv().await.unwrap(),
        second.id.as_str(),
        "another site's goes on"
    );

    // Nobody wakes the courier: it looks by itself when the lease of the first has run out.
    world.clock.advance(Duration::from_secs(600));
    assert_eq!(tried.recv().await.unwrap(), first.id.as_str());
    stop.send(true).unwrap();
    courier.await.unwrap();
}
