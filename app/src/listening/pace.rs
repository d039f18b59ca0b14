//! Where each connection stands: silent, saying what it wants, or being answered. From it follow who gives a place up when
//! places are short, and a last word to a peer whose request never became whole.
//!
//! hyper bounds the time for a request's head, but then closes without a word. Here such a peer is told (408), and the
//! connection's owner learns of it; one that was merely silent is closed quietly, as keep-alive connections end.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::sync::Notify;
use tokio::time::Instant;

const LAST_WORD: &str = "HTTP/1.1 408 Request Timeout\r\ncontent-type: application/problem+json\r\nconnection: close\r\n\r\n{\"status\":408,\"title\":\"Request Timeout\",\"detail\":\"the request did not arrive whole and in time; send it again\"}\r\n";

/// What a connection is at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// Nothing was said since the last answer.
    Silent,
    /// A part of a request's head has come.
    Head,
    /// The head is whole, the body is not.
    Body,
    /// The request is whole, or its rest is not wanted: it is ours to answer.
    Answering,
}

/// Why a connection was ended in the middle of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cut {
    /// Its head was not whole in time, or never became so.
    HeadIncomplete,
    /// Its place was needed, and nobody had taken longer to say what they want.
    GaveWay,
}

#[derive(Debug)]
struct Standing {
    stage: Stage,
    since: Instant,
    gives_way: bool,
    cut: Option<Cut>,
}

/// Where a connection stands, shared between its bytes, what answers on it, and the places.
#[derive(Debug)]
pub struct Turn {
    standing: Mutex<Standing>,
    way_is_wanted: Notify,
    /// Told when a connection that was being answered waits again.
    waits_again: Arc<Notify>,
}

impl Turn {
    /// Of a new connection.
    pub fn new(waits_again: Arc<Notify>) -> Self {
        let standing = Standing { stage: Stage::Silent, since: Instant::now(), gives_way: false, cut: None };
        Self { standing: Mutex::new(standing), way_is_wanted: Notify::new(), waits_again }
    }

    /// A request's head has arrived whole: what its peer sends now is the body.
    pub fn head_is_whole(&self) {
        self.standing().stage = Stage::Body;
    }

    /// The body has arrived whole too, or nobody wants its rest.
    pub fn body_is_whole(&self) {
        let mut standing = self.standing();
        if standing.stage == Stage::Body {
            standing.stage = Stage::Answering;
        }
    }

    /// Everything was said: the next request may come.
    pub fn is_answered(&self) {
        self.standing().turn_to(Stage::Silent);
        self.waits_again.notify_one();
    }

    /// Since when this connection has kept us waiting for a whole request; none while we are at answering one.
    pub fn waits_since(&self) -> Option<Instant> {
        let standing = self.standing();
        (standing.stage != Stage::Answering).then_some(standing.since)
    }

    /// Asks the connection to end.
    pub fn want_way(&self) {
        self.standing().gives_way = true;
        self.way_is_wanted.notify_one();
    }

    /// The same, unless a request has begun to be taken in.
    pub fn want_way_before_a_request(&self) {
        if matches!(self.standing().stage, Stage::Silent | Stage::Head) {
            self.want_way();
        }
    }

    /// Whether it was asked to end and has not yet.
    pub fn gives_way(&self) -> bool {
        self.standing().gives_way
    }

    /// Resolves when the connection is to end. A request that became whole meanwhile is answered first.
    pub async fn way_is_wanted(&self) {
        loop {
            self.way_is_wanted.notified().await;
            let mut standing = self.standing();
            if standing.stage != Stage::Answering {
                return;
            }
            standing.gives_way = false;
            self.waits_again.notify_one();
        }
    }

    /// Why the connection was ended in the middle of a request; none if it was not.
    pub fn cut(&self) -> Option<Cut> {
        self.standing().cut
    }

    fn standing(&self) -> MutexGuard<'_, Standing> {
        self.standing.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Standing {
    fn turn_to(&mut self, stage: Stage) {
        (self.stage, self.since) = (stage, Instant::now());
    }
}

/// A connection that tells its [`Turn`] what comes and goes.
pub struct Paced {
    stream: TcpStream,
    turn: Arc<Turn>,
    /// Everything was said; what still comes is the rest of a body that nobody wanted.
    is_closing: bool,
}

impl Paced {
    /// The connection, on which nothing was said yet.
    pub fn new(stream: TcpStream, turn: Arc<Turn>) -> Self {
        Self { stream, turn, is_closing: false }
    }

    fn hear(&self) {
        let mut standing = self.turn.standing();
        if standing.stage == Stage::Silent && !self.is_closing {
            standing.turn_to(Stage::Head);
        }
    }

    /// What is said in the middle of a head is hyper's own: it cannot be read, or the connection ends.
    fn speak(&self) {
        let mut standing = self.turn.standing();
        if standing.stage == Stage::Head {
            standing.turn_to(Stage::Silent);
        }
    }
}

impl Drop for Paced {
    fn drop(&mut self) {
        let mut standing = self.turn.standing();
        standing.cut = match (standing.stage, standing.gives_way) {
            (Stage::Head | Stage::Body, true) => Some(Cut::GaveWay),
            (Stage::Head, false) => Some(Cut::HeadIncomplete),
            (Stage::Silent | Stage::Body | Stage::Answering, _) => None,
        };
        if standing.cut.is_some() {
            // A peer that is gone, or does not read either, misses nothing.
            let _ = self.stream.try_write(LAST_WORD.as_bytes());
        }
    }
}

impl AsyncRead for Paced {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let read = Pin::new(&mut self.stream).poll_read(context, buffer);
        if buffer.filled().len() > before {
            self.hear();
        }
        read
    }
}

impl AsyncWrite for Paced {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.speak();
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.speak();
        Pin::new(&mut self.stream).poll_write_vectored(context, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.is_closing = true;
        self.speak();
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
