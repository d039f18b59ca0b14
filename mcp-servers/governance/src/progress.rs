//! Progress of a call, for callers that asked to hear of it by a `progressToken`: what the handler says, and every second
//! that it is still at work, so that a host with a short patience does not give up on a long run.
//!
//! Nothing is told after the answer, and nobody waits for a slow listener: what does not fit is left out.

use rmcp::model::{ProgressNotificationParam, ProgressToken};
use rmcp::service::{Peer, RoleServer};
use std::pin::pin;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::Instant;

/// How often a caller hears that the call is still at work.
const BEAT: Duration = Duration::from_secs(1);
/// Words that may wait to be told.
const MOST: usize = 64;

/// A handler's way to say how far it is. Says nothing where nobody asked.
#[derive(Debug, Clone, Default)]
pub struct Progress(Option<mpsc::Sender<String>>);

impl Progress {
    /// Tells the caller, in a few words for people.
    pub fn tell(&self, words: impl Into<String>) {
        if let Some(sender) = &self.0 {
            // A listener that is too slow misses a line; the call does not wait for it.
            let _ = sender.try_send(words.into());
        }
    }
}

/// Awaits `answer`, which is given the way to tell, and passes on what is told meanwhile.
pub(crate) async fn told<A: Future>(
    listener: Option<(ProgressToken, &Peer<RoleServer>)>,
    answer: impl FnOnce(Progress) -> A,
) -> A::Output {
    let Some((token, peer)) = listener else { return answer(Progress::default()).await };
    let (sender, mut words) = mpsc::channel(MOST);
    let mut answer = pin!(answer(Progress(Some(sender))));
    // An interval's first tick is due at once, and even that waits for the timer's next millisecond, on every call.
    let mut beat = tokio::time::interval_at(Instant::now() + BEAT, BEAT);
    let mut told = 0.0;
    loop {
        let said = tokio::select! {
            biased;
            Some(said) = words.recv() => said,
            answered = &mut answer => return answered,
            _ = beat.tick() => "still at work".to_owned(),
        };
        told += 1.0;
        let notification = ProgressNotificationParam::new(token.clone(), told).with_message(said);
        if peer.notify_progress(notification).await.is_err() {
            // Nobody listens any more; whether the call goes on is for its cancellation to say.
            return answer.await;
        }
    }
}
