//! A request's body arrives in time or is given up, whatever page it is for: who sends a byte now and then holds a place,
//! and the service's end, no longer than that. And whoever is refused gets to read it: what a page did not want of a body is
//! taken in and thrown away before the answer, up to a bound, for a connection closed on unread bytes loses the answer, too.
//!
//! The time begins when a page first wants the body, so that a credential is looked at before it runs. How large a body
//! may be is for the page to say.

use crate::serve::Problem;
use axum::body::{Body, Bytes};
use axum::extract::Request;
use axum::http::StatusCode;
use axum::http::header::EXPECT;
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use futures::StreamExt as _;
use http_body::{Body as HttpBody, Frame, SizeHint};
use std::mem;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::sync::oneshot;
use tokio::time::{Sleep, sleep};

/// So much of a body that nobody wants is read: twice the largest that any page takes.
const THROWN_AWAY: u64 = 8 << 20;
/// What whoever was too slow is told.
pub const TOO_SLOW: &str = "the body did not arrive whole and in time; send it again";

/// Gives a body up that does not arrive in time. The answer is the same for every page, whatever it made of half a body.
pub async fn within(time: Duration, request: Request, next: Next) -> Response {
    let is_late = Arc::new(AtomicBool::new(false));
    let (leave, mut left) = oneshot::channel();
    // Who asks for leave to send a body sends none if it is not wanted.
    let is_sent = !request.headers().contains_key(EXPECT);
    let timely =
        |body| Timely { body, time, over: None, is_sent, is_late: Arc::clone(&is_late), leave: Some(leave) };
    let response = next.run(request.map(|body| Body::new(timely(body)))).await;
    if is_late.load(Ordering::Relaxed) {
        return Problem::new(StatusCode::REQUEST_TIMEOUT, TOO_SLOW).into_response();
    }
    if let Ok(rest) = left.try_recv() {
        // That it is longer, slower or breaks off changes nothing: the answer is sent, and the connection ends.
        let _ = tokio::time::timeout(time, throw_away(rest)).await;
    }
    response
}

/// Reads what is left of a body, unless that is too much.
async fn throw_away(rest: Body) {
    let mut bound = THROWN_AWAY;
    if rest.size_hint().lower() > bound {
        return;
    }
    let mut rest = rest.into_data_stream();
    while let Some(Ok(chunk)) = rest.next().await {
        let read = u64::try_from(chunk.len()).unwrap_or(u64::MAX);
        let Some(less) = bound.checked_sub(read) else { return };
        bound = less;
    }
}

/// A body that ends in an error once its time is over, and leaves behind what nobody read of it.
struct Timely {
    body: Body,
    time: Duration,
    /// Since the body was first wanted and was not there.
    over: Option<Pin<Box<Sleep>>>,
    /// The peer sends it, wanted or not.
    is_sent: bool,
    is_late: Arc<AtomicBool>,
    leave: Option<oneshot::Sender<Body>>,
}

impl Drop for Timely {
    fn drop(&mut self) {
        if let Some(leave) = self.leave.take()
            && self.is_sent
            && !self.body.is_end_stream()
        {
            // Whoever answered meanwhile does not wait for it.
            let _ = leave.send(mem::take(&mut self.body));
        }
    }
}

impl HttpBody for Timely {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let time = self.time;
        self.is_sent = true;
        if let Poll::Ready(frame) = Pin::new(&mut self.body).poll_frame(context) {
            return Poll::Ready(frame);
        }
        ready!(self.over.get_or_insert_with(|| Box::pin(sleep(time))).as_mut().poll(context));
        self.is_late.store(true, Ordering::Relaxed);
        Poll::Ready(Some(Err(axum::Error::new("the body did not arrive in time"))))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

    use super::{THROWN_AWAY, within};
    use axum::body::{Body, Bytes};
    use axum::http::Request;
    use axum::routing::{MethodRouter, any};
    use axum::{Router, middleware};
    use futures::{StreamExt as _, stream};
    use std::io;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU64, Ordering};
    use std::time::Duration;
    use tower::ServiceExt as _;

    const MIB: u64 = 1 << 20;

    /// What a page answers, its bodies being given no time but what they need to be read.
    async fn answer(page: MethodRouter, request: Request<Body>) -> u16 {
        let page = Router::new()
            .route("/", page)
            .layer(middleware::from_fn(|request, next| within(Duration::ZERO, request, next)));
        page.oneshot(request).await.unwrap().status().as_u16()
    }

    fn wants_it() -> MethodRouter {
        any(async |body: Bytes| body)
    }

    fn refuses_at_once() -> MethodRouter {
        any(async || axum::http::StatusCode::UNAUTHORIZED)
    }

    /// A body of so many mebibytes, and how many of them were read.
    fn counted(mebibytes: usize) -> (Body, Arc<AtomicU64>) {
        let read = Arc::new(AtomicU64::new(0));
        let counting = Arc::clone(&read);
        let chunks = stream::repeat(Bytes::from(vec![b' '; 1 << 20])).take(mebibytes).map(move |chunk| {
            counting.fetch_add(1, Ordering::Relaxed);
            Ok::<_, io::Error>(chunk)
        });
        (Body::from_stream(chunks), read)
    }

    #[tokio::test]
    async fn a_body_that_drips_is_given_up() {
        let dripping = stream::iter([Ok::<_, io::Error>(Bytes::from_static(b"{"))]).chain(stream::pending());
        assert_eq!(answer(wants_it(), Request::new(Body::from_stream(dripping))).await, 408);
    }

    #[tokio::test]
    async fn a_body_that_is_there_is_read_however_short_the_time() {
        let whole =
            stream::iter([Ok::<_, io::Error>(Bytes::from_static(b"{")), Ok(Bytes::from_static(b"}"))]);
        assert_eq!(answer(wants_it(), Request::new(Body::from_stream(whole))).await, 200);
    }

    #[tokio::test]
    async fn what_nobody_wants_of_a_body_is_read_before_the_answer_up_to_a_bound() {
        let (body, read) = counted(5);
        assert_eq!(answer(refuses_at_once(), Request::new(body)).await, 401);
        assert_eq!(read.load(Ordering::Relaxed), 5);
        let (body, read) = counted(1_000);
        assert_eq!(answer(refuses_at_once(), Request::new(body)).await, 401);
        assert!(read.load(Ordering::Relaxed) <= THROWN_AWAY / MIB + 1);
        let never = Request::new(Body::from_stream(stream::pending::<io::Result<Bytes>>()));
        assert_eq!(answer(refuses_at_once(), never).await, 401, "and for no longer than it may take");
    }

    #[tokio::test]
    async fn who_asks_whether_to_send_a_body_is_not_told_to_for_nothing() {
        let (body, read) = counted(5);
        let asks = Request::builder().header("expect", "100-continue").body(body).unwrap();
        assert_eq!(answer(refuses_at_once(), asks).await, 401);
        assert_eq!(read.load(Ordering::Relaxed), 0);
    }
}
