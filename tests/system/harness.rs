//! The real binary, the simulator as its own process, a data folder: what every system test stands on.

use serde_json::Value;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use tempfile::TempDir;

/// One data folder, and the simulator process its commands talk to.
pub struct House {
    folder: TempDir,
    simulator: Simulator,
    extra: Vec<(String, String)>,
}

impl House {
    /// A house with the demo accounts.
    pub fn new() -> Self {
        Self::with_synthetic(0)
    }

    /// A house with this many further accounts.
    pub fn with_synthetic(accounts: u32) -> Self {
        Self::simulating(&["--synthetic", &accounts.to_string()])
    }

    /// A house whose vendors have the account files of this folder over their own.
    pub fn with_accounts(folder: &Path) -> Self {
        Self::with_accounts_and_synthetic(folder, 0)
    }

    /// The same, with this many accounts made up from the folder's template.
    pub fn with_accounts_and_synthetic(folder: &Path, accounts: u32) -> Self {
        Self::simulating(&["--accounts", folder.to_str().unwrap(), "--synthetic", &accounts.to_string()])
    }

    fn simulating(more: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let ledger = folder.path().join("ledger.jsonl");
        let simulator = Simulator::start(&ledger, more);
        Self { folder, simulator, extra: Vec::new() }
    }

    /// The same house with one more environment variable for every command.
    pub fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        self.extra.push((name.to_owned(), value.into()));
        self
    }

    /// The simulated vendors.
    pub fn vendors(&self) -> &Simulator {
        &self.simulator
    }

    /// Folder of database and reports.
    pub fn data_dir(&self) -> std::path::PathBuf {
        self.folder.path().join("data")
    }

    /// A command in this house, ready to be changed and run.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = gangway(arguments);
        command.env("GANGWAY_DATA_DIR", self.data_dir());
        command.env("GANGWAY_SIMULATOR", &self.simulator.base_url);
        command.envs(self.extra.iter().map(|(name, value)| (name, value)));
        command.current_dir(self.folder.path());
        command
    }

    /// Runs a command to its end.
    pub fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    /// Returns when it is so. Asking takes a command's time, so nothing spins.
    pub fn until(&self, what: &str, is_so: impl Fn() -> bool) {
        let begun = std::time::Instant::now();
        while !is_so() {
            assert!(begun.elapsed() < std::time::Duration::from_secs(60), "it never was so that {what}");
        }
    }

    /// Runs a command that must succeed and reads its JSON.
    pub fn json(&self, arguments: &[&str]) -> Value {
        let output = self.run(arguments);
        read_json(arguments, &output)
    }
}

/// The binary without any configuration of the machine it runs on.
pub fn gangway(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_gangway"));
    let ours = ["GANGWAY_", "OPENAI_", "OTEL_"];
    for (name, _) in std::env::vars().filter(|(name, _)| ours.iter().any(|ours| name.starts_with(ours))) {
        command.env_remove(name);
    }
    command.args(arguments).env("RUST_LOG", "warn").stdin(Stdio::null());
    command
}

/// The JSON a successful command printed.
pub fn read_json(arguments: &[&str], output: &Output) -> Value {
    let text = String::from_utf8_lossy(&output.stdout);
    serde_json::from_str(&text).unwrap_or_else(|error| {
        panic!("gangway {arguments:?} ({}): {error}\n{text}\n{}", output.status, stderr(output))
    })
}

/// What a command said on standard error.
pub fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// Runs a command with this text on its standard input.
pub fn feed(mut command: Command, text: &[u8]) -> Output {
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut input = child.stdin.take().unwrap();
    let text = text.to_owned();
    let writer = std::thread::spawn(move || input.write_all(&text));
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap().unwrap();
    output
}

/// `gangway simulate` as a process of its own.
pub struct Simulator {
    child: Child,
    /// Where its vendors and its control API are.
    pub base_url: String,
}

impl Simulator {
    fn start(ledger: &Path, more: &[&str]) -> Self {
        let mut command = gangway(&["simulate", "--ledger"]);
        let mut child = command.arg(ledger).args(more).stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        let addresses: Value = serde_json::from_str(&line).unwrap();
        Self { child, base_url: addresses["base_url"].as_str().unwrap().to_owned() }
    }

    /// Every effect the vendors saw, in order.
    pub fn effects(&self) -> Vec<Value> {
        let body = self.get("/_simulator/ledger");
        body.as_array().or_else(|| body["entries"].as_array()).unwrap().clone()
    }

    /// How many calls the vendors saw, of every kind.
    pub fn calls(&self) -> u64 {
        self.get("/_simulator/calls")["total"].as_u64().unwrap()
    }

    /// How many effects of a kind name this account anywhere.
    pub fn count(&self, kind: &str, account: &str) -> usize {
        self.effects()
            .iter()
            .filter(|effect| effect["kind"] == kind && effect.to_string().contains(account))
            .count()
    }

    /// Adds a fault to the plan.
    pub fn fault(&self, fault: &Value) {
        request("POST", &format!("{}/_simulator/faults", self.base_url), Some(fault));
    }

    /// Scripts the mail server's next answers.
    pub fn script_mail(&self, rules: &Value) {
        let script = serde_json::json!({ "rules": rules });
        request("PUT", &format!("{}/_simulator/smtp/script", self.base_url), Some(&script));
    }

    /// Has somebody press a button of a message, and gives what the receiver answered.
    pub fn press(&self, click: &Value) -> Value {
        request("POST", &format!("{}/_simulator/slack/interact", self.base_url), Some(click))
    }

    /// Removes every fault that was added.
    pub fn heal(&self) {
        request("DELETE", &format!("{}/_simulator/faults", self.base_url), None);
    }

    /// Counts calls anew.
    pub fn forget_calls(&self) {
        request("DELETE", &format!("{}/_simulator/calls", self.base_url), None);
    }

    /// Posts to the control API.
    pub fn post(&self, path: &str, body: &Value) -> Value {
        request("POST", &format!("{}{path}", self.base_url), Some(body))
    }

    /// Puts something in the control API.
    pub fn put(&self, path: &str, body: &Value) {
        request("PUT", &format!("{}{path}", self.base_url), Some(body));
    }

    /// Reads from the control API.
    pub fn get(&self, path: &str) -> Value {
        request("GET", &format!("{}{path}", self.base_url), None)
    }
}

impl Drop for Simulator {
    fn drop(&mut self) {
        // A simulator that is gone already is as good as stopped.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// On a thread of its own: a test that is itself asynchronous cannot begin a second runtime.
fn request(method: &str, url: &str, body: Option<&Value>) -> Value {
    std::thread::scope(|threads| threads.spawn(|| ask(method, url, body)).join().unwrap())
}

fn ask(method: &str, url: &str, body: Option<&Value>) -> Value {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        let mut request = client.request(method.parse().unwrap(), url);
        if let Some(body) = body {
            request = request.json(body);
        }
        let answer = request.send().await.unwrap();
        assert!(answer.status().is_success(), "{method} {url}: {}", answer.status());
        serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap_or(Value::Null)
    })
}
