//! Who works at this command line, or at the host that started this process over standard input and output.
//!
//! The operating system vouches for its user; whoever may read the data folder may do everything in it anyway.

use anyhow::{Result, bail};
use gangway_protocol::{Person, Role};

/// The local operating-system user, as an administrator.
pub fn local() -> Result<Person> {
    if std::env::var_os("GANGWAY_API_KEY").is_some() {
        bail!(
            "GANGWAY_API_KEY is set, but no API key can be checked here; unset it to act as the local user"
        );
    }
    let name = std::env::var("USER").unwrap_or_default();
    if name.trim().is_empty() {
        bail!("USER is not set, so nobody can be named as the person who decides; set it");
    }
    Ok(Person { name, roles: [Role::Admin].into(), domains: [].into() })
}
