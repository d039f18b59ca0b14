//! `[access]`: the policy this installation goes by, and who is let in without showing anything.
//!
//! What rules mean is governance's business; here they are found, read and told about with their file.

mod book;

use crate::config::paths::beside_the_file;
use anyhow::{Context as _, Result, anyhow, bail};
pub use book::book;
use gangway_governance::access::policy::MAX_FILE_BYTES;
use gangway_governance::{Issuer, KeyCheck, KeySource, Policy, Principal, Reach, Resource};
use gangway_store::Store;
use jiff::Timestamp;
use serde::Deserialize;
use std::fs::File;
use std::io::Read as _;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Who may call our MCP servers.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Access {
    /// A policy file; the built-in policy when absent.
    #[serde(deserialize_with = "beside_the_file")]
    pub policy: Option<PathBuf>,
    /// What callers of `gangway mcp … --http` may do that show no credential.
    pub unnamed: Option<Unnamed>,
    /// Scheme and authority under which hosts reach the MCP servers, e.g. `https://gangway.example.com`; where we listen,
    /// when absent. What an access token is for begins with it.
    pub public_url: Option<String>,
    /// Whose access tokens are taken; nobody's when absent.
    pub oauth: Option<OAuth>,
}

/// An issuer of access tokens (OAuth 2.1).
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OAuth {
    /// Its identifier, as it stands in `iss`.
    pub issuer: String,
    /// Address of its keys.
    pub jwks_uri: Option<String>,
    /// File with its keys, instead.
    #[serde(default, deserialize_with = "beside_the_file")]
    pub jwks_path: Option<PathBuf>,
}

impl OAuth {
    fn keys(&self) -> Result<KeySource> {
        match (&self.jwks_uri, &self.jwks_path) {
            (Some(uri), None) => {
                KeySource::url(uri).map_err(|error| anyhow!("access.oauth.jwks_uri: {error}"))
            }
            (None, Some(path)) => Ok(KeySource::File(path.clone())),
            (Some(_), Some(_)) | (None, None) => {
                bail!("access.oauth needs the issuer's keys: give one of jwks_uri and jwks_path")
            }
        }
    }
}

/// What somebody may do that shows no credential.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unnamed {
    /// Nothing: every caller shows a credential.
    Nobody,
    /// Read.
    Reads,
    /// Read and write.
    Writes,
}

/// Whose vendors a server reaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Vendors {
    /// Simulated ones.
    Simulated,
    /// Real ones.
    Real,
}

impl Access {
    /// This installation as the configured issuer's tokens name it, where it listens at `listening`.
    pub fn resource(&self, listening: SocketAddr, http: &reqwest::Client) -> Result<Option<Resource>> {
        let Some(oauth) = &self.oauth else { return Ok(None) };
        let base_url = match &self.public_url {
            Some(url) => url.trim_end_matches('/').to_owned(),
            None => format!("http://{listening}"),
        };
        let issuer = Arc::new(Issuer::new(&oauth.issuer, oauth.keys()?, http.clone()));
        Ok(Some(Resource { issuer, base_url }))
    }

    /// The host name under which hosts reach the MCP servers, where that is configured.
    pub fn public_host(&self) -> Result<Option<String>> {
        let Some(url) = &self.public_url else { return Ok(None) };
        let parsed =
            reqwest::Url::parse(url).with_context(|| format!("access.public_url is {url}, no URL"))?;
        match parsed.host_str() {
            Some(host) if parsed.path() == "/" => Ok(Some(host.to_owned())),
            _ => bail!(
                "access.public_url is {url}: write scheme and host only, as in https://gangway.example.com"
            ),
        }
    }

    /// Who somebody on this machine is that shows no credential. With real vendors such a caller reads, unless more or
    /// less is configured; in a demo it may do everything; where an issuer is configured nobody comes in so.
    pub fn unnamed_caller(&self, name: &str, vendors: Vendors) -> Result<Option<Principal>> {
        let usual = match (vendors, &self.oauth) {
            (_, Some(_)) => Unnamed::Nobody,
            (Vendors::Simulated, None) => Unnamed::Writes,
            (Vendors::Real, None) => Unnamed::Reads,
        };
        Ok(match self.unnamed.unwrap_or(usual) {
            Unnamed::Nobody => None,
            Unnamed::Reads => Some(Principal::local(name, Reach::Reads)?),
            Unnamed::Writes => Some(Principal::local(name, Reach::Writes)?),
        })
    }
}

/// The policy that is configured: that of the file, else the built-in one.
pub fn configured(settings: &Access) -> Result<Policy> {
    match &settings.policy {
        Some(file) => read(file),
        None => Policy::builtin().context("the built-in policy is broken"),
    }
}

/// Reads a policy file.
pub fn read(path: &Path) -> Result<Policy> {
    let file = path.display();
    let mut text = String::new();
    // One byte more than is allowed, so that a longer file is refused and not cut off.
    File::open(path)
        .and_then(|opened| opened.take(MAX_FILE_BYTES as u64 + 1).read_to_string(&mut text))
        .with_context(|| format!("cannot read the policy file {file}"))?;
    match Policy::read(&text) {
        Ok(policy) => Ok(policy),
        Err(error) => {
            let problems: Vec<String> =
                error.problems.iter().map(|(line, problem)| format!("{file}:{line}: {problem}")).collect();
            bail!("the policy file cannot be used:\n{}", problems.join("\n"))
        }
    }
}

/// Recognises people by their API keys.
pub fn key_check(store: &Store) -> KeyCheck {
    let store = store.clone();
    Arc::new(move |token| {
        let store = store.clone();
        Box::pin(async move {
            match crate::api_keys::person_of(&store, &token, Timestamp::now()).await {
                Ok(Ok(key)) => Ok(key.person),
                Ok(Err(refused)) => Err(refused.to_string()),
                Err(error) => {
                    tracing::warn!(error = error.with_cause(), "an API key could not be looked up");
                    Err("keys cannot be looked up now; try again shortly".to_owned())
                }
            }
        })
    })
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

    use super::{Access, OAuth, Unnamed, Vendors, read};
    use gangway_governance::Reach;

    #[test]
    fn who_shows_nothing_writes_only_in_a_demo_or_where_that_is_configured() {
        let reach = |unnamed, vendors| {
            let access = Access { unnamed, ..Access::default() };
            access.unnamed_caller("http", vendors).unwrap().map(|principal| principal.reach())
        };
        assert_eq!(reach(None, Vendors::Simulated), Some(Reach::Writes));
        assert_eq!(reach(None, Vendors::Real), Some(Reach::Reads));
        assert_eq!(reach(Some(Unnamed::Nobody), Vendors::Simulated), None);
        assert_eq!(reach(Some(Unnamed::Writes), Vendors::Real), Some(Reach::Writes));
    }

    #[test]
    fn an_issuer_needs_keys_from_one_safe_place_and_closes_the_door_to_the_unnamed() {
        let oauth = |uri: Option<&str>, path: Option<&str>| OAuth {
            issuer: "https://login.example".to_owned(),
            jwks_uri: uri.map(str::to_owned),
            jwks_path: path.map(Into::into),
        };
        assert!(oauth(Some("https://login.example/jwks"), None).keys().is_ok());
        assert!(oauth(None, Some("keys.json")).keys().is_ok());
        for bad in [
            oauth(None, None),
            oauth(Some("https://a.example"), Some("b")),
            oauth(Some("http://a.example"), None),
        ] {
            assert!(bad.keys().is_err(), "{bad:?}");
        }
        let access = Access { oauth: Some(oauth(None, Some("keys.json"))), ..Access::default() };
        assert!(access.unnamed_caller("http", Vendors::Simulated).unwrap().is_none());
    }

    #[test]
    fn a_broken_policy_is_told_with_file_and_line() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("policy.toml");
        std::fs::write(&file, "[[allow]]\nwho = [\"agent:nobody\"]\ntools = [\"*\"]\n").unwrap();
        let says = read(&file).unwrap_err().to_string();
        assert!(says.contains("policy.toml:2: \"agent:nobody\" names nobody"), "{says}");
        assert!(format!("{:#}", read(&folder.path().join("none")).unwrap_err()).contains("cannot read"));
    }
}
