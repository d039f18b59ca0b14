//! `clm.send_reminder`: DocuSign mails everybody whose turn it is to sign.
//!
//! A contract nobody is asked to sign right now is nobody's reminder: nothing is sent and the count is 0.

use std::sync::Arc;

use gangway_governance::Server;
use gangway_protocol::ApiError;
use gangway_protocol::tools::clm::{ReminderArgs, ReminderSent, SendReminder};

use super::get_contract;
use crate::connection::DocuSign;
use crate::errors::no_such_contract;
use crate::mapping::due_signers;

pub(crate) fn add(server: Server, docusign: Arc<DocuSign>) -> Server {
    server.tool::<SendReminder, _, _>(move |args, call| {
        let docusign = docusign.clone();
        async move { remind(&docusign, call.operation, args).await }
    })
}

async fn remind(
    docusign: &DocuSign,
    operation: &'static str,
    args: ReminderArgs,
) -> Result<ReminderSent, ApiError> {
    let contract_id = args.contract_id;
    let envelope = get_contract::numbered(docusign, operation, contract_id.as_str())
        .await
        // Nothing is sent yet, whatever kept this read from its answer.
        .map_err(ApiError::unsent)?
        .ok_or_else(|| no_such_contract(operation, contract_id.as_str()))?;
    let under_way = matches!(envelope.status.as_deref(), Some("sent" | "delivered"));
    let due = if under_way { due_signers(&envelope) } else { 0 };
    if due > 0 {
        docusign.resend(operation, &envelope.envelope_id).await?;
    }
    Ok(ReminderSent { contract_id, reminded: u32::try_from(due).unwrap_or(u32::MAX) })
}
