//! Settings of the provisioning server. Nothing secret: the grant's public key comes through the constructor.

use gangway_protocol::TenantId;
use serde::Deserialize;
use std::fmt;

/// What stands in the template where the tenant's id goes.
const PLACE: &str = "{tenant_id}";

/// Settings of the provisioning server.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Where a tenant's users log in.
    pub login_url: LoginUrl,
}

/// A URL with `{tenant_id}` in it, e.g. `https://{tenant_id}.app.northwind.example/login`.
#[derive(Debug, Clone, Deserialize)]
#[serde(try_from = "String")]
pub struct LoginUrl(String);

/// Why a text is not a login URL template.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the login URL {0:?} must begin with https:// or http:// and contain {PLACE} once")]
pub struct LoginUrlError(String);

impl LoginUrl {
    /// Reads a template.
    ///
    /// # Errors
    /// [`LoginUrlError`] when it is no URL or has no single place for the tenant's id.
    pub fn parse(text: impl Into<String>) -> Result<Self, LoginUrlError> {
        let text = text.into();
        let is_url = text.starts_with("https://") || text.starts_with("http://");
        let is_clean = text.chars().all(|c| !c.is_whitespace() && !c.is_control());
        if is_url && is_clean && text.matches(PLACE).count() == 1 {
            Ok(Self(text))
        } else {
            Err(LoginUrlError(text))
        }
    }

    /// The login URL of one tenant.
    #[must_use]
    pub fn of(&self, tenant_id: &TenantId) -> String {
        self.0.replace(PLACE, tenant_id.as_str())
    }
}

impl Default for LoginUrl {
    fn default() -> Self {
        Self(format!("https://{PLACE}.app.northwind.example/login"))
    }
}

impl TryFrom<String> for LoginUrl {
    type Error = LoginUrlError;
    fn try_from(text: String) -> Result<Self, LoginUrlError> {
        Self::parse(text)
    }
}

impl fmt::Display for LoginUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

    use super::LoginUrl;
    use gangway_protocol::TenantId;

    #[test]
    fn puts_the_tenant_into_its_place() {
        let tenant = TenantId::parse("tnt-acme-001").unwrap();
        assert_eq!(LoginUrl::default().of(&tenant), "https://tnt-acme-001.app.northwind.example/login");
    }

    #[test]
    fn refuses_templates_that_name_no_tenant_or_are_no_url() {
        for bad in [
            "https://app.example/login",
            "ftp://{tenant_id}",
            "https://{tenant_id}/{tenant_id}",
            "https://{tenant_id}/a b",
        ] {
            assert!(LoginUrl::parse(bad).is_err(), "{bad}");
        }
    }
}
