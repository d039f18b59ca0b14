//! `salesforce.update_onboarding_status`: shows Salesforce's users where an onboarding stands.
//!
//! Addressed by external id the PATCH is an upsert. It never creates an account: `updateOnly` forbids it from v61.0 on,
//! and before that an account without `Name`, which is never sent, is refused. Both refusals mean: no such account.

use std::sync::Arc;

use gangway_governance::Server;
use gangway_governance::vendor::Errand;
use gangway_governance::vendor::percent_encode;
use gangway_protocol::ApiError;
use gangway_protocol::tools::salesforce::{StatusUpdated, UpdateOnboardingStatus, UpdateStatusArgs};
use serde_json::json;

use crate::connection::Salesforce;
use crate::errors::no_such_account;
use crate::query::AccountKey;

pub(crate) fn add(server: Server, salesforce: Arc<Salesforce>) -> Server {
    server.tool::<UpdateOnboardingStatus, _, _>(move |args, call| {
        let salesforce = salesforce.clone();
        async move { update(&salesforce, call.operation, args).await }
    })
}

async fn update(
    salesforce: &Salesforce,
    operation: &'static str,
    args: UpdateStatusArgs,
) -> Result<StatusUpdated, ApiError> {
    let schema = &salesforce.schema;
    let record = match AccountKey::of(&args.account_id) {
        AccountKey::Record(id) => percent_encode(id.as_str()),
        AccountKey::External(value) => {
            format!("{}/{}?updateOnly=true", schema.external_id_field, percent_encode(&value))
        }
    };
    let fields = json!({
        schema.status_field.as_str(): args.status.label(),
        schema.run_field.as_str(): args.run_id.as_str(),
    });
    let errand = Errand::about_account(operation, args.account_id.as_str());
    let written = salesforce.update_account(errand, &record, &fields).await;
    written.map_err(|error| match error.error_code.as_str() {
        // Nothing required is ever sent empty, so only a record about to be created can lack something.
        "REQUIRED_FIELD_MISSING" => no_such_account(operation, args.account_id.as_str()),
        _ => error,
    })?;
    Ok(StatusUpdated { account_id: args.account_id, status: args.status })
}
