//! What an agent shows to a server in another process, made when it is needed: it does not last.
//!
//! How it is made, and what it proves, is the business of whoever hands it in.

use std::fmt;
use std::sync::Arc;

type Make = dyn Fn() -> Result<String, String> + Send + Sync;

/// Makes credentials. Clones share it.
#[derive(Clone)]
pub struct Credential(Arc<Make>);

impl Credential {
    /// One that is made by `make`, which says why if it cannot.
    #[must_use]
    pub fn new(make: impl Fn() -> Result<String, String> + Send + Sync + 'static) -> Self {
        Self(Arc::new(make))
    }

    /// A new one, or why there is none.
    pub(crate) fn make(&self) -> Result<String, String> {
        (self.0)()
    }
}

impl fmt::Debug for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Credential")
    }
}
