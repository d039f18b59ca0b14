//! Lines that are no message, judged and answered; reads that are dropped half-way.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails loudly")]

use super::{Book, Judged, LONGEST_KEPT, LONGEST_LINE, Lines, Unread, judge};
use futures::FutureExt as _;
use rmcp::model::{ErrorData, ServerJsonRpcMessage};
use rmcp::transport::Transport as _;
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio_util::sync::CancellationToken;

fn nested(levels: usize) -> String {
    format!("{}1{}", "[".repeat(levels), "]".repeat(levels))
}

/// Why a line is not read, and what it is answered: the code and to which request.
fn judged(line: &str) -> Option<(Unread, Option<(i32, Value)>)> {
    match judge(line.as_bytes()) {
        Judged::Refused(refusal) => {
            let answer = refusal.answer.map(|answer| (answer.error.code.0, json!(answer.id)));
            Some((refusal.why, answer))
        }
        Judged::Empty => None,
        Judged::Message(message) => panic!("a message: {message:?}"),
    }
}

/// A book that notes what it is told.
fn book() -> (Book, Arc<Mutex<Vec<Unread>>>) {
    let told = Arc::new(Mutex::new(Vec::new()));
    let noted = Arc::clone(&told);
    let book = move |why| {
        let noted = Arc::clone(&noted);
        async move { noted.lock().unwrap().push(why) }.boxed()
    };
    (Arc::new(book), told)
}

#[test]
fn what_is_no_unicode_is_not_called_deep() {
    let said = |line: &[u8]| match judge(line) {
        Judged::Refused(refusal) => refusal.answer.unwrap().error.message.into_owned(),
        other => panic!("{other:?}"),
    };
    let line = |text: &str| format!(r#"{{"jsonrpc":"2.0","id":1,"method":"x","params":{text}}}"#);
    assert!(said(line(r#""\ud800 ""#).as_bytes()).contains("hex escape"));
    assert!(said(line(&nested(200)).as_bytes()).contains("recursion limit"));
    let mut broken = line("\"?\"").into_bytes();
    let place = broken.iter().position(|byte| *byte == b'?').unwrap();
    broken[place] = 0xFF;
    assert!(said(&broken).contains("unicode"), "{}", said(&broken));
}

#[tokio::test]
async fn who_is_asked_to_stop_reads_no_more_and_still_answers() {
    let (ours, theirs) = tokio::io::duplex(1024);
    let stop = CancellationToken::new();
    let mut lines = Lines::over(tokio::io::split(ours), book().0, stop.clone());
    assert!(lines.receive().now_or_never().is_none(), "it waits for a line");
    stop.cancel();
    assert!(lines.receive().await.is_none(), "the stream has ended");
    let answer = ServerJsonRpcMessage::error(ErrorData::internal_error("x", None), None);
    lines.send(answer).await.unwrap();
    drop(lines);
    assert!(BufReader::new(theirs).lines().next_line().await.unwrap().unwrap().contains("-32603"));
}

#[test]
fn every_request_that_cannot_be_read_is_answered_under_its_id() {
    let deep = |id: &str| {
        let arguments = nested(200);
        format!(
            r#"{{"method":"tools/call","params":{{"name":"x","arguments":{{"a":{arguments}}}}},"id":{id}}}"#
        )
    };
    let long = |length| format!(r#"{{"method":"tools/call","params":"{}","id":4}}"#, "x".repeat(length));
    let (large, malformed) =
        (|answer| Some((Unread::TooLarge, answer)), |answer| Some((Unread::Malformed, answer)));
    let table = [
        ("nested", deep("2"), malformed(Some((-32600, json!(2))))),
        ("nested, a text as id", deep("\"two\""), malformed(Some((-32600, json!("two"))))),
        ("nested beyond any stack", nested(100_000), malformed(Some((-32600, Value::Null)))),
        ("nested in the id", deep(&nested(200)), malformed(Some((-32600, Value::Null)))),
        ("too long", long(LONGEST_LINE), large(Some((-32600, json!(4))))),
        ("cut off because too long", "x".repeat(LONGEST_LINE + 1), large(Some((-32600, Value::Null)))),
        ("no JSON", r#"{"jsonrpc":"#.to_owned(), malformed(Some((-32700, Value::Null)))),
        ("no object", "7".to_owned(), malformed(Some((-32600, Value::Null)))),
        ("no JSON-RPC", r#"{"id":3,"method":7}"#.to_owned(), malformed(Some((-32600, json!(3))))),
        ("a notification nobody waits for", r#"{"method":"x/y","params":7}"#.to_owned(), malformed(None)),
        ("an empty line", " \r".to_owned(), None),
    ];
    for (what, line, answer) in table {
        assert_eq!(judged(&line), answer, "{what}");
    }
    let ping = judge(b"\xEF\xBB\xBF{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\"}\r");
    assert!(matches!(ping, Judged::Message(_)), "{ping:?}");
}

#[tokio::test]
async fn what_is_refused_is_answered_and_what_follows_is_read() {
    let (host, ours) = tokio::io::duplex(1 << 16);
    let (read, write) = tokio::io::split(ours);
    let (book, told) = book();
    let mut lines = Lines::over((read, write), book, CancellationToken::new());
    let (heard, mut say) = tokio::io::split(host);
    let serving = tokio::spawn(async move { lines.receive().await });
    // Longer than anything that is kept, and then a message in two parts.
    let chunk = vec![b'x'; 1 << 20];
    for _ in 0..=(LONGEST_KEPT >> 20) {
        say.write_all(&chunk).await.unwrap();
    }
    say.write_all(b"\nnonsense\n{\"jsonrpc\":\"2.0\",\"id\":1,").await.unwrap();
    say.write_all(b"\"method\":\"ping\"}\n").await.unwrap();
    let mut answers = BufReader::new(heard).lines();
    for code in [-32600, -32700] {
        let answer: Value = serde_json::from_str(&answers.next_line().await.unwrap().unwrap()).unwrap();
        assert_eq!(answer["error"]["code"], code, "{answer}");
    }
    assert!(serving.await.unwrap().is_some());
    assert_eq!(*told.lock().unwrap(), [Unread::TooLarge, Unread::Malformed]);
}

#[tokio::test]
async fn a_read_that_is_dropped_half_way_loses_nothing() {
    let (mut host, ours) = tokio::io::duplex(1 << 16);
    let mut lines = Lines::over(tokio::io::split(ours), book().0, CancellationToken::new());
    host.write_all(b"{\"jsonrpc\":\"2.0\",\"id\":1,").await.unwrap();
    assert!(lines.receive().now_or_never().is_none());
    host.write_all(b"\"method\":\"ping\"}\n").await.unwrap();
    assert!(lines.receive().await.is_some());
}
