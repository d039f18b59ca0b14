//! Bodies that tell their connection's [`Turn`] when they are whole: a request's once it was read or is not wanted, an
//! answer's once it was handed over.

use super::pace::Turn;
use axum::body::{Body, Bytes, HttpBody};
use http_body::{Frame, SizeHint};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

/// What a body's end means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Whose {
    Peers,
    Ours,
}

/// A body, and who is told of its end.
pub struct Told {
    body: Body,
    whose: Whose,
    turn: Arc<Turn>,
}

impl Told {
    /// The body of a request whose head is whole.
    pub fn by_peer<B>(body: B, turn: Arc<Turn>) -> Self
    where
        B: HttpBody<Data = Bytes> + Send + 'static,
        B::Error: Into<axum::BoxError>,
    {
        turn.head_is_whole();
        let told = Self { body: Body::new(body), whose: Whose::Peers, turn };
        told.tell_if_whole();
        told
    }

    /// The body of our answer.
    pub fn by_us(body: Body, turn: Arc<Turn>) -> Self {
        Self { body, whose: Whose::Ours, turn }
    }

    fn tell_if_whole(&self) {
        if self.whose == Whose::Peers && self.body.is_end_stream() {
            self.turn.body_is_whole();
        }
    }
}

impl Drop for Told {
    fn drop(&mut self) {
        match self.whose {
            Whose::Peers => self.turn.body_is_whole(),
            Whose::Ours => self.turn.is_answered(),
        }
    }
}

impl HttpBody for Told {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let frame = Pin::new(&mut self.body).poll_frame(context);
        if frame.is_ready() {
            self.tell_if_whole();
        }
        frame
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
