//! A running `gangway serve`, and events to send it. Signatures are made here anew, not with the code they test.

use crate::harness::House;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, Mac as _};
use serde_json::Value;
use sha2::Sha256;
use std::cell::RefCell;
use std::fs::{self, File};
use std::io::{BufRead as _, BufReader, Read as _};
use std::path::PathBuf;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

/// Base64 of the HMAC-SHA256 of `text`.
pub fn sign(key: &[u8], text: &[u8]) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).unwrap();
    mac.update(text);
    STANDARD.encode(mac.finalize().into_bytes())
}

/// `X-Hub-Signature-256` of a body.
pub fn hub_signature(secret: &str, body: &str) -> String {
    let bytes = STANDARD.decode(sign(secret.as_bytes(), body.as_bytes())).unwrap();
    format!("sha256={}", bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>())
}

/// An event, ready to be spoiled.
pub struct Event {
    headers: Vec<(String, String)>,
    pub body: String,
}

impl Event {
    /// An unsigned event.
    pub fn new(body: &str) -> Self {
        Self {
            headers: vec![("content-type".to_owned(), "application/json".to_owned())],
            body: body.to_owned(),
        }
    }

    /// An event signed as Standard Webhooks say.
    pub fn signed(secret: &str, id: &str, seconds: i64, body: &str) -> Self {
        let key = STANDARD.decode(secret.strip_prefix("whsec_").unwrap()).unwrap();
        let signature = format!("v1,{}", sign(&key, format!("{id}.{seconds}.{body}").as_bytes()));
        Self::new(body)
            .header("webhook-id", id)
            .header("webhook-timestamp", &seconds.to_string())
            .header("webhook-signature", &signature)
    }

    /// The same with this header, in place of one of that name.
    pub fn header(self, name: &str, value: &str) -> Self {
        let mut event = self.without(name);
        event.headers.push((name.to_owned(), value.to_owned()));
        event
    }

    /// The same with one bit of its signature turned.
    pub fn with_flipped_signature(self) -> Self {
        let (_, signature) = self.headers.iter().find(|(known, _)| known == "webhook-signature").unwrap();
        let mut bytes = STANDARD.decode(signature.strip_prefix("v1,").unwrap()).unwrap();
        bytes[0] ^= 1;
        let flipped = format!("v1,{}", STANDARD.encode(bytes));
        self.header("webhook-signature", &flipped)
    }

    /// The same without this header.
    pub fn without(mut self, name: &str) -> Self {
        self.headers.retain(|(known, _)| known != name);
        self
    }
}

/// What came back.
pub struct Answer {
    pub status: u16,
    headers: Vec<(String, String)>,
    pub body: String,
}

impl Answer {
    /// The body as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("{} {}", self.status, self.body))
    }

    /// One header; empty when absent.
    pub fn header(&self, name: &str) -> &str {
        self.headers.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value)
    }
}

/// A running service.
pub struct Serving {
    child: RefCell<Child>,
    stdout: RefCell<BufReader<ChildStdout>>,
    remarks: PathBuf,
    base_url: String,
}

impl Serving {
    /// Starts one in this house and waits until it says where it listens.
    pub fn start(house: &House, environment: &[(&str, &str)]) -> Self {
        let mut command = house.command(&["serve", "--listen", "127.0.0.1:0"]);
        command.envs(environment.iter().copied());
        Self::of(house, command)
    }

    /// The same by this command.
    pub fn of(house: &House, mut command: Command) -> Self {
        let remarks = house.data_dir().with_file_name("remarks");
        let mut child =
            command.stdout(Stdio::piped()).stderr(File::create(&remarks).unwrap()).spawn().unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        stdout.read_line(&mut line).unwrap();
        assert!(line.starts_with("http://"), "{line} {}", fs::read_to_string(&remarks).unwrap());
        Self {
            child: RefCell::new(child),
            stdout: RefCell::new(stdout),
            remarks,
            base_url: line.trim().to_owned(),
        }
    }

    /// What it prints further, up to and with the line that contains this.
    pub fn said_until(&self, part: &str) -> String {
        let mut said = String::new();
        for line in self.stdout.borrow_mut().by_ref().lines().map(Result::unwrap) {
            // Prose is not for the shell.
            if line.starts_with("  ") {
                said.push_str(&line);
                said.push('\n');
            }
            if line.contains(part) {
                break;
            }
        }
        said
    }

    /// The address of a path.
    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base_url)
    }

    /// Sends an onboarding event.
    pub fn send(&self, event: &Event) -> Answer {
        self.post("/webhook/onboarding", event)
    }

    /// The same where the service may go away instead of answering.
    pub fn try_send(&self, event: &Event) -> Option<Answer> {
        self.try_post("/webhook/onboarding", event)
    }

    /// The same to a path.
    pub fn try_post(&self, path: &str, event: &Event) -> Option<Answer> {
        post(&self.url(path), event)
    }

    /// Posts to a path.
    pub fn post(&self, path: &str, event: &Event) -> Answer {
        post(&self.url(path), event).unwrap_or_else(|| {
            panic!("{path} was not answered: {}", fs::read_to_string(&self.remarks).unwrap())
        })
    }

    /// Its process.
    pub fn pid(&self) -> u32 {
        self.child.borrow().id()
    }

    /// Sends it a signal, e.g. `-HUP`.
    pub fn signal(&self, signal: &str) {
        assert!(Command::new("kill").args([signal, &self.pid().to_string()]).status().unwrap().success());
    }

    /// Returns when it said this on standard error.
    pub fn wait_for_remark(&self, part: &str) {
        let begun = Instant::now();
        while !fs::read_to_string(&self.remarks).unwrap().contains(part) {
            assert!(begun.elapsed() < Duration::from_secs(30), "it never said {part:?}");
            std::thread::yield_now();
        }
    }

    /// Asks it to end, and gives its exit code.
    pub fn stop(self) -> Option<i32> {
        self.signal("-TERM");
        self.ended()
    }

    /// Returns when it has ended, with its exit code.
    pub fn ended(self) -> Option<i32> {
        self.child.borrow_mut().wait().unwrap().code()
    }

    /// Kills it where it stands, unless it is gone already.
    pub fn kill(self) {
        drop(self);
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        // One that is gone already is as good as stopped.
        let _ = self.child.borrow_mut().kill();
        let _ = self.child.borrow_mut().wait();
    }
}

/// Posts somewhere; none when nobody answers.
pub fn post(url: &str, event: &Event) -> Option<Answer> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        let mut request = client.post(url).body(event.body.clone());
        for (name, value) in &event.headers {
            request = request.header(name, value);
        }
        let answer = request.send().await.ok()?;
        let status = answer.status().as_u16();
        let headers = answer
            .headers()
            .iter()
            .map(|(name, value)| (name.to_string(), value.to_str().unwrap_or_default().to_owned()))
            .collect();
        Some(Answer { status, headers, body: answer.text().await.ok()? })
    })
}
