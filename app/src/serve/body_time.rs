//! A request's body arrives in time or is given up, whatever page it is for: who sends a byte now and then holds a place,
//! and the service's end, no longer than that.
//!
//! The time begins when a page first wants the body, so that a credential is looked at before it runs. How large a body
//! may be is for the page to say.

use super::Service;
use super::intake::Refusal;
use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use http_body::{Body as HttpBody, Frame, SizeHint};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::time::{Sleep, sleep};

/// Gives a body up that does not arrive in time. The answer is the same for every page, whatever it made of half a body.
pub async fn bounded(State(service): State<Arc<Service>>, request: Request, next: Next) -> Response {
    within(service.intake.policy().body_time(), request, next).await
}

async fn within(time: Duration, request: Request, next: Next) -> Response {
    let is_late = Arc::new(AtomicBool::new(false));
    let request = request.map(|body| Body::new(Timely::new(body, time, Arc::clone(&is_late))));
    let response = next.run(request).await;
    if !is_late.load(Ordering::Relaxed) {
        return response;
    }
    Refusal::BrokeOff.problem().into_response()
}

/// A body that ends in an error once its time is over.
struct Timely {
    body: Body,
    time: Duration,
    /// Since the body was first wanted and was not there.
    over: Option<Pin<Box<Sleep>>>,
    is_late: Arc<AtomicBool>,
}

impl Timely {
    fn new(body: Body, time: Duration, is_late: Arc<AtomicBool>) -> Self {
        Self { body, time, over: None, is_late }
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
    use super::within;
    use axum::body::{Body, Bytes};
    use axum::http::Request;
    use axum::{Router, middleware};
    use futures::{StreamExt as _, stream};
    use std::io;
    use std::time::Duration;
    use tower::ServiceExt as _;

    /// What a page that wants the whole body answers to this one.
    async fn answer_to(body: Body) -> u16 {
        let page = Router::new()
            .fallback(async |body: Bytes| body)
            .layer(middleware::from_fn(|request, next| within(Duration::ZERO, request, next)));
        page.oneshot(Request::new(body)).await.unwrap().status().as_u16()
    }

    #[tokio::test]
    async fn a_body_that_drips_is_given_up() {
        let dripping = stream::iter([Ok::<_, io::Error>(Bytes::from_static(b"{"))]).chain(stream::pending());
        assert_eq!(answer_to(Body::from_stream(dripping)).await, 408);
    }

    #[tokio::test]
    async fn a_body_that_is_there_is_read_however_short_the_time() {
        let whole =
            stream::iter([Ok::<_, io::Error>(Bytes::from_static(b"{")), Ok(Bytes::from_static(b"}"))]);
        assert_eq!(answer_to(Body::from_stream(whole)).await, 200);
    }
}
