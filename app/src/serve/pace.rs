//! A last word to a peer whose request never became whole.
//!
//! hyper bounds the time for a request's head, but then closes without a word. Here such a peer is told (408), and the
//! connection's owner learns of it; one that was merely silent is closed quietly, as keep-alive connections end.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

const LAST_WORD: &str = "HTTP/1.1 408 Request Timeout\r\ncontent-type: application/problem+json\r\nconnection: close\r\n\r\n{\"status\":408,\"title\":\"Request Timeout\",\"detail\":\"the head of the request did not arrive whole and in time; send it again\"}\r\n";

/// Where a connection stands, shared with what answers on it.
#[derive(Debug, Default)]
pub struct Turn {
    is_answered: AtomicBool,
    was_cut: AtomicBool,
}

impl Turn {
    /// A request's head has arrived whole: what its peer sends now is the body.
    pub fn begin(&self) {
        self.is_answered.store(true, Ordering::Relaxed);
    }

    /// Whether the connection ended in the middle of a head.
    pub fn was_cut(&self) -> bool {
        self.was_cut.load(Ordering::Relaxed)
    }
}

/// A connection that knows whether part of a head has come.
pub struct Paced {
    stream: TcpStream,
    turn: Arc<Turn>,
    /// Bytes came that are no request yet.
    has_begun: bool,
    /// Everything was said; what still comes is the rest of a body that nobody wanted.
    is_closing: bool,
}

impl Paced {
    /// The connection, on which nothing was said yet.
    pub fn new(stream: TcpStream, turn: Arc<Turn>) -> Self {
        Self { stream, turn, has_begun: false, is_closing: false }
    }

    fn spoken_to(&mut self) {
        self.turn.is_answered.store(false, Ordering::Relaxed);
        self.has_begun = false;
    }
}

impl Drop for Paced {
    fn drop(&mut self) {
        if self.has_begun && !self.turn.is_answered.load(Ordering::Relaxed) {
            self.turn.was_cut.store(true, Ordering::Relaxed);
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
        let is_answered = self.turn.is_answered.load(Ordering::Relaxed);
        let counts = !is_answered && !self.is_closing;
        self.has_begun = counts && (self.has_begun || buffer.filled().len() > before);
        read
    }
}

impl AsyncWrite for Paced {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.spoken_to();
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.spoken_to();
        Pin::new(&mut self.stream).poll_write_vectored(context, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        (self.is_closing, self.has_begun) = (true, false);
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
