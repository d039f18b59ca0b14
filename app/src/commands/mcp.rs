//! `gangway mcp`: one MCP server, or all in one, on standard input and output or over HTTP.
//!
//! Who calls: over standard input and output whoever launched it, by a pass, an API key or the launch's own word, and then
//! reading only unless the launch says otherwise; over HTTP whoever each request proves to be.

use crate::access::{self, Vendors};
use crate::cli::{Globals, McpArgs, NameStyle, ServerName};
use crate::config::Sources;
use crate::installation::{Installation, PASS_VARIABLE};
use crate::listening::{Listening, Terms, body};
use crate::refused::RefusalLog;
use crate::reload::{self, Holds, Readied, Reloading};
use crate::{onboarding, output, schedule, shutdown};
use anyhow::{Context as _, Result, bail};
use axum::Router;
use axum::extract::Request;
use axum::middleware::{Next, from_fn};
use gangway_governance::{Door, Governed, Mount, Principal, Reach, Server, ToolNames, serve_stdio};
use gangway_protocol::audit::AuditRecord;
use gangway_protocol::{Actor, Person, System};
use jiff::Timestamp;
use serde_json::json;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// Every system with a server of its own that needs no engine.
const SYSTEMS: [System; 6] =
    [System::Salesforce, System::Clm, System::Netsuite, System::Provision, System::Tasks, System::Notify];

/// How long open connections may finish their answers when the process is asked to end: a call goes on without its caller.
const DRAIN: Duration = Duration::from_secs(5);
/// Between two looks at refusals whose minute is over.
const SETTLE_EVERY: Duration = Duration::from_secs(30);

/// Serves until the host goes away, or until interrupted.
pub async fn run(args: McpArgs, globals: &Globals) -> Result<()> {
    Installation::session(Sources::read(globals)?, async |installation| serve(args, installation).await).await
}

async fn serve(args: McpArgs, installation: Arc<Installation>) -> Result<()> {
    reload_on_signals(&args, &installation)?;
    put_on_record(&args, &installation).await?;
    let stop = CancellationToken::new();
    let sealing = schedule::sealing(&installation)?;
    let refusals = Arc::new(RefusalLog::default());
    let (served, sealed, ()) = futures::join!(
        async {
            let served = match args.http {
                Some(address) => over_http(&args, address, &installation, &refusals).await,
                None => over_stdio(&args, Arc::clone(&installation)).await,
            };
            stop.cancel();
            served
        },
        sealing.run(stop.clone()),
        settle(&installation, &refusals, &stop)
    );
    served.and(sealed)
}

/// Has on record how many refusals were only counted, once their minute is over: a host may end this process without a word.
async fn settle(installation: &Installation, refusals: &RefusalLog, stop: &CancellationToken) {
    let mut due = tokio::time::interval(SETTLE_EVERY);
    while stop.run_until_cancelled(due.tick()).await.is_some() {
        let now = Some(Timestamp::now());
        refusals.settle(installation.store(), now).await;
        installation.governance().settle_refusals(now).await;
    }
    refusals.settle(installation.store(), None).await;
}

/// That it was started, and what it goes by: a policy may have changed since the last start.
async fn put_on_record(args: &McpArgs, installation: &Installation) -> Result<()> {
    let holds = Holds::of(&installation.governance().policy(), &installation.config().limits)?;
    let told = json!({
        "version": env!("CARGO_PKG_VERSION"),
        "server": name(args.server),
        "transport": if args.http.is_some() { "http" } else { "stdio" },
        "goes_by": holds.told(),
        "simulated_vendors": installation.vendors().is_some(),
    });
    let record = AuditRecord::done("mcp.start", &itself(args), told, Timestamp::now());
    installation.store().audit().append(record).await?;
    Ok(())
}

/// Who starts and reloads: neither the launch nor a signal has a name.
fn itself(args: &McpArgs) -> Actor {
    Actor::process(&format!("mcp {}", name(args.server)))
}

async fn over_stdio(args: &McpArgs, installation: Arc<Installation>) -> Result<()> {
    let person = installation.acting_person().await?;
    let principal = launcher(args, &installation, &person).await?;
    let server = server(args.server, &installation, Some(person))?;
    let governed = Governed::new(server, installation.governance(), principal, names(args));
    // Calls under way are answered, refusals counted and the audit sealed, as when the host closes its end.
    let stop = CancellationToken::new();
    let (asked, stopped) = (shutdown::requested(), stop.clone());
    tokio::spawn(async move {
        asked.await;
        stopped.cancel();
    });
    Ok(serve_stdio(governed, stop).await?)
}

/// Who launched this process.
async fn launcher(args: &McpArgs, installation: &Installation, person: &Person) -> Result<Principal> {
    if let Ok(pass) = std::env::var(PASS_VARIABLE) {
        let now = Timestamp::now();
        let opened = installation.pass_check().open(&pass, &systems(args.server), now);
        if let Err(error) = &opened {
            let (who, at) = (Actor::nobody("nobody proved"), json!({ "server": name(args.server) }));
            let refused = AuditRecord::refused("passes.use", &who, at, now, "BAD_PASS");
            installation.store().audit().append(refused.because(&error.to_string())).await?;
        }
        return opened.with_context(|| format!("{PASS_VARIABLE} does not open this server"));
    }
    let reach = if args.allow_writes { Reach::Writes } else { Reach::Reads };
    match (installation.has_api_key(), &args.name) {
        (true, Some(_)) => bail!("--as names a caller, and so does GANGWAY_API_KEY: give one of the two"),
        (true, None) => Ok(Principal::person(person.clone()).within(reach)),
        (false, name) => Ok(Principal::local(name.as_deref().unwrap_or("stdio"), reach)?),
    }
}

async fn over_http(
    args: &McpArgs,
    address: SocketAddr,
    installation: &Arc<Installation>,
    refusals: &Arc<RefusalLog>,
) -> Result<()> {
    if !address.ip().is_loopback() {
        bail!(
            "will not listen on {address}: a single server listens on loopback addresses (127.0.0.1, ::1) only; gangway serve offers every server to other machines, at /mcp/SERVER"
        );
    }
    let listening = Listening::at(address, "--http, or port 0 for any free one").await?;
    let settings = &installation.config().serve;
    let terms = Terms::of(settings, installation.store(), refusals);
    let body_time = Duration::from_millis(settings.body_ms.get());
    let stop = CancellationToken::new();
    let mounted = mount(args, listening.addr, (installation, refusals), &stop)?;
    let router =
        mounted.layer(from_fn(move |request: Request, next: Next| body::within(body_time, request, next)));
    let asked = shutdown::requested();
    output::line(&format!("http://{}/mcp", listening.addr))?;
    let mut answering = tokio::spawn(listening.answer(router, terms, stop.clone()));
    asked.await;
    stop.cancel();
    if tokio::time::timeout(DRAIN, &mut answering).await.is_err() {
        answering.abort();
    }
    Ok(())
}

/// The server behind its door.
fn mount(
    args: &McpArgs,
    listening: SocketAddr,
    (installation, refusals): (&Arc<Installation>, &Arc<RefusalLog>),
    stop: &CancellationToken,
) -> Result<Router> {
    // Nobody vouches for who is at the host.
    let server = server(args.server, installation, None)?;
    let governed = Governed::behind_door(server, installation.governance(), names(args));
    let vendors = if installation.vendors().is_some() { Vendors::Simulated } else { Vendors::Real };
    let settings = &installation.config().access;
    let door = Door {
        systems: systems(args.server),
        passes: installation.pass_check(),
        keys: access::key_check(installation.store()),
        resource: settings.resource(listening, installation.http())?,
        unnamed: settings.unnamed_caller(args.name.as_deref().unwrap_or("http"), vendors)?,
        book: access::book(installation.store(), refusals),
    };
    let hosts = settings.public_host()?.into_iter().collect();
    Ok(Mount { path: "/mcp".to_owned(), door, hosts }.router(governed, stop))
}

/// SIGHUP: the policy and the limits are read again; what cannot be used changes nothing.
fn reload_on_signals(args: &McpArgs, installation: &Arc<Installation>) -> Result<()> {
    let reloaded = Arc::clone(installation);
    let reloading = Reloading {
        who: itself(args),
        holds: Holds::of(&installation.governance().policy(), &installation.config().limits)?,
        ready: Box::new(move || ready(&reloaded)),
        adopted: "access policy and limits are the new ones",
    };
    reload::on_signals(installation, reloading)
}

fn ready(installation: &Arc<Installation>) -> Result<Readied> {
    let config = installation.read_config_again()?;
    let policy = access::configured(&config.access)?;
    let holds = Holds::of(&policy, &config.limits)?;
    let installation = Arc::clone(installation);
    let adopt = Box::new(move || {
        installation.governance().adopt_policy(policy);
        installation.limits().replace(&config.limits);
        Ok(())
    });
    Ok(Readied { holds, adopt })
}

fn names(args: &McpArgs) -> ToolNames {
    match args.tool_names {
        NameStyle::Dotted => ToolNames::Dotted,
        NameStyle::Underscore => ToolNames::Underscore,
    }
}

/// As it is called at the command line.
fn name(server: ServerName) -> &'static str {
    match systems(server).as_slice() {
        [only] => only.name(),
        _ => "all",
    }
}

/// The systems whose tools a server has.
fn systems(name: ServerName) -> Vec<System> {
    match name {
        ServerName::Salesforce => vec![System::Salesforce],
        ServerName::Clm => vec![System::Clm],
        ServerName::Netsuite => vec![System::Netsuite],
        ServerName::Provision => vec![System::Provision],
        ServerName::Tasks => vec![System::Tasks],
        ServerName::Notify => vec![System::Notify],
        ServerName::Onboarding => vec![System::Onboarding],
        ServerName::All => SYSTEMS.into_iter().chain([System::Onboarding]).collect(),
    }
}

fn server(name: ServerName, installation: &Arc<Installation>, person: Option<Person>) -> Result<Server> {
    let of = |system| match system {
        System::Onboarding => Ok(onboarding::server(Arc::clone(installation), person.clone(), None)),
        other => installation.server(other),
    };
    let mut servers = systems(name).into_iter().map(of).collect::<Result<Vec<_>>>()?;
    match (servers.pop(), servers.is_empty()) {
        (Some(only), true) => Ok(only),
        (last, _) => Ok(Server::merge(servers.into_iter().chain(last).collect())),
    }
}
