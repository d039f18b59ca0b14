//! What people and vendors get wrong: each a clear error naming what and where, nothing half-written.

use crate::harness::{House, gangway, stderr};
use serde_json::{Value, json};
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt as _;
use std::process::Stdio;

#[test]
fn account_ids_that_could_inject_are_refused_by_name() {
    let house = House::new();
    for (id, says) in
        [("", "empty"), (" ", "empty"), ("A/B", "'/'"), ("A'B", "'\\''"), ("A\nB", "'\\n'"), ("A B", "' '")]
    {
        let output = house.run(&["run", id]);
        assert_eq!(output.status.code(), Some(2), "{id:?}");
        assert!(
            stderr(&output).contains("account id") && stderr(&output).contains(says),
            "{id:?}: {}",
            stderr(&output)
        );
    }
    let long = "x".repeat(10_240);
    let output = house.run(&["run", &long]);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("10240 bytes"), "{}", stderr(&output));
    assert!(!house.data_dir().exists(), "nothing was begun");
}

#[test]
fn an_unknown_account_is_a_decision_not_an_error() {
    let house = House::new();
    let run = house.json(&["run", "NOBODY-1", "--json"]);
    assert_eq!(run["decision"]["outcome"], "BLOCK");
    assert_eq!(run["decision"]["violations"][0]["rule"], "ACC-001");
    assert_eq!(run["decision"]["api_errors"], json!([]));
}

#[test]
fn a_data_folder_that_cannot_be_used_is_named() {
    let house = House::new();
    let file = house.data_dir().with_file_name("a-file");
    std::fs::write(&file, "x").unwrap();
    let output = house.command(&["run", "ACME-001"]).env("GANGWAY_DATA_DIR", &file).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr(&output).contains(file.to_str().unwrap()), "{}", stderr(&output));

    // A superuser may write anywhere, so that refusal cannot be provoked as one.
    let locked = house.data_dir().with_file_name("locked");
    std::fs::create_dir(&locked).unwrap();
    std::fs::set_permissions(&locked, std::fs::Permissions::from_mode(0o500)).unwrap();
    if std::fs::write(locked.join("probe"), "x").is_err() {
        let output = house.command(&["run", "ACME-001"]).env("GANGWAY_DATA_DIR", &locked).output().unwrap();
        assert_eq!(output.status.code(), Some(1));
        assert!(stderr(&output).contains(locked.to_str().unwrap()), "{}", stderr(&output));
    }
}

#[test]
fn nothing_is_begun_while_the_audit_of_it_could_not_be_sealed() {
    let house = House::new();
    let in_the_way = house.data_dir().with_file_name("a-file");
    std::fs::write(&in_the_way, "where the second place should be").unwrap();
    let setting = in_the_way.join("checkpoints");
    let house = house.with("GANGWAY_AUDIT__CHECKPOINT_DIR", setting.to_str().unwrap());
    for arguments in [&["run", "ACME-001"][..], &["run-all"], &["mcp", "netsuite"], &["monitor", "--once"]] {
        let output = house.run(arguments);
        let said = stderr(&output);
        assert_eq!(output.status.code(), Some(1), "{arguments:?}: {said}");
        assert!(said.contains("nothing was begun") && said.contains("audit.checkpoint_dir"), "{said}");
        assert_eq!(String::from_utf8_lossy(&output.stdout), "", "{arguments:?}");
    }
    assert_eq!(house.json(&["runs", "list", "--json"])["runs"], json!([]));
    assert_eq!(house.vendors().calls(), 0);
    let looked_at = house.run(&["doctor", "--json"]);
    let found = String::from_utf8_lossy(&looked_at.stdout).into_owned();
    assert!(looked_at.status.code() == Some(1) && found.contains("audit.checkpoint_dir"), "{found}");
}

#[test]
fn a_port_in_use_is_named() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let output = gangway(&["simulate", "--port", &port]).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr(&output).contains(&port), "{}", stderr(&output));
    let house = House::new();
    let address = format!("127.0.0.1:{port}");
    let output = house.run(&["mcp", "salesforce", "--http", &address]);
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr(&output).contains(&port), "{}", stderr(&output));
}

#[test]
fn http_is_served_on_loopback_only() {
    let output = House::new().run(&["mcp", "salesforce", "--http", "0.0.0.0:0"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr(&output).contains("loopback"), "{}", stderr(&output));
}

#[test]
fn a_vendor_that_never_answers_becomes_a_timeout_of_that_vendor() {
    let house = House::new().with("GANGWAY_NETSUITE__ATTEMPT_DEADLINE_MS", "60");
    house.vendors().fault(&json!({"vendor": "netsuite", "kind": "latency", "ms": 600_000}));
    let run = house.json(&["run", "ACME-001", "--json"]);
    let errors = run["decision"]["api_errors"].as_array().unwrap();
    assert_eq!(errors.len(), 1, "{errors:?}");
    assert_eq!((&errors[0]["system"], &errors[0]["error_type"]), (&json!("netsuite"), &json!("timeout")));
    assert_eq!(run["decision"]["outcome"], "BLOCK");
    assert_eq!(run["facts"]["account"]["name"], "ACME Corp", "the others' facts stand");
}

#[test]
fn a_vendor_answer_cut_off_in_the_middle_is_an_error_of_that_vendor() {
    let house = House::new();
    house.vendors().fault(&json!({"vendor": "docusign", "kind": "truncated_json"}));
    let run = house.json(&["run", "ACME-001", "--json"]);
    let errors = run["decision"]["api_errors"].as_array().unwrap();
    assert_eq!((errors.len(), &errors[0]["system"]), (1, &json!("clm")), "{errors:?}");
    assert_eq!(errors[0]["hides"], json!(["contract"]));
}

#[test]
fn a_message_whose_answer_was_lost_is_looked_for_in_slack_and_not_repeated() {
    let house = House::new();
    house.vendors().fault(&json!({"vendor": "slack", "kind": "lost_response", "times": 1}));
    let run = house.json(&["run", "ACME-001", "--json"]);
    assert_eq!(run["state"], "completed");
    let open: Vec<&Value> =
        run["effects"].as_array().unwrap().iter().filter(|effect| effect["status"] != "done").collect();
    assert!(open.is_empty(), "{open:?}");
    assert_eq!(house.vendors().count("slack_message", run["request"]["correlation_id"].as_str().unwrap()), 1);
}

#[test]
fn a_folder_whose_engine_is_taken_says_by_whom() {
    let house = House::new();
    house.vendors().fault(&json!({"vendor": "salesforce", "kind": "latency", "ms": 600_000}));
    let mut holder =
        house.command(&["run", "ACME-001"]).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let lock = house.data_dir().join("engine.lock");
    while std::fs::read_to_string(&lock).unwrap_or_default().trim() != holder.id().to_string() {
        assert!(holder.try_wait().unwrap().is_none(), "the first run ended early");
        std::thread::yield_now();
    }
    let second = house.run(&["run", "STARTER-007"]);
    holder.kill().unwrap();
    holder.wait().unwrap();
    assert_eq!(second.status.code(), Some(1));
    let said = stderr(&second);
    assert!(said.contains(&holder.id().to_string()) && said.contains("engine"), "{said}");
    house.vendors().heal();
    assert_eq!(house.json(&["run", "STARTER-007", "--json"])["state"], "completed");
}

/// One raw HTTP request to a `gangway mcp salesforce`, and the status it answers.
fn post(house: &House, headers: &str, body: &str) -> String {
    let mut child = house
        .command(&["mcp", "salesforce", "--http", "127.0.0.1:0"])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut url = String::new();
    BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut url).unwrap();
    let address = url.trim().trim_start_matches("http://").split('/').next().unwrap().to_owned();
    let headers = headers.replace("{address}", &address);
    let mut stream = TcpStream::connect(&address).unwrap();
    write!(
        stream,
        "POST /mcp HTTP/1.1\r\n{headers}Connection: close\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    child.kill().unwrap();
    child.wait().unwrap();
    answer.lines().next().unwrap_or_default().split(' ').nth(1).unwrap_or_default().to_owned()
}

#[test]
fn http_requests_of_the_wrong_kind_are_refused_with_the_right_status() {
    let house = House::new();
    let list = r#"{"jsonrpc":"2.0","id":1,"method":"tools/list"}"#;
    let json = "Content-Type: application/json\r\nAccept: application/json, text/event-stream\r\n";
    assert_eq!(
        post(&house, &format!("Host: {{address}}\r\n{json}Origin: https://evil.example\r\n"), list),
        "403"
    );
    assert_eq!(post(&house, &format!("Host: evil.example\r\n{json}"), list), "403");
    assert_eq!(
        post(
            &house,
            "Host: {address}\r\nContent-Type: text/plain\r\nAccept: application/json, text/event-stream\r\n",
            list
        ),
        "415"
    );
    // rmcp calls a body that is no JSON an unsupported media, too.
    assert_eq!(post(&house, &format!("Host: {{address}}\r\n{json}"), "{\"jsonrpc\":"), "415");
}

#[test]
fn a_half_configured_installation_names_what_is_missing() {
    let folder = tempfile::tempdir().unwrap();
    let mut command = gangway(&["run", "ACME-001"]);
    command.env("GANGWAY_DATA_DIR", folder.path().join("data"));
    command.env("GANGWAY_SALESFORCE__BASE_URL", "https://acme.my.salesforce.com");
    command.env("GANGWAY_SALESFORCE__CLIENT_ID", "id").env("GANGWAY_SALESFORCE__CLIENT_SECRET", "hush");
    let output = command.output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let said = stderr(&output);
    assert!(said.contains("is not configured") && said.contains("GANGWAY_"), "{said}");
    assert!(!said.contains("hush"), "{said}");
}

#[test]
fn simulated_and_real_vendors_are_not_mixed() {
    let house = House::new().with("GANGWAY_SALESFORCE__CLIENT_ID", "id");
    let output = house.run(&["run", "ACME-001"]);
    assert_eq!(output.status.code(), Some(1));
    let said = stderr(&output);
    assert!(said.contains("GANGWAY_SIMULATOR") && said.contains("salesforce.client_id"), "{said}");
    assert!(!house.data_dir().exists(), "nothing was begun");
}

#[test]
fn a_setting_nobody_knows_is_named() {
    let house = House::new().with("GANGWAY_SALESFORCE__BASE_ULR", "https://acme.my.salesforce.com");
    let output = house.run(&["run", "ACME-001"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr(&output).contains("base_ulr"), "{}", stderr(&output));
}

#[test]
fn the_example_configuration_is_understood() {
    let folder = tempfile::tempdir().unwrap();
    let example = concat!(env!("CARGO_MANIFEST_DIR"), "/../examples/gangway.toml");
    let mut command = gangway(&["doctor", "--json", "--config", example]);
    command.env("GANGWAY_DATA_DIR", folder.path());
    let secrets = [
        "SALESFORCE__CLIENT_SECRET",
        "CLM__PRIVATE_KEY_PEM",
        "NETSUITE__PRIVATE_KEY_PEM",
        "NOTIFY__SLACK__BOT_TOKEN",
        "NOTIFY__PAGER__ROUTING_KEY",
    ];
    for secret in secrets {
        command.env(format!("GANGWAY_{secret}"), "hush");
    }
    // Nothing may be asked of the vendors it names.
    for address in [
        "SALESFORCE__BASE_URL",
        "CLM__OAUTH_BASE_URL",
        "NETSUITE__BASE_URL",
        "NOTIFY__SLACK__BASE_URL",
        "NOTIFY__PAGER__BASE_URL",
    ] {
        command.env(format!("GANGWAY_{address}"), "http://127.0.0.1:1");
    }
    command.env("GANGWAY_NOTIFY__MAIL__HOST", "127.0.0.1").env("GANGWAY_NOTIFY__MAIL__PORT", "1");
    for system in ["SALESFORCE", "CLM", "NETSUITE"] {
        command.env(format!("GANGWAY_{system}__RETRY_BASE_MS"), "1");
    }
    command.env("GANGWAY_NOTIFY__RETRY__BASE_MS", "1");
    let output = command.output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
    let report: Value =
        serde_json::from_slice(&output.stdout).unwrap_or_else(|e| panic!("{e}: {}", stderr(&output)));
    assert_eq!((&report["ok"], &report["simulated"]), (&json!(false), &json!(false)));
    assert!(!output.stdout.windows(4).any(|w| w == b"hush"));
}

#[test]
fn one_vendor_setting_alone_means_real_vendors() {
    for (name, value) in [
        ("GANGWAY_CLM__BASE_URL", "https://demo.docusign.net"),
        ("GANGWAY_SALESFORCE__CLIENT_SECRET", "hush"),
        ("GANGWAY_NETSUITE__CERTIFICATE_ID", "x"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let mut command = gangway(&["run", "ACME-001"]);
        let output =
            command.env("GANGWAY_DATA_DIR", folder.path().join("data")).env(name, value).output().unwrap();
        assert_eq!(output.status.code(), Some(1), "{name}");
        assert!(!stderr(&output).contains("simulated ones answer"), "{name}: {}", stderr(&output));
    }
}

#[test]
fn no_log_level_shows_grants_or_addresses() {
    let folder = tempfile::tempdir().unwrap();
    let mut command = gangway(&["run", "ACME-001", "--json"]);
    command.env("GANGWAY_DATA_DIR", folder.path()).env("RUST_LOG", "trace,rmcp::service=trace");
    let output = command.output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    let log = stderr(&output);
    assert!(log.contains("simulated ones answer"), "the log is on: {log}");
    for secret in ["eyJ", "@acme.example", "xoxb-", "Bearer "] {
        assert!(!log.contains(secret), "{secret} in the log");
    }
}

#[test]
fn a_mail_that_may_have_arrived_is_not_sent_again_by_another_run() {
    let house = House::new();
    house.vendors().fault(&json!({"vendor": "smtp", "kind": "lost_response"}));
    let first = house.json(&["run", "ACME-001", "--json"]);
    assert!(first["effects"].to_string().contains("unknown"), "{first}");
    house.vendors().heal();
    let second = house.json(&["run", "ACME-001", "--json"]);
    assert_eq!(second["state"], "completed");
    for label in ["email_welcome", "email_training"] {
        let effect = second["effects"].as_array().unwrap().iter().find(|effect| effect["label"] == label);
        assert_eq!(effect.unwrap()["status"], "unknown", "the second run shows it too: {second}");
    }
    let to_customer = house
        .vendors()
        .effects()
        .iter()
        .filter(|e| e["kind"] == "mail" && e["target"].to_string().contains("acme.example"))
        .count();
    assert_eq!(to_customer, 2, "one welcome and one training mail in all");
}
