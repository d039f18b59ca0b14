//! One JSON-RPC message a line, over a pair of byte streams, for rmcp to serve. Every request that cannot be one is
//! answered: rmcp's own framing drops what it cannot parse, and a host would wait for an answer for ever. And every message
//! that cannot be one is told to whoever keeps the book.
//!
//! [`judge`] decides what a line is; [`Lines`] reads, answers and writes. What a message asks is not looked at here.

use futures::future::BoxFuture;
use rmcp::model::{ClientJsonRpcMessage, ErrorData, RequestId, ServerJsonRpcMessage};
use rmcp::service::{RoleServer, RxJsonRpcMessage, TxJsonRpcMessage};
use rmcp::transport::Transport;
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::Value;
use std::io;
use std::sync::Arc;
use tokio::io::{AsyncBufReadExt as _, AsyncRead, AsyncWrite, AsyncWriteExt as _, BufReader};
use tokio::sync::Mutex;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// As over HTTP: arguments are at most 1 MiB, which JSON escapes may blow up.
const LONGEST_LINE: usize = 4 << 20;
/// So much of a longer line is kept to find whom to answer: hosts write a request's id last.
const LONGEST_KEPT: usize = 16 << 20;

/// Told why a message was not read, before it is answered. What is kept of it, and how often, is its own business.
pub(super) type Book = Arc<dyn Fn(Unread) -> BoxFuture<'static, ()> + Send + Sync>;

/// Why a message is not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unread {
    TooLarge,
    Malformed,
}

/// What a line is.
#[derive(Debug)]
enum Judged {
    Message(Box<ClientJsonRpcMessage>),
    Empty,
    Refused(Refusal),
}

/// Why a line is not read, and what that is answered.
#[derive(Debug, PartialEq)]
struct Refusal {
    why: Unread,
    answer: Option<Answer>,
}

/// An error, and to which request; of a notification nobody waits for one.
#[derive(Debug, PartialEq)]
struct Answer {
    id: Option<RequestId>,
    error: ErrorData,
}

/// Judges one line, without its end.
fn judge(line: &[u8]) -> Judged {
    // RFC 8259 allows to ignore a byte order mark.
    let line = line.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(line).trim_ascii();
    if line.is_empty() {
        return Judged::Empty;
    }
    if line.len() > LONGEST_LINE {
        let error =
            ErrorData::invalid_request(format!("the message is longer than {LONGEST_LINE} bytes"), None);
        return Judged::Refused(Refusal { why: Unread::TooLarge, answer: answer_to(line, error) });
    }
    let unread = match serde_json::from_slice(line) {
        Ok(message) => return Judged::Message(Box::new(message)),
        Err(error) => error,
    };
    // Skipping values takes no stack and looks into no text: what fails here is no JSON.
    if let Err(error) = serde_json::from_slice::<IgnoredAny>(line) {
        let error = ErrorData::parse_error(format!("this is no JSON: column {}", error.column()), None);
        return Judged::Refused(Refusal { why: Unread::Malformed, answer: Some(Answer { id: None, error }) });
    }
    let text = if unread.is_data() {
        "this is no JSON-RPC 2.0 message of MCP".to_owned()
    } else {
        // Nested too deeply, or a text that is no Unicode; the words name a place and quote nothing.
        format!("the message cannot be read: {unread}")
    };
    let answer = answer_to(line, ErrorData::invalid_request(text, None));
    Judged::Refused(Refusal { why: Unread::Malformed, answer })
}

/// The answer to the request that a line holds; to a notification, none.
fn answer_to(line: &[u8], error: ErrorData) -> Option<Answer> {
    #[derive(Deserialize)]
    struct Head {
        #[serde(default)]
        id: Option<Value>,
        #[serde(default)]
        method: Option<IgnoredAny>,
    }
    let Ok(head) = serde_json::from_slice::<Head>(line) else {
        return Some(Answer { id: None, error });
    };
    match (head.id, head.method) {
        (None, Some(_)) => None,
        // An answer of the host's that cannot be read is answered to nobody in particular.
        (_, None) => Some(Answer { id: None, error }),
        (Some(id), Some(_)) => Some(Answer { id: serde_json::from_value(id).ok(), error }),
    }
}

/// The transport.
pub(super) struct Lines<R, W> {
    read: BufReader<R>,
    /// The line so far; kept here because a read may be dropped half-way and taken up again.
    line: Vec<u8>,
    write: Arc<Mutex<Option<W>>>,
    book: Book,
    /// From then on nothing more is read, as if the stream had ended.
    stop: CancellationToken,
    /// A refusal on its way to the book and out. At most one: who reads no answers is not read either.
    answering: Option<JoinHandle<io::Result<()>>>,
}

impl<R, W> Lines<R, W>
where
    R: AsyncRead + Unpin + Send,
    W: AsyncWrite + Unpin + Send + 'static,
{
    pub(super) fn over((read, write): (R, W), book: Book, stop: CancellationToken) -> Self {
        let write = Arc::new(Mutex::new(Some(write)));
        Self { read: BufReader::new(read), line: Vec::new(), write, book, stop, answering: None }
    }

    /// Reads to the end of a line; false at the end of the stream, where what has no end of line is no message.
    async fn read_line(&mut self) -> io::Result<bool> {
        loop {
            let available = self.read.fill_buf().await?;
            if available.is_empty() {
                return Ok(false);
            }
            let end = available.iter().position(|byte| *byte == b'\n');
            let part = available.get(..end.unwrap_or(available.len())).unwrap_or_default();
            let room = LONGEST_KEPT.saturating_sub(self.line.len());
            self.line.extend_from_slice(part.get(..room).unwrap_or(part));
            let consumed = part.len() + usize::from(end.is_some());
            self.read.consume(consumed);
            if end.is_some() {
                return Ok(true);
            }
        }
    }

    fn refuse(&mut self, refusal: Refusal) {
        tracing::warn!(why = ?refusal.why, "a message was not read");
        let (told, to) = ((self.book)(refusal.why), Arc::clone(&self.write));
        self.answering = Some(tokio::spawn(async move {
            told.await;
            match refusal.answer {
                Some(answer) => write(to, ServerJsonRpcMessage::error(answer.error, answer.id)).await,
                None => Ok(()),
            }
        }));
    }
}

async fn write<W>(to: Arc<Mutex<Option<W>>>, message: ServerJsonRpcMessage) -> io::Result<()>
where
    W: AsyncWrite + Unpin + Send + 'static,
{
    let mut line = serde_json::to_vec(&message)?;
    line.push(b'\n');
    let mut to = to.lock().await;
    let to = to.as_mut().ok_or(io::ErrorKind::NotConnected)?;
    to.write_all(&line).await?;
    to.flush().await
}

impl<R, W> Transport<RoleServer> for Lines<R, W>
where
    R: AsyncRead + Unpin + Send,
    W: AsyncWrite + Unpin + Send + 'static,
{
    type Error = io::Error;

    fn send(
        &mut self,
        message: TxJsonRpcMessage<RoleServer>,
    ) -> impl Future<Output = io::Result<()>> + Send + 'static {
        // In a task of its own: a line is written whole, also when whoever sends it stops waiting.
        let written = tokio::spawn(write(Arc::clone(&self.write), message));
        async move { written.await.map_err(io::Error::other)? }
    }

    async fn receive(&mut self) -> Option<RxJsonRpcMessage<RoleServer>> {
        loop {
            if let Some(answering) = &mut self.answering {
                // A host that takes no answers has gone: the read ends as well.
                let _ = answering.await;
                self.answering = None;
            }
            let stop = self.stop.clone();
            match stop.run_until_cancelled(self.read_line()).await {
                Some(Ok(true)) => {}
                Some(Ok(false)) | None => return None,
                Some(Err(error)) => {
                    tracing::warn!(%error, "standard input cannot be read");
                    return None;
                }
            }
            let judged = judge(&self.line);
            self.line.clear();
            // One huge line does not hold its memory for the rest of the session.
            self.line.shrink_to(LONGEST_LINE);
            match judged {
                Judged::Message(message) => return Some(*message),
                Judged::Empty => {}
                Judged::Refused(refusal) => self.refuse(refusal),
            }
        }
    }

    async fn close(&mut self) -> io::Result<()> {
        self.write.lock().await.take();
        Ok(())
    }
}

#[cfg(test)]
mod tests;
