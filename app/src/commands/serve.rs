//! `gangway serve`: the service, until it is asked to end.

use crate::cli::{Globals, ServeArgs};
use crate::config::Sources;
use crate::installation::Installation;
use crate::serve;
use anyhow::Result;

/// Serves until SIGINT or SIGTERM.
pub async fn run(args: ServeArgs, globals: &Globals) -> Result<()> {
    let sources = Sources::read(globals)?;
    Installation::session_even_unsealed(sources, async |installation| {
        serve::run(installation, args.listen).await
    })
    .await
}
