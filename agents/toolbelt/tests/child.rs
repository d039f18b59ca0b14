//! Connections to a server in a child process: this program, launched again as the server.
//!
//! Without the usual harness, because that writes on the standard output the protocol needs.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails loudly")]

mod toy;

use gangway_protocol::ErrorType;
use gangway_toolbelt::{ConnectError, Connection, StdioLaunch};
use rmcp::service::ServiceExt as _;
use std::time::Duration;
use toy::{Toy, ask, behaves_like_every_other, belt, is_asked_again_once_it_says_that_its_tools_changed};

/// Set for the child only; shows too that a child gets the environment it is given.
const ROLE: &str = "GANGWAY_TOOLBELT_TEST_CHILD";
const TELLS: &str = "server that tells";
const LONG: Duration = Duration::from_secs(60);

fn launch() -> StdioLaunch {
    let program = std::env::current_exe().unwrap().to_string_lossy().into_owned();
    StdioLaunch {
        program,
        args: Vec::new(),
        env: vec![(ROLE.to_owned(), "server".to_owned())],
        credential: None,
    }
}

// One thread, so that the clock can be moved.
#[tokio::main(flavor = "current_thread")]
async fn main() {
    if let Ok(role) = std::env::var(ROLE) {
        let toy = if role == TELLS { Toy::that_tells() } else { Toy::default() };
        toy.serve(rmcp::transport::stdio()).await.unwrap().waiting().await.unwrap();
        return;
    }
    behaves_like_every_other(&belt(Connection::stdio(launch()).await.unwrap())).await;
    a_dead_child_is_a_network_error_and_is_launched_again().await;
    a_child_that_offers_another_tool_by_a_pinned_name_is_found_out().await;
    for (role, change) in [(TELLS, "change and say so"), ("server", "change and tell everybody")] {
        let launch = StdioLaunch { env: vec![(ROLE.to_owned(), role.to_owned())], ..launch() };
        let belt = belt(Connection::stdio(launch).await.unwrap());
        is_asked_again_once_it_says_that_its_tools_changed(&belt, change).await;
    }
    a_program_that_is_not_there_is_named().await;
    a_program_that_speaks_no_mcp_is_refused().await;
    the_debug_form_shows_no_environment_values();
    eprintln!("child: 7 behaviours hold");
}

async fn a_dead_child_is_a_network_error_and_is_launched_again() {
    let belt = belt(Connection::stdio(launch()).await.unwrap());
    for _ in 0..3 {
        let died = ask(&belt, "die", LONG).await.unwrap_err();
        assert_eq!(died.0, ErrorType::Network, "{died:?}");
        assert_eq!(ask(&belt, "none", LONG).await, Ok(false));
    }
}

async fn a_child_that_offers_another_tool_by_a_pinned_name_is_found_out() {
    let belt = belt(Connection::stdio(launch()).await.unwrap());
    assert_eq!(ask(&belt, "change", LONG).await, Ok(false));
    assert_eq!(ask(&belt, "none", LONG).await, Ok(false), "it was asked what it offers a moment ago");
    tokio::time::pause();
    tokio::time::advance(Duration::from_secs(121)).await;
    tokio::time::resume();
    let refused = ask(&belt, "none", LONG).await;
    assert_eq!(refused, Err((ErrorType::Authorization, "TOOL_NOT_OFFERED".to_owned())));
}

async fn a_program_that_is_not_there_is_named() {
    let missing = StdioLaunch { program: "/no/such/server".to_owned(), ..launch() };
    let error = Connection::stdio(missing).await.err().unwrap();
    assert!(matches!(error, ConnectError::Launch { .. }));
    assert!(error.to_string().contains("/no/such/server"), "{error}");
}

async fn a_program_that_speaks_no_mcp_is_refused() {
    let silent =
        StdioLaunch { program: "true".to_owned(), args: Vec::new(), env: Vec::new(), credential: None };
    let error = Connection::stdio(silent).await.err().unwrap();
    assert!(matches!(error, ConnectError::Handshake(_)), "{error}");
}

fn the_debug_form_shows_no_environment_values() {
    let secret = StdioLaunch { env: vec![("TOKEN".to_owned(), "hush".to_owned())], ..launch() };
    let shown = format!("{secret:?}");
    assert!(shown.contains("TOKEN") && !shown.contains("hush"), "{shown}");
}
