//! Progress as a host hears it: what the handler says, and that it is still at work; nothing after the answer.

use crate::toys::{Toys, governed, success, toy_server, toys};
use gangway_governance::{Governance, ToolNames};
use gangway_store::Store;
use rmcp::handler::client::ClientHandler;
use rmcp::model::{CallToolRequestParams, ProgressNotificationParam};
use rmcp::service::{NotificationContext, RoleClient, ServiceExt as _};
use serde_json::json;
use std::sync::{Arc, Mutex};

/// Notes what it hears, and opens the gate after the third time.
#[derive(Clone)]
struct Listener {
    heard: Arc<Mutex<Vec<(f64, String)>>>,
    toys: Arc<Toys>,
}

impl ClientHandler for Listener {
    async fn on_progress(&self, told: ProgressNotificationParam, _context: NotificationContext<RoleClient>) {
        let mut heard = self.heard.lock().unwrap();
        heard.push((told.progress, told.message.unwrap_or_default()));
        if heard.len() == 3 {
            self.toys.gate.add_permits(1);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_long_call_says_how_far_it_is_and_that_it_lives() {
    let toys = toys();
    let listener = Listener { heard: Arc::default(), toys: Arc::clone(&toys) };
    let governance = Governance::new(Store::in_memory().unwrap());
    let governed = governed(toy_server(&toys), governance, ToolNames::Dotted);
    let (near, far) = tokio::io::duplex(1 << 16);
    tokio::spawn(async move { governed.serve(far).await.unwrap().waiting().await });
    let client = listener.clone().serve(near).await.unwrap();

    let gate = json!({"mode": "gate"}).as_object().cloned().unwrap();
    let result =
        client.call_tool(CallToolRequestParams::new("tasks.peek").with_arguments(gate)).await.unwrap();
    assert_eq!(success(&result)["said"], "gate");
    let heard = listener.heard.lock().unwrap().clone();
    let words: Vec<(f64, &str)> = heard.iter().map(|(told, words)| (*told, words.as_str())).take(3).collect();
    assert_eq!(words, [(1.0, "waiting at the gate"), (2.0, "still at work"), (3.0, "still at work")]);
}
