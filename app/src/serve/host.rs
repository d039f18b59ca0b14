//! Which names the service answers to: against web pages that reach for it from somebody's browser, by DNS rebinding
//! or by a form that posts across origins.

use super::settings::Serve;
use super::{Problem, Service};
use crate::refused::Refused;
use anyhow::{Result, bail};
use axum::extract::{ConnectInfo, Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use gangway_protocol::Actor;
use jiff::Timestamp;
use std::net::SocketAddr;
use std::sync::Arc;

const LOOPBACK: [&str; 3] = ["localhost", "127.0.0.1", "[::1]"];

/// Whose vendors these are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Vendors {
    /// Simulated: the demo's controls are open to whoever reaches the service.
    Simulated,
    /// Real.
    Real,
}

/// Whether anybody can be let in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ApiKeys {
    /// A key that is neither expired nor revoked exists.
    Exist,
    /// None does.
    None,
}

/// Refuses to be reached from other machines unless that was prepared: the names it goes by there, secrets, and a key.
///
/// # Errors
/// Says what is missing.
pub fn may_listen(settings: &Serve, addr: SocketAddr, vendors: Vendors, keys: ApiKeys) -> Result<()> {
    if addr.ip().is_loopback() {
        return Ok(());
    }
    let lacks = if vendors == Vendors::Simulated {
        "the vendors are simulated, and the demo is for this machine only"
    } else if settings.allowed_hosts.0.is_empty() {
        "serve.allowed_hosts does not say under which names it is reached"
    } else if settings.webhook_secrets.0.is_empty() {
        "serve.webhook_secrets holds no secret (GANGWAY_SERVE__WEBHOOK_SECRETS or …_FILE)"
    } else if keys == ApiKeys::None {
        "no API key exists, so /api would open to nobody (gangway keys create --name NAME --role admin makes one)"
    } else {
        return Ok(());
    };
    bail!(
        "will not listen on {addr}, where other machines reach it: {lacks}. Listen on 127.0.0.1 behind a reverse proxy with TLS, or configure what is missing"
    )
}

/// The names.
pub struct Hosts(Vec<String>);

impl Hosts {
    /// Loopback names, the address listened on, and the configured ones.
    pub fn of(settings: &Serve, addr: SocketAddr) -> Self {
        let own = match addr {
            SocketAddr::V4(addr) => addr.ip().to_string(),
            SocketAddr::V6(addr) => format!("[{}]", addr.ip()),
        };
        let loopback = LOOPBACK.into_iter().map(str::to_owned);
        Self(loopback.chain([own]).chain(settings.allowed_hosts.0.iter().cloned()).collect())
    }

    /// Whether `host`, with or without a port, is one of them.
    fn answer_to(&self, host: &str) -> bool {
        let name = match host.rsplit_once(':') {
            Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
            _ => host,
        };
        self.0.iter().any(|known| known.eq_ignore_ascii_case(name))
    }

    fn are_meant(&self, headers: &HeaderMap) -> bool {
        let text = |name| headers.get(name).map(|value| value.to_str().unwrap_or_default());
        let is_ours = text(header::HOST).is_some_and(|host| self.answer_to(host));
        let from_us = text(header::ORIGIN).is_none_or(|origin| {
            let host = origin.strip_prefix("http://").or_else(|| origin.strip_prefix("https://"));
            host.is_some_and(|host| self.answer_to(host))
        });
        is_ours && from_us
    }
}

/// Lets through what is meant for us; what is not leaves its trace.
pub async fn check(
    State((hosts, service)): State<(Arc<Hosts>, Arc<Service>)>,
    request: Request,
    next: Next,
) -> Response {
    if hosts.are_meant(request.headers()) {
        return next.run(request).await;
    }
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|peer| peer.ip());
    let (what, who, code) = ("name", Actor::nobody("nobody proved"), "FOREIGN_HOST_OR_ORIGIN");
    let refused = Refused { what, page: None, peer, who, code, why: None };
    service.refusals.record(service.installation.store(), &refused, Timestamp::now()).await;
    Problem::new(
        StatusCode::MISDIRECTED_REQUEST,
        "the service does not go by this name or serve this origin; name it in serve.allowed_hosts if it should",
    )
    .into_response()
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

    use super::{ApiKeys, Hosts, Vendors, may_listen};
    use crate::serve::settings::{Names, Secrets, Serve};
    use axum::http::{HeaderMap, HeaderValue};

    fn is_meant(host: &'static str, origin: Option<&'static str>) -> bool {
        let settings = Serve { allowed_hosts: Names(vec!["gangway.example".to_owned()]), ..Serve::default() };
        let hosts = Hosts::of(&settings, "127.0.0.1:8700".parse().unwrap());
        let mut headers = HeaderMap::from_iter([(axum::http::header::HOST, HeaderValue::from_static(host))]);
        if let Some(origin) = origin {
            headers.insert("origin", HeaderValue::from_static(origin));
        }
        hosts.are_meant(&headers)
    }

    #[test]
    fn only_its_own_names_and_origins_are_answered() {
        for host in ["localhost:8700", "127.0.0.1", "[::1]:8700", "[::1]", "Gangway.example"] {
            assert!(is_meant(host, None), "{host}");
        }
        for host in ["evil.example", "localhost.evil.example", "", "127.0.0.2:8700"] {
            assert!(!is_meant(host, None), "{host}");
        }
        assert!(is_meant("localhost:8700", Some("http://localhost:8700")));
        assert!(!is_meant("localhost:8700", Some("https://evil.example")));
        assert!(!is_meant("localhost:8700", Some("null")));
    }

    #[test]
    fn other_machines_are_served_only_when_that_was_prepared() {
        let anywhere = "0.0.0.0:8700".parse().unwrap();
        let mut settings = Serve::default();
        may_listen(&settings, "127.0.0.1:8700".parse().unwrap(), Vendors::Simulated, ApiKeys::None).unwrap();
        let refusal = |settings: &Serve, vendors| {
            may_listen(settings, anywhere, vendors, ApiKeys::None).unwrap_err().to_string()
        };
        assert!(refusal(&settings, Vendors::Real).contains("allowed_hosts"));
        settings.allowed_hosts = Names(vec!["gangway.example".to_owned()]);
        assert!(refusal(&settings, Vendors::Real).contains("WEBHOOK_SECRETS"));
        settings.webhook_secrets = Secrets::from(secrecy::SecretString::from("0123456789abcdef"));
        assert!(refusal(&settings, Vendors::Real).contains("gangway keys create"));
        may_listen(&settings, anywhere, Vendors::Real, ApiKeys::Exist).unwrap();
        assert!(refusal(&settings, Vendors::Simulated).contains("simulated"));
    }
}
