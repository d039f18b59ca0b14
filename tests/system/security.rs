//! Who is turned away from an MCP server over real HTTP, and with what: forged and misused credentials, foreign pages,
//! hostile arguments. Nothing of it reaches a vendor or ends the server: after each a good call works.

use crate::harness::{House, stderr};
use crate::served::{Issuer, Served};
use gangway_governance::{Holder, PassMint};
use gangway_protocol::tools::known;
use gangway_protocol::{Agent, System};
use gangway_toolbelt::may_call;
use jiff::Timestamp;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Value, json};
use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::sync::{Arc, Mutex};

fn read_account(id: &str) -> Value {
    json!({"name": "salesforce.get_account", "arguments": {"account_id": id}})
}

/// A salesforce server that takes tokens of an issuer, and the issuer.
fn salesforce(house: &House) -> (Served, Issuer) {
    let issuer = Issuer::beside(house);
    let served = Served::start(house, &["mcp", "salesforce"], &issuer.environment());
    (served, issuer)
}

#[test]
fn only_a_token_made_for_this_server_with_the_right_key_and_scope_comes_in() {
    let house = House::new();
    let (served, issuer) = salesforce(&house);
    let good = issuer.claims(&served.url);
    let with = |name: &str, value: Value| {
        let mut claims = good.clone();
        claims[name] = value;
        issuer.sign(&claims)
    };
    let works = || {
        let answer = served.call(Some(&issuer.sign(&good)), &read_account("ACME-001"));
        assert_eq!(answer.status, 200, "{}", answer.body);
        assert_eq!(answer.json()["result"]["isError"], false, "{}", answer.body);
    };
    works();
    let unsigned = |header: Value| {
        let part = |value: &Value| Issuer::part(value.to_string().as_bytes());
        format!("{}.{}.", part(&header), part(&good))
    };
    let hs256 = Header { kid: Some("one".to_owned()), ..Header::new(Algorithm::HS256) };
    let public_key_as_secret = EncodingKey::from_secret(issuer.modulus().as_bytes());
    let confused = jsonwebtoken::encode(&hs256, &good, &public_key_as_secret).unwrap();
    let elsewhere =
        jsonwebtoken::encode(&Header::new(Algorithm::HS256), &good, &EncodingKey::from_secret(b"x"));
    let mut tampered = issuer.sign(&good);
    tampered.pop();
    let refused = [
        ("nothing", None),
        ("another audience", Some(with("aud", json!("https://other.example/mcp")))),
        ("another server of ours", Some(with("aud", json!(served.url.replace("/mcp", "/mcp/tasks"))))),
        ("no audience", Some(with("aud", Value::Null))),
        ("another issuer", Some(with("iss", json!("https://evil.example")))),
        ("two issuers", Some(with("iss", json!([issuer.name(), "https://evil.example"])))),
        ("expired", Some(with("exp", json!(1_000_000_000)))),
        ("not yet", Some(with("nbf", json!(4_000_000_000_i64)))),
        ("no expiry", Some(with("exp", Value::Null))),
        ("no client", Some(with("client_id", Value::Null))),
        ("a client with blanks", Some(with("client_id", json!("desk coordinator")))),
        ("alg none", Some(unsigned(json!({"alg": "none", "typ": "JWT"})))),
        ("alg None", Some(unsigned(json!({"alg": "None"})))),
        ("key confusion", Some(confused)),
        ("a symmetric key", Some(elsewhere.unwrap())),
        ("a cut signature", Some(tampered)),
        ("an unknown key", Some(issuer.sign_as("two", &good))),
        ("no token at all", Some("x".to_owned())),
        ("an API key that is none", Some(format!("gwk_0123456789ab_{}", "0".repeat(64)))),
    ];
    let before = house.vendors().calls();
    for (what, token) in refused {
        let answer = served.call(token.as_deref(), &read_account("ACME-001"));
        assert_eq!(answer.status, 401, "{what}: {}", answer.body);
        let challenge = answer.header("www-authenticate");
        let metadata = served.url.replace("/mcp", "/.well-known/oauth-protected-resource/mcp");
        assert!(challenge.starts_with("Bearer ") && challenge.contains(&metadata), "{what}: {challenge}");
        assert!(!answer.json()["detail"].as_str().unwrap().is_empty(), "{what}");
    }
    assert_eq!(house.vendors().calls(), before, "no vendor was asked");
    works();

    let narrow = served.call(Some(&with("scope", json!("tasks:read openid"))), &read_account("ACME-001"));
    assert_eq!(narrow.status, 403, "{}", narrow.body);
    let challenge = narrow.header("www-authenticate");
    assert!(challenge.contains("error=\"insufficient_scope\""), "{challenge}");
    assert!(challenge.contains("scope=\"salesforce:read\""), "{challenge}");
    let resource = json!({"jsonrpc": "2.0", "id": 1, "method": "resources/read",
        "params": {"uri": "gangway://accounts/ACME-001/salesforce"}});
    let narrow = with("scope", json!("tasks:read"));
    let around = served.post_raw(Some(&narrow), &resource.to_string());
    assert_eq!(around.status, 403, "the same facts as a resource: {}", around.body);
    let write = json!({"name": "salesforce.update_onboarding_status", "arguments": {}});
    let refused = served.call(Some(&with("scope", json!("salesforce:read salesforce:write"))), &write);
    assert!(refused.status == 200 && refused.body.contains("NOT_PERMITTED"), "hosts read: {}", refused.body);
    works();

    let metadata = served.get("/.well-known/oauth-protected-resource/mcp").json();
    assert_eq!(metadata["resource"], json!(served.url));
    assert_eq!(metadata["authorization_servers"], json!([issuer.name()]));
    assert_eq!(metadata["scopes_supported"], json!(["salesforce:read", "salesforce:write"]));
    let audit = house.json(&["audit", "tail", "--json"]).to_string();
    assert!(audit.contains("host:desk ada") && audit.contains("INSUFFICIENT_SCOPE"), "{audit}");
    let refused = house.json(&["audit", "search", "--tool", "mcp", "--outcome", "refused", "--json"]);
    assert_eq!(refused["entries"].as_array().unwrap().len(), 19, "each login that failed: {refused}");
}

#[test]
fn a_foreign_page_or_a_rebound_name_reaches_nothing_even_with_a_good_token() {
    let house = House::new();
    let (served, issuer) = salesforce(&house);
    let token = issuer.sign(&issuer.claims(&served.url));
    for (name, value) in [
        ("origin", "https://evil.example"),
        ("origin", "null"),
        ("origin", "http://localhost.evil.example"),
        ("host", "evil.example"),
        ("host", "evil.example:80"),
        ("host", "127.0.0.1.evil.example"),
    ] {
        let answer = served.call_with(Some(&token), &read_account("ACME-001"), &[(name, value)]);
        assert_eq!(answer.status, 403, "{name} {value}: {}", answer.body);
    }
    assert_eq!(served.call(Some(&token), &read_account("ACME-001")).status, 200);
}

#[test]
fn hostile_arguments_are_refused_readably_and_reach_no_vendor() {
    let house = House::new();
    let served = Served::start(&house, &["mcp", "all"], &[]);
    let call =
        |name: &str, arguments: Value| served.call(None, &json!({"name": name, "arguments": arguments}));
    let nested = |levels| (0..levels).fold(json!(1), |inner, _| json!([inner]));
    let before = house.vendors().calls();
    let cases = [
        ("salesforce.get_account", json!({"account_id": "A' OR Name != '"})),
        ("salesforce.get_account", json!({"account_id": "../../services/data"})),
        ("salesforce.get_account", json!({"account_id": "ACME-001?fields=Id"})),
        ("salesforce.get_account", json!({"account_id": "ACME-001%00"})),
        ("salesforce.get_account", json!({"account_id": "x".repeat(10 * 1024)})),
        ("salesforce.get_account", json!({"account_id": "ACME-001", "admin": true})),
        ("salesforce.get_account", json!({"account_id": {"$ne": null}})),
        ("salesforce.get_account", json!({"account_id": nested(40)})),
        ("salesforce.get_user", json!({"user_id": "005') OR (Id != '"})),
        ("salesforce.get_contract", json!({"contract_id": "800/../Account"})),
        ("salesforce.get_accounts", json!({"account_ids": vec!["ACME-001"; 201]})),
        ("clm.get_contract", json!({"contract_id": "../envelopes"})),
        ("clm.send_reminder", json!({"contract_id": "a/b?c", "idempotency_key": "k"})),
        ("netsuite.get_exchange_rate", json!({"from": "USD'--", "to": "EUR", "date": "2026-01-01"})),
        ("tasks.list", json!({"account_id": "'; DROP TABLE tasks; --"})),
        ("salesforce.get_account", json!({"account_id": "y".repeat(2 << 20)})),
    ];
    for (tool, arguments) in cases {
        let shown: String = arguments.to_string().chars().take(60).collect();
        let answer = call(tool, arguments);
        assert_eq!(answer.status, 200, "{tool} {shown}: {}", answer.body);
        let result = &answer.json()["result"];
        assert_eq!(result["isError"], true, "{tool} {shown}: {result}");
        let error: Value = serde_json::from_str(result["content"][0]["text"].as_str().unwrap()).unwrap();
        assert_eq!(error["error_type"], "validation", "{tool} {shown}: {result}");
        assert!(result.to_string().len() < 2_000, "{tool} {shown}: it repeats what it was given");
    }
    assert_eq!(house.vendors().calls(), before, "no vendor was asked");
    // Any text may be an invoice's number; the vendor is asked for exactly that one.
    let injected = call("netsuite.get_invoice", json!({"invoice_id": "INV' OR '1' = '1"}));
    assert_eq!(injected.json()["result"]["structuredContent"]["invoice"], Value::Null, "{}", injected.body);
    for (what, body, status) in [
        ("nested beyond what a parser takes", format!("{{\"a\":{}", "[".repeat(100_000)), 415),
        (
            "ten megabytes",
            json!({"jsonrpc": "2.0", "id": 1, "method": "x".repeat(10 << 20)}).to_string(),
            413,
        ),
        ("no JSON", "{\"jsonrpc\":".to_owned(), 415),
    ] {
        assert_eq!(served.post_raw(None, &body).status, status, "{what}");
    }
    for arguments in [json!([1]), json!("x"), json!(7)] {
        let error = &call("salesforce.get_account", arguments).json()["error"];
        assert_eq!(error["code"], -32602, "{error}");
        assert!(error["message"].as_str().unwrap().contains("must be an object"), "{error}");
    }
    let good = call("salesforce.get_account", json!({"account_id": "ACME-001"}));
    assert!(good.body.contains("ACME Corp"), "{}", good.body);
    house.until("what was no message, and what was none that is known, is on record", || {
        let found = house.json(&["audit", "search", "--tool", "mcp", "--outcome", "refused", "--json"]);
        let times = |code: &str| found.to_string().matches(&format!("refused/{code}")).count();
        [times("TOO_LARGE"), times("MALFORMED"), times("UNKNOWN")] == [1, 2, 3]
    });
}

#[test]
fn a_form_answered_by_somebody_else_decides_nothing() {
    let house = House::new();
    let run = house.json(&["run", "GAMMA-003", "--json"]);
    let key = |name: &str| {
        let made = house.json(&["keys", "create", "--name", name, "--role", "approver", "--json"]);
        made["key"].as_str().unwrap().to_owned()
    };
    let (dana, mallory) = (key("dana"), key("mallory"));
    let served = Served::start(&house, &["mcp", "onboarding"], &[]);
    let arguments = json!({"approval_id": run["approval_id"], "verdict": "approve", "reason": "agreed",
        "idempotency_key": "k-1"});
    let asked = served.modern(&dana, "onboarding.decide_approval", &arguments, json!({}));
    assert_eq!(asked["resultType"], "input_required", "{asked}");
    let yes = json!({"requestState": asked["requestState"],
        "inputResponses": {"confirm": {"action": "accept", "content": {"confirm": true}}}});
    let stolen = served.modern(&mallory, "onboarding.decide_approval", &arguments, yes.clone());
    assert!(stolen.to_string().contains("STALE_REQUEST_STATE"), "{stolen}");
    let decided = served.modern(&dana, "onboarding.decide_approval", &arguments, yes);
    assert_eq!(decided["structuredContent"]["approval"]["decided_by"], "dana", "{decided}");
}

/// A vendor that writes down what it is sent, lets everybody log in and refuses the rest.
fn recorder() -> (String, Arc<Mutex<Vec<u8>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let received = Arc::new(Mutex::new(Vec::new()));
    let kept = Arc::clone(&received);
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut chunk = [0_u8; 64 * 1024];
            let read = stream.read(&mut chunk).unwrap_or(0);
            kept.lock().unwrap().extend_from_slice(&chunk[..read]);
            let (status, body) = match chunk.starts_with(b"POST /services/oauth2/token") {
                true => ("200 OK", r#"{"access_token":"our-own-token"}"#),
                false => ("400 Bad Request", "[]"),
            };
            let head = format!(
                "HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {}",
                body.len()
            );
            let _ = stream.write_all(format!("{head}\r\nConnection: close\r\n\r\n{body}").as_bytes());
        }
    });
    (url, received)
}

#[test]
fn what_a_caller_shows_never_reaches_a_vendor() {
    let house = House::new();
    let issuer = Issuer::beside(&house);
    let (vendor, received) = recorder();
    let mut environment = issuer.environment();
    environment.extend([
        ("GANGWAY_SALESFORCE__BASE_URL".to_owned(), vendor),
        ("GANGWAY_SALESFORCE__CLIENT_ID".to_owned(), "our-own-client".to_owned()),
        ("GANGWAY_SALESFORCE__CLIENT_SECRET".to_owned(), "our-own-secret".to_owned()),
    ]);
    let served = Served::start_without(&house, &["mcp", "salesforce"], &environment, "GANGWAY_SIMULATOR");
    let token = issuer.sign(&issuer.claims(&served.url));
    let answer =
        served.call_with(Some(&token), &read_account("ACME-001"), &[("x-forwarded-access-token", &token)]);
    assert_eq!(answer.json()["result"]["isError"], true, "{}", answer.body);
    let sent = String::from_utf8_lossy(&received.lock().unwrap()).into_owned();
    assert!(sent.contains("Bearer our-own-token"), "the vendor was asked with our own credentials: {sent}");
    for part in token.split('.') {
        assert!(!sent.contains(part) && !answer.body.contains(part), "a part of the token went on");
    }
    assert!(!sent.to_lowercase().contains("x-forwarded-access-token"), "{sent}");
}

#[test]
fn provisioning_needs_its_grant_whoever_calls() {
    let house = House::new();
    let made = house.json(&["keys", "create", "--name", "root", "--role", "admin", "--json"]);
    let admin = made["key"].as_str().unwrap().to_owned();
    let served = Served::start(&house, &["mcp", "provision"], &[]);
    for (who, token) in [("an admin", Some(admin.as_str())), ("nobody in particular", None)] {
        let arguments =
            json!({"account_id": "ACME-001", "tier": "Growth", "grant": "none.none", "idempotency_key": "k"});
        let refused = served.call(token, &json!({"name": "provision.create_tenant", "arguments": arguments}));
        assert!(refused.body.contains("GRANT"), "{who}: {}", refused.body);
    }
    assert_eq!(house.json(&["tenants", "list", "--json"])["tenants"], json!([]));
}

#[test]
fn each_agent_may_call_exactly_its_tools_and_everything_else_is_refused_and_on_record() {
    let house = House::new();
    let served = Served::start(&house, &["mcp", "all"], &[]);
    let seed: [u8; 32] = std::fs::read(house.data_dir().join("pass.key")).unwrap().try_into().unwrap();
    let mint = PassMint::new(&seed);
    let mut refused = 0;
    for agent in Agent::ALL {
        for tool in known() {
            let contract = tool.contract;
            let pass = mint.make(Holder::Agent(agent), contract.system, Timestamp::now()).unwrap();
            let answer = served.call(Some(&pass), &json!({"name": contract.name, "arguments": {}}));
            assert_eq!(answer.status, 200, "{agent} {}: {}", contract.name, answer.body);
            let is_refused = answer.body.contains("NOT_PERMITTED");
            assert_eq!(
                is_refused,
                !may_call(agent, contract.name),
                "{agent} {}: {}",
                contract.name,
                answer.body
            );
            refused += usize::from(is_refused);
        }
    }
    assert_eq!(refused, 4 * 39 - 17 - 6 - 3 - 9);
    let audit = house.json(&["audit", "tail", "--lines", "2000", "--json"]);
    let told = audit["entries"].as_array().unwrap().iter();
    let on_record =
        told.filter(|entry| entry["record"]["end"]["error"] == "authorization/NOT_PERMITTED").count();
    assert_eq!(on_record, refused);
    let elsewhere = mint.make(Holder::Agent(Agent::Coordinator), System::Tasks, Timestamp::now()).unwrap();
    let crossed = served.call(Some(&elsewhere), &read_account("ACME-001"));
    assert!(crossed.body.contains("its token is for the tasks server"), "{}", crossed.body);
}

#[test]
fn a_name_in_other_letters_is_no_other_persons() {
    let house = House::new();
    let create = |name: &str| house.run(&["keys", "create", "--name", name, "--role", "approver"]);
    assert!(create("Änne").status.success());
    let refused = create("ÄNNE");
    assert!(
        !refused.status.success() && stderr(&refused).contains("Änne has the key"),
        "{}",
        stderr(&refused)
    );
    assert!(create("Anne").status.success(), "she is somebody else");
}
