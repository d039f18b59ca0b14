//! One JSON-RPC message a line, over a pair of byte streams, for rmcp to serve. Every request that cannot be one is
//! answered: rmcp's own framing drops what it cannot parse, and a host would wait for an answer for ever.
//!
//! [`judge`] decides what a line is; [`Lines`] reads, answers and writes. What a message asks is not looked at here.

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

/// As over HTTP: arguments are at most 1 MiB, which JSON escapes may blow up.
const LONGEST_LINE: usize = 4 << 20;
/// So much of a longer line is kept to find whom to answer: hosts write a request's id last.
const LONGEST_KEPT: usize = 16 << 20;

/// What a line is.
#[derive(Debug)]
enum Judged {
    Message(Box<ClientJsonRpcMessage>),
    /// Nothing anybody waits for: an empty line, a notification that cannot be read.
    Nothing,
    Refused(Refusal),
}

/// Why a line is answered with an error, and to which request.
#[derive(Debug, PartialEq)]
struct Refusal {
    id: Option<RequestId>,
    error: ErrorData,
}

/// Judges one line, without its end.
fn judge(line: &[u8]) -> Judged {
    // RFC 8259 allows to ignore a byte order mark.
    let line = line.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(line).trim_ascii();
    if line.is_empty() {
        return Judged::Nothing;
    }
    if line.len() > LONGEST_LINE {
        let text = format!("the message is longer than {LONGEST_LINE} bytes");
        return refused(line, ErrorData::invalid_request(text, None));
    }
    let unread = match serde_json::from_slice(line) {
        Ok(message) => return Judged::Message(Box::new(message)),
        Err(error) => error,
    };
    // Skipping values takes no stack: what fails here is no JSON, what failed only above is nested too deeply.
    if let Err(error) = serde_json::from_slice::<IgnoredAny>(line) {
        let text = format!("this is no JSON: column {}", error.column());
        return Judged::Refused(Refusal { id: None, error: ErrorData::parse_error(text, None) });
    }
    let text = if unread.is_data() {
        "this is no JSON-RPC 2.0 message of MCP"
    } else {
        "the message is nested too deeply to be read"
    };
    refused(line, ErrorData::invalid_request(text, None))
}

/// A refusal for the request that a line holds; of a notification, nothing.
fn refused(line: &[u8], error: ErrorData) -> Judged {
    #[derive(Deserialize)]
    struct Head {
        #[serde(default)]
        id: Option<Value>,
        #[serde(default)]
        method: Option<IgnoredAny>,
    }
    let Ok(head) = serde_json::from_slice::<Head>(line) else {
        return Judged::Refused(Refusal { id: None, error });
    };
    match (head.id, head.method) {
        (None, Some(_)) => Judged::Nothing,
        // An answer of the host's that cannot be read is answered to nobody in particular.
        (_, None) => Judged::Refused(Refusal { id: None, error }),
        (Some(id), Some(_)) => Judged::Refused(Refusal { id: serde_json::from_value(id).ok(), error }),
    }
}

/// The transport.
pub(super) struct Lines<R, W> {
    read: BufReader<R>,
    /// The line so far; kept here because a read may be dropped half-way and taken up again.
    line: Vec<u8>,
    write: Arc<Mutex<Option<W>>>,
    /// A refusal on its way out. At most one: who reads no answers is not read either.
    answering: Option<JoinHandle<io::Result<()>>>,
}

impl<R, W> Lines<R, W>
where
    R: AsyncRead + Unpin + Send,
    W: AsyncWrite + Unpin + Send + 'static,
{
    pub(super) fn over((read, write): (R, W)) -> Self {
        let write = Arc::new(Mutex::new(Some(write)));
        Self { read: BufReader::new(read), line: Vec::new(), write, answering: None }
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
        tracing::warn!(why = %refusal.error.message, "a message was not read");
        let answer = ServerJsonRpcMessage::error(refusal.error, refusal.id);
        self.answering = Some(tokio::spawn(write(Arc::clone(&self.write), answer)));
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
            match self.read_line().await {
                Ok(true) => {}
                Ok(false) => return None,
                Err(error) => {
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
                Judged::Nothing => {}
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
