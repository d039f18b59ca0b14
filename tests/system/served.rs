//! A running MCP server over HTTP, plain requests to it, and an issuer of access tokens.

use crate::harness::House;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::jwk::{AlgorithmParameters, Jwk};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader};
use std::path::PathBuf;
use std::process::{Child, Stdio};
use std::time::{SystemTime, UNIX_EPOCH};

/// What a server answered.
pub struct Reply {
    pub status: u16,
    headers: BTreeMap<String, String>,
    pub body: String,
}

impl Reply {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.body))
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", String::as_str)
    }
}

/// `gangway mcp … --http` as a process of its own.
pub struct Served {
    child: Child,
    pub url: String,
}

impl Served {
    pub fn start(house: &House, arguments: &[&str], environment: &[(String, String)]) -> Self {
        Self::start_without(house, arguments, environment, "")
    }

    /// The same without one of the house's own variables.
    pub fn start_without(
        house: &House,
        arguments: &[&str],
        environment: &[(String, String)],
        without: &str,
    ) -> Self {
        let mut command = house.command(&[arguments, &["--http", "127.0.0.1:0"]].concat());
        if !without.is_empty() {
            command.env_remove(without);
        }
        command.envs(environment.iter().map(|(name, value)| (name, value)));
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut url = String::new();
        BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut url).unwrap();
        assert!(url.starts_with("http://"), "it did not start: {url:?}");
        Self { child, url: url.trim().to_owned() }
    }

    /// One call of a tool, as a legacy host makes it: nothing needs to come before.
    pub fn call(&self, token: Option<&str>, params: &Value) -> Reply {
        self.call_with(token, params, &[])
    }

    pub fn call_with(&self, token: Option<&str>, params: &Value, headers: &[(&str, &str)]) -> Reply {
        let message =
            json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params}).to_string();
        let more: Vec<(&str, &str)> =
            [("mcp-protocol-version", "2025-11-25")].into_iter().chain(headers.iter().copied()).collect();
        send(&self.url, token, Some(&message), &more).unwrap()
    }

    /// One call of a tool, as a modern host that shows forms makes it; gives the result.
    pub fn modern(&self, token: &str, tool: &str, arguments: &Value, more: Value) -> Value {
        let mut params = json!({"name": tool, "arguments": arguments,
            "_meta": {"io.modelcontextprotocol/protocolVersion": "2026-07-28",
                      "io.modelcontextprotocol/clientCapabilities": {"elicitation": {"form": {}}},
                      "io.modelcontextprotocol/clientInfo": {"name": "test", "version": "1"}}});
        for (name, value) in more.as_object().unwrap() {
            params[name] = value.clone();
        }
        let message =
            json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params}).to_string();
        let headers =
            [("mcp-protocol-version", "2026-07-28"), ("mcp-method", "tools/call"), ("mcp-name", tool)];
        let reply = send(&self.url, Some(token), Some(&message), &headers).unwrap();
        let answer = reply.json();
        assert!(answer["result"].is_object(), "{answer}");
        answer["result"].clone()
    }

    /// Some bytes as a message.
    pub fn post_raw(&self, token: Option<&str>, body: &str) -> Reply {
        send(&self.url, token, Some(body), &[("mcp-protocol-version", "2025-11-25")]).unwrap()
    }

    pub fn get(&self, path: &str) -> Reply {
        let base = self.url.trim_end_matches("/mcp");
        send(&format!("{base}{path}"), None, None, &[]).unwrap()
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        // One that is gone already is as good as stopped.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A request; none if the connection broke before there was an answer.
pub fn send(url: &str, token: Option<&str>, body: Option<&str>, headers: &[(&str, &str)]) -> Option<Reply> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        let mut request = match body {
            Some(body) => client.post(url).header("content-type", "application/json").body(body.to_owned()),
            None => client.get(url),
        };
        request = request.header("accept", "application/json, text/event-stream");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if let Some(token) = token {
            request = request.bearer_auth(token);
        }
        let answer = request.send().await.ok()?;
        let status = answer.status().as_u16();
        let text = |value: &reqwest::header::HeaderValue| value.to_str().unwrap().to_owned();
        let headers = answer.headers().iter().map(|(name, value)| (name.to_string(), text(value))).collect();
        Some(Reply { status, headers, body: answer.text().await.ok()? })
    })
}

/// Somebody who issues access tokens, and whose keys are in a file.
pub struct Issuer {
    key: EncodingKey,
    keys: Value,
    file: PathBuf,
}

impl Issuer {
    /// An issuer whose key file lies beside the house's data. Its private key is one of the simulated vendors'.
    pub fn beside(house: &House) -> Self {
        let connection = house.vendors().get("/_simulator/connection");
        let pem = connection["credentials"]["docusign"]["private_key_pem"].as_str().unwrap();
        let key = EncodingKey::from_rsa_pem(pem.as_bytes()).unwrap();
        let mut public = Jwk::from_encoding_key(&key, Algorithm::RS256).unwrap();
        public.common.key_id = Some("one".to_owned());
        assert!(matches!(public.algorithm, AlgorithmParameters::RSA(_)));
        let keys = json!({"keys": [public]});
        let file = house.data_dir().with_file_name("jwks.json");
        std::fs::write(&file, keys.to_string()).unwrap();
        Self { key, keys, file }
    }

    pub fn name(&self) -> &'static str {
        "https://login.example"
    }

    /// What a server needs to know of it.
    pub fn environment(&self) -> Vec<(String, String)> {
        vec![
            ("GANGWAY_ACCESS__OAUTH__ISSUER".to_owned(), self.name().to_owned()),
            ("GANGWAY_ACCESS__OAUTH__JWKS_PATH".to_owned(), self.file.display().to_string()),
        ]
    }

    /// What a good token for this resource says.
    pub fn claims(&self, resource: &str) -> Value {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
        json!({"iss": self.name(), "aud": resource, "sub": "ada", "client_id": "desk", "iat": now, "exp": now + 600,
            "scope": "salesforce:read"})
    }

    pub fn sign(&self, claims: &Value) -> String {
        self.sign_as("one", claims)
    }

    /// Signed, saying that it was with the key of this name. A claim that is null is left out.
    pub fn sign_as(&self, kid: &str, claims: &Value) -> String {
        let header = Header { kid: Some(kid.to_owned()), ..Header::new(Algorithm::RS256) };
        let mut claims = claims.clone();
        claims.as_object_mut().unwrap().retain(|_, value| !value.is_null());
        jsonwebtoken::encode(&header, &claims, &self.key).unwrap()
    }

    /// The public key's modulus as everybody can read it.
    pub fn modulus(&self) -> String {
        self.keys["keys"][0]["n"].as_str().unwrap().to_owned()
    }

    /// A part of a token.
    pub fn part(bytes: &[u8]) -> String {
        URL_SAFE_NO_PAD.encode(bytes)
    }
}
