//! `/mcp/SERVER`: every MCP server of this process over HTTP, for hosts and for agents elsewhere.
//!
//! Whoever comes shows a credential: there is no way in without one, as everywhere in the service. A server whose vendor
//! is not configured is not there.

use super::Service;
use crate::{access, onboarding};
use anyhow::Result;
use axum::Router;
use gangway_governance::{Door, Governed, Mount, Resource, Server, ToolNames};
use gangway_protocol::System;
use std::net::SocketAddr;
use std::sync::Arc;

const SYSTEMS: [System; 6] =
    [System::Salesforce, System::Clm, System::Netsuite, System::Provision, System::Tasks, System::Notify];

/// The routes, for a service that listens there.
pub fn routes(service: &Arc<Service>, listening: SocketAddr) -> Result<Router> {
    let installation = &service.installation;
    let settings = &installation.config().access;
    let resource = settings.resource(listening, installation.http())?;
    let hosts: Vec<String> = settings
        .public_host()?
        .into_iter()
        .chain(installation.config().serve.allowed_hosts.0.clone())
        .collect();
    let mut router = Router::new();
    for (name, systems, server) in servers(service) {
        let mount = Mount {
            path: format!("/mcp/{name}"),
            door: door(service, systems, resource.clone()),
            hosts: hosts.clone(),
        };
        // The names that every host takes; calls are understood under the dotted ones too.
        let governed = Governed::behind_door(server, installation.governance(), ToolNames::Underscore);
        router = router.merge(mount.router(governed, &service.stop));
    }
    Ok(router)
}

fn door(service: &Service, systems: Vec<System>, resource: Option<Resource>) -> Door {
    let installation = &service.installation;
    Door {
        systems,
        passes: installation.pass_check(),
        keys: access::key_check(installation.store()),
        resource,
        unnamed: None,
        book: access::book(installation.store(), &service.refusals),
    }
}

/// Each server there is, and all of them as one.
fn servers(service: &Arc<Service>) -> Vec<(String, Vec<System>, Server)> {
    let installation = &service.installation;
    let mut found = Vec::new();
    for system in SYSTEMS {
        match installation.server(system) {
            Ok(server) => found.push((system, server)),
            Err(error) => tracing::info!("/mcp/{system} is not served: {error:#}"),
        }
    }
    found.push((
        System::Onboarding,
        onboarding::server(Arc::clone(installation), None, Some(&service.engine)),
    ));
    let all = Server::merge(found.iter().map(|(_, server)| server.clone()).collect());
    let systems = found.iter().map(|(system, _)| *system).collect();
    let each = found.into_iter().map(|(system, server)| (system.name().to_owned(), vec![system], server));
    each.chain([("all".to_owned(), systems, all)]).collect()
}
