//! `gangway serve`: the service, until it is asked to end.

use crate::cli::{Globals, ServeArgs};
use crate::config::Sources;
use crate::installation::Installation;
use crate::serve::{Listening, Service};
use crate::{approvals, onboarding, output, shutdown};
use anyhow::{Context as _, Result};
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

/// Serves until SIGINT or SIGTERM.
pub async fn run(args: ServeArgs, globals: &Globals) -> Result<()> {
    Installation::session(Sources::read(globals)?, async |installation| serve(args, installation).await).await
}

async fn serve(args: ServeArgs, installation: Arc<Installation>) -> Result<()> {
    let engine = installation.engine().await?;
    let listening = Listening::at(args.listen.unwrap_or(installation.config().serve.listen)).await?;
    output::line(&format!("http://{}", listening.addr))?;
    onboarding::finish_earlier(&installation, &engine, &[]).await?;
    let service = Arc::new(Service { installation, engine, stop: CancellationToken::new() });
    let stop = service.stop.clone();
    tokio::spawn(async move {
        shutdown::requested().await;
        stop.cancel();
    });
    let kept = tokio::spawn(approvals::keep(Arc::clone(&service)));
    let answered = listening.answer(service).await;
    kept.await.context("watching the approvals ended in a panic")?;
    answered
}
