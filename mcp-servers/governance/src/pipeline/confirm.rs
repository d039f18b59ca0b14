//! Stage: the person at the host is asked, before anything is recorded as intended or any key is claimed.
//!
//! The first call of a tool that asks is answered with a form (MCP's multi-round request); the host makes the call again
//! with the person's answer. Nothing ran in between, so the round leaves one audit line and no claim. A host that cannot
//! show a form goes on unconfirmed: its tool says what then.

use super::{contain, deadline};
use crate::call::Call;
use crate::confirmation::{Confirmation, Open};
use crate::governance::Governance;
use crate::tool::GovernedTool;
use gangway_protocol::{ApiError, canonical};
use rmcp::model::{
    ElicitRequest, ElicitRequestParams, ElicitationSchema, InputRequest, InputRequiredResult, InputResponses,
};
use serde_json::Value;
use std::collections::BTreeMap;
use std::time::Instant;
use tokio_util::sync::CancellationToken;

/// Name of the one request in a form round, and of its one field.
const CONFIRM: &str = "confirm";

/// What the host can do, and what it brings back.
#[derive(Debug, Default)]
pub(crate) struct Host {
    /// It shows forms, in the multi-round way.
    pub(crate) shows_forms: bool,
    pub(crate) responses: Option<InputResponses>,
    pub(crate) state: Option<String>,
}

/// How a call stands after this stage.
pub(crate) enum Asked {
    /// It goes on, with what is known of the person's answer.
    Call(Call),
    /// The person must answer first.
    First(InputRequiredResult),
}

/// Asks, or reads the answer.
pub(crate) async fn person(
    governance: &Governance,
    tool: &GovernedTool,
    (mut call, arguments): (Call, &Value),
    host: Host,
) -> Result<Asked, ApiError> {
    let Some(ask) = &tool.ask else { return Ok(Asked::Call(call)) };
    if !host.shows_forms {
        return Ok(Asked::Call(call));
    }
    let digest = canonical::digest(arguments)
        .map_err(|error| refused(&call, "UNREADABLE_ARGUMENTS", &error.to_string()))?;
    if let Some(handle) = &host.state {
        let same = |open: &Open| {
            (open.tool, &open.principal, &open.arguments_digest)
                == (tool.contract.name, &call.principal, &digest)
        };
        let Some(open) = governance.questions.take(handle, Instant::now(), same) else {
            let text = "this form was answered before, is too old or belongs to another call; call again without requestState";
            return Err(refused(&call, "STALE_REQUEST_STATE", text));
        };
        let yes = host.responses.as_ref().and_then(|answers| answers.get(CONFIRM)).is_some_and(is_yes);
        call.confirmation = if yes { Confirmation::Given(open.bound_to) } else { Confirmation::Declined };
        return Ok(Asked::Call(call));
    }
    // What the tool does to ask is bounded like the handler: it may look things up, and it may have defects.
    let asking = contain::panics(&call, async { ask(arguments, &call).await });
    let asking = deadline::within(governance.deadline, &call, CancellationToken::new(), asking);
    // Arguments that cannot be read are refused by the stage whose business they are.
    let Some(question) = asking.await? else { return Ok(Asked::Call(call)) };
    let open = Open {
        tool: tool.contract.name,
        principal: call.principal.clone(),
        arguments_digest: digest,
        bound_to: question.bound_to,
    };
    let handle = governance
        .questions
        .ask(open, Instant::now())
        .ok_or_else(|| refused(&call, "TOO_MANY_QUESTIONS", "too many forms are open; answer some first"))?;
    form(&call, question.message, handle)
}

fn form(call: &Call, message: String, handle: String) -> Result<Asked, ApiError> {
    let requested_schema = ElicitationSchema::builder()
        .required_bool(CONFIRM)
        .build()
        .map_err(|error| refused(call, "FORM", error))?;
    let params = ElicitRequestParams::FormElicitationParams { meta: None, message, requested_schema };
    let request = InputRequest::Elicitation(ElicitRequest::new(params));
    let requests = BTreeMap::from([(CONFIRM.to_owned(), request)]);
    Ok(Asked::First(InputRequiredResult::new(Some(requests), Some(handle))))
}

/// Accepted, and the box is ticked.
fn is_yes(answer: &Value) -> bool {
    answer["action"] == "accept" && answer["content"][CONFIRM] == true
}

fn refused(call: &Call, code: &str, text: &str) -> ApiError {
    call.mistake(code, text)
}
