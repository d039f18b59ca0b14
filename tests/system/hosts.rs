//! What an MCP host meets at the real server on standard input and output: the approval card and its plain twin, progress,
//! a call it gives up, writes only where the launch allows them.

use crate::harness::{House, read_json, stderr};
use serde_json::{Value, json};
use std::cell::RefCell;
use std::io::{BufRead as _, BufReader, Lines, Write as _};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

/// `gangway mcp …` as a host launches it, in the legacy era.
struct Launched {
    child: Child,
    /// None once it has gone away.
    input: Option<ChildStdin>,
    lines: Lines<BufReader<ChildStdout>>,
    asked: u64,
}

impl Launched {
    fn of(house: &House, arguments: &[&str]) -> Self {
        let mut command = house.command(arguments);
        let mut child = command
            .env("USER", "dana")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let (input, output) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
        let mut launched =
            Self { child, input: Some(input), lines: BufReader::new(output).lines(), asked: 0 };
        let hello = json!({"protocolVersion": "2025-11-25", "capabilities": {},
            "clientInfo": {"name": "test", "version": "1"}});
        launched.ask("initialize", &hello);
        launched.tell("notifications/initialized", &json!({}));
        launched
    }

    fn write(&mut self, line: &str) {
        let input = self.input.as_mut().unwrap();
        writeln!(input, "{line}").unwrap();
        input.flush().unwrap();
    }

    fn say(&mut self, message: &Value) {
        self.write(&message.to_string());
    }

    fn tell(&mut self, method: &str, params: &Value) {
        self.say(&json!({"jsonrpc": "2.0", "method": method, "params": params}));
    }

    /// Asks something, and gives the number of the request.
    fn begin(&mut self, method: &str, params: &Value) -> u64 {
        self.asked += 1;
        self.say(&json!({"jsonrpc": "2.0", "id": self.asked, "method": method, "params": params}));
        self.asked
    }

    /// The answer to a request, and what was told before it.
    fn answer(&mut self, id: u64) -> (Value, Vec<Value>) {
        let mut told = Vec::new();
        loop {
            let line = self.lines.next().expect("it went away").unwrap();
            let message: Value = serde_json::from_str(&line).unwrap();
            match message.get("id") {
                Some(answered) if *answered == id => return (message["result"].clone(), told),
                Some(other) => panic!("an answer to {other}, which nobody waits for: {message}"),
                None => told.push(message),
            }
        }
    }

    fn ask(&mut self, method: &str, params: &Value) -> Value {
        let id = self.begin(method, params);
        self.answer(id).0
    }

    fn call(&mut self, tool: &str, arguments: &Value) -> Value {
        self.ask("tools/call", &json!({"name": tool, "arguments": arguments}))
    }
}

impl Launched {
    /// Goes away, and gives its exit code.
    fn end(mut self) -> Option<i32> {
        drop(self.input.take());
        self.child.wait().unwrap().code()
    }

    /// What the next line says, whatever it answers.
    fn next(&mut self) -> Value {
        serde_json::from_str(&self.lines.next().expect("it went away").unwrap()).unwrap()
    }
}

#[test]
fn whatever_a_host_writes_is_answered_and_the_session_goes_on() {
    let house = House::new();
    let mut host = Launched::of(&house, &["mcp", "salesforce"]);
    let call = |id: &str, arguments: &str| {
        format!(
            r#"{{"method":"tools/call","params":{{"name":"salesforce.get_account","arguments":{arguments}}},"jsonrpc":"2.0","id":{id}}}"#
        )
    };
    let nested = format!(r#"{{"account_id":{}1{}}}"#, "[".repeat(200), "]".repeat(200));
    let long = format!(r#"{{"account_id":"{}"}}"#, "x".repeat(5 << 20));
    for (line, code, id) in [
        (call("2", &nested), -32600, json!(2)),
        (call("\"long\"", &long), -32600, json!("long")),
        (call("4", "[1]"), -32602, json!(4)),
        (call("5", "\"x\""), -32602, json!(5)),
        ("{\"jsonrpc\":".to_owned(), -32700, Value::Null),
    ] {
        host.write(&line);
        let answer = host.next();
        assert_eq!((&answer["error"]["code"], &answer["id"]), (&json!(code), &id), "{answer}");
        assert!(answer.to_string().len() < 500, "{answer}");
    }
    let account = host.call("salesforce.get_account", &json!({"account_id": "ACME-001"}));
    assert_eq!(account["isError"], false, "{account}");
}

#[test]
fn what_cannot_be_read_and_what_nobody_knows_is_on_record_and_bounded() {
    let house = House::new();
    let mut host = Launched::of(&house, &["mcp", "salesforce", "--as", "desk"]);
    let large = format!(r#"{{"jsonrpc":"2.0","id":1,"method":"{}"}}"#, "x".repeat(5 << 20));
    let unread = |line: &str| (line.to_owned(), -32700);
    let unknown = r#"{"jsonrpc":"2.0","id":1,"method":"salesforce/dump","params":{"all":"Ada Byron"}}"#;
    let no_object = r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"salesforce.get_account","arguments":[1]}}"#;
    let said = (0..25).map(|_| unread("{\"jsonrpc\":")).chain([
        (large, -32600),
        (unknown.to_owned(), -32601),
        (no_object.to_owned(), -32602),
    ]);
    for (line, code) in said {
        host.write(&line);
        let answer = host.next();
        assert_eq!(answer["error"]["code"], code, "{answer}");
    }
    // A notification is not answered; the call after it is.
    host.write(r#"{"method":"notifications/cancelled"}"#);
    host.call("salesforce.get_account", &json!({"account_id": "ACME-001"}));
    assert_eq!(host.end(), Some(0));
    let found =
        house.json(&["audit", "search", "--tool", "mcp", "--outcome", "refused", "--limit", "100", "--json"]);
    let records: Vec<&Value> =
        found["entries"].as_array().unwrap().iter().map(|entry| &entry["record"]).collect();
    assert!(records.iter().all(|record| record["principal"] == "local:desk"), "{found}");
    assert!(!found.to_string().contains("Ada") && !found.to_string().contains("dump"), "none of it is kept");
    let of = |code: &str| {
        records.iter().filter(|record| record["end"]["error"] == format!("refused/{code}")).count()
    };
    assert_eq!([of("TOO_LARGE"), of("UNKNOWN")], [1, 2], "{found}");
    assert_eq!(of("MALFORMED"), 20 + 1, "twenty one by one, and the number of the others");
    let counted = records.iter().find(|record| record["arguments"]["not_recorded_singly"].is_number());
    assert_eq!(counted.unwrap()["arguments"]["not_recorded_singly"], 6, "{found}");
}

impl Drop for Launched {
    fn drop(&mut self) {
        // One that is gone already is as good as stopped.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn the_audit_is_sealed_while_a_host_is_served_and_not_only_at_its_end() {
    let house = House::new().with("GANGWAY_SCHEDULE__AUDIT", "every 1s");
    let mut host = Launched::of(&house, &["mcp", "salesforce"]);
    let verified = || house.json(&["audit", "verify", "--json"]);
    for _ in 0..2 {
        let before = verified()["entries"].as_u64().unwrap();
        host.call("salesforce.get_account", &json!({"account_id": "ACME-001"}));
        house.until("the call is sealed", || {
            let found = verified();
            found["entries"].as_u64().unwrap() > before && found["unsealed_entries"] == 0
        });
    }
    assert!(host.child.try_wait().unwrap().is_none(), "it still serves");
}

#[test]
fn a_launched_server_says_in_the_audit_what_it_goes_by() {
    let house = House::new();
    let host = Launched::of(&house, &["mcp", "netsuite"]);
    let found = house.json(&["audit", "search", "--tool", "mcp.start", "--json"]);
    let started = &found["entries"][0]["record"];
    assert_eq!(
        (&started["principal"], &started["arguments"]["transport"]),
        (&json!("process:mcp netsuite"), &json!("stdio"))
    );
    assert!(started["arguments"]["goes_by"]["policy"].as_str().unwrap().starts_with("sha256:"), "{started}");
    assert!(started["arguments"]["goes_by"]["limits"].is_string(), "{started}");
    drop(host);
}

#[test]
fn the_approval_card_and_the_plain_result_say_the_same_and_neither_decides_without_a_form() {
    let house = House::new();
    let run = house.json(&["run", "GAMMA-003", "--json"]);
    let mut host = Launched::of(&house, &["mcp", "onboarding", "--allow-writes"]);
    let listed = host.ask("tools/list", &json!({}));
    let tools = listed["tools"].as_array().unwrap();
    for name in ["onboarding.list_approvals", "onboarding.decide_approval"] {
        let tool = tools.iter().find(|tool| tool["name"] == name).unwrap();
        assert_eq!(tool["_meta"]["ui"]["resourceUri"], "ui://gangway/approval", "{tool}");
    }
    let card = host.ask("resources/read", &json!({"uri": "ui://gangway/approval"}));
    let page = &card["contents"][0];
    assert_eq!(page["mimeType"], "text/html;profile=mcp-app");
    assert!(page["text"].as_str().unwrap().contains("<script>") && page["_meta"]["ui"]["csp"].is_object());

    let waiting = host.call("onboarding.list_approvals", &json!({}));
    assert_eq!(waiting["structuredContent"]["approvals"][0]["approval_id"], run["approval_id"], "{waiting}");
    let in_words = waiting["content"][0]["text"].as_str().unwrap();
    assert!(in_words.contains(run["approval_id"].as_str().unwrap()), "{in_words}");
    let arguments = json!({"approval_id": run["approval_id"], "verdict": "approve", "reason": "agreed",
        "idempotency_key": "k-1"});
    let pending = host.call("onboarding.decide_approval", &arguments);
    assert_eq!(pending["structuredContent"]["status"], "pending_approval", "{pending}");
    assert!(pending.to_string().contains("gangway approvals approve"), "{pending}");
    let shown = house.json(&["runs", "show", run["run_id"].as_str().unwrap(), "--json"]);
    assert_eq!(shown["state"], "awaiting_approval");
}

#[test]
fn approvals_come_in_pages_to_a_host_too() {
    let house = House::new();
    let asked = ["GAMMA-003", "PARTIAL-006"].map(|account| house.json(&["run", account, "--json"]));
    let mut host = Launched::of(&house, &["mcp", "onboarding"]);
    let newest = host.call("onboarding.list_approvals", &json!({"limit": 1}))["structuredContent"].clone();
    assert_eq!(newest["approvals"][0]["approval_id"], asked[1]["approval_id"], "{newest}");
    let rest = json!({"limit": 1, "cursor": newest["next_cursor"]});
    let oldest = host.call("onboarding.list_approvals", &rest)["structuredContent"].clone();
    assert_eq!(oldest["approvals"][0]["approval_id"], asked[0]["approval_id"], "{oldest}");
    assert_eq!(oldest["next_cursor"], json!(null));
    let wrong = host.call("onboarding.list_approvals", &json!({"cursor": "x"}));
    assert!(wrong["isError"] == true && wrong.to_string().contains("next_cursor"), "{wrong}");
}

#[test]
fn a_host_that_asked_hears_how_far_a_run_is_before_its_answer() {
    let house = House::new();
    let mut host = Launched::of(&house, &["mcp", "onboarding", "--allow-writes"]);
    let params = json!({"name": "onboarding.start_run", "_meta": {"progressToken": "p-1"},
        "arguments": {"account_id": "BETA-002", "idempotency_key": "k-1"}});
    let id = host.begin("tools/call", &params);
    let (answer, told) = host.answer(id);
    assert_eq!(answer["isError"], false, "{answer}");
    assert!(told.iter().all(|heard| heard["params"]["progressToken"] == "p-1"), "{told:?}");
    // On a busy machine it may hear before that the call is still at work.
    let is_step = |heard: &Value| heard["params"]["message"] == "running the onboarding of BETA-002";
    assert!(told.iter().any(is_step), "{told:?}");
}

#[test]
fn a_read_its_host_gives_up_ends_without_an_answer_and_the_next_one_works() {
    let house = House::new();
    house.vendors().fault(&json!({"vendor": "salesforce", "kind": "latency", "ms": 600_000}));
    let mut host = Launched::of(&house, &["mcp", "salesforce"]);
    let read = json!({"name": "salesforce.get_account", "arguments": {"account_id": "ACME-001"}});
    let id = host.begin("tools/call", &read);
    house.until("Salesforce was asked", || house.vendors().calls() > 0);
    host.tell("notifications/cancelled", &json!({"requestId": id, "reason": "no longer wanted"}));
    let ended = || house.json(&["audit", "search", "--tool", "salesforce.get_account", "--json"]);
    house.until("the call is over", || ended()["entries"][0]["record"]["end"].is_object());
    assert_eq!(ended()["entries"][0]["record"]["end"]["error"], "timeout/CANCELLED");
    house.vendors().heal();
    let next = host.call("salesforce.get_account", &json!({"account_id": "ACME-001"}));
    assert!(next.to_string().contains("ACME Corp"), "{next}");
}

#[test]
fn a_printed_configuration_writes_only_where_that_was_asked_for() {
    let house = House::new();
    let writes = |arguments: &[&str]| {
        let printed = house.json(&[&["config", "claude-desktop"][..], arguments].concat());
        let launch: Vec<String> =
            serde_json::from_value(printed["mcpServers"]["gangway-tasks"]["args"].clone()).unwrap();
        let mut host = Launched::of(&house, &launch.iter().map(String::as_str).collect::<Vec<_>>());
        let listed = host.ask("tools/list", &json!({}));
        listed["tools"].as_array().unwrap().iter().any(|tool| tool["name"] == "tasks_update_status")
    };
    assert!(!writes(&[]), "what is launched so only reads");
    assert!(writes(&["--allow-writes"]));
}

#[test]
fn a_printed_configuration_holds_where_the_host_stands() {
    let house = House::new();
    let project = house.data_dir().with_file_name("project");
    std::fs::create_dir(&project).unwrap();
    let policy = "[[deny]]\nwho = [\"local\"]\ntools = [\"salesforce.*\"]\n";
    std::fs::write(project.join("policy.toml"), policy).unwrap();
    std::fs::write(project.join("gangway.toml"), "[access]\npolicy = \"policy.toml\"\n").unwrap();
    let printed = house.command(&["config", "claude-desktop"]).current_dir(&project).output().unwrap();
    let told = stderr(&printed);
    assert!(told.contains("GANGWAY_SIMULATOR"), "what the host will not have is named: {told}");
    let printed = read_json(&["config"], &printed);
    let server = &printed["mcpServers"]["gangway-salesforce"];
    // The configuration file that was found, and with it the policy beside it, from another folder.
    let house = house.with("GANGWAY_CONFIG", server["env"]["GANGWAY_CONFIG"].as_str().unwrap());
    let launch: Vec<String> = serde_json::from_value(server["args"].clone()).unwrap();
    let mut host = Launched::of(&house, &launch.iter().map(String::as_str).collect::<Vec<_>>());
    let refused = host.call("salesforce_get_account", &json!({"account_id": "ACME-001"}));
    assert!(refused.to_string().contains("NOT_PERMITTED"), "{refused}");
}

#[test]
fn a_launched_server_takes_a_new_policy_at_sighup_and_says_so_in_the_audit() {
    let house = House::new();
    let policy = house.data_dir().with_file_name("policy.toml");
    std::fs::write(&policy, "[[deny]]\nwho = [\"local\"]\ntools = [\"clm.*\"]\n").unwrap();
    let house = house.with("GANGWAY_ACCESS__POLICY", policy.to_str().unwrap());
    let host = RefCell::new(Launched::of(&house, &["mcp", "salesforce"]));
    let read = json!({"account_id": "ACME-001"});
    assert_eq!(host.borrow_mut().call("salesforce.get_account", &read)["isError"], false);
    std::fs::write(&policy, "[[deny]]\nwho = [\"local\"]\ntools = [\"salesforce.*\"]\n").unwrap();
    let signalled =
        Command::new("kill").args(["-HUP", &host.borrow().child.id().to_string()]).status().unwrap();
    assert!(signalled.success());
    house.until("the new policy holds", || {
        let refused = host.borrow_mut().call("salesforce.get_account", &read);
        refused.to_string().contains("NOT_PERMITTED")
    });
    let told = house.json(&["audit", "search", "--tool", "config.reload", "--json"]);
    let record = &told["entries"][0]["record"];
    assert_eq!(
        (&record["principal"], &record["arguments"]["changed"]),
        (&json!("process:mcp salesforce"), &json!(["policy"]))
    );
}

#[test]
fn a_launched_server_that_is_asked_to_stop_keeps_what_it_did_on_record() {
    for signal in ["-TERM", "-INT"] {
        let house = House::new();
        let mut host = Launched::of(&house, &["mcp", "salesforce"]);
        for _ in 0..5 {
            host.call("salesforce.get_account", &json!({"account_id": "ACME-001"}));
        }
        let in_flight = json!({"name": "salesforce.get_account", "arguments": {"account_id": "BETA-002"}});
        let last = host.begin("tools/call", &in_flight);
        let sent = Command::new("kill").args([signal, &host.child.id().to_string()]).status().unwrap();
        assert!(sent.success());
        // Whether the line was read before the signal is open; a call that began is answered.
        let answered = host.lines.any(|line| line.unwrap().contains(&format!("\"id\":{last}")));
        assert!(host.child.wait().unwrap().success(), "{signal}");
        let verified = house.json(&["audit", "verify", "--json"]);
        assert_eq!(
            (&verified["whole"], &verified["unsealed_entries"]),
            (&json!(true), &json!(0)),
            "{verified}"
        );
        let told = house.json(&["audit", "search", "--tool", "salesforce.get_account", "--json"]);
        let ended = |entry: &&Value| entry["record"]["moment"] == "outcome";
        let ends = told["entries"].as_array().unwrap().iter().filter(ended).count();
        assert_eq!(ends, 5 + usize::from(answered), "{signal}: {told}");
    }
}

#[test]
fn a_launch_with_a_pass_that_is_none_is_refused_and_on_record() {
    let house = House::new();
    let refused = house.command(&["mcp", "clm"]).env("GANGWAY_PASS", "x.y.z").output().unwrap();
    assert!(!refused.status.success());
    assert!(stderr(&refused).contains("GANGWAY_PASS does not open this server"), "{}", stderr(&refused));
    let recorded = house.json(&["audit", "search", "--tool", "passes.use", "--json"]);
    assert_eq!(recorded["entries"][0]["record"]["end"]["error"], "refused/BAD_PASS", "{recorded}");
}
