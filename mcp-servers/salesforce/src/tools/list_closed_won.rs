//! `salesforce.list_closed_won`: deals won since an instant, oldest change first.
//!
//! Pages are cut by (change, id): automation changes hundreds of deals in one instant, and a page must get past it.

use std::sync::Arc;

use gangway_governance::Server;
use gangway_protocol::ApiError;
use gangway_protocol::tools::salesforce::{
    ClosedWon, ClosedWonArgs, ClosedWonList, ListClosedWon, MAX_CLOSED_WON,
};
use serde_json::Value;

use crate::connection::{Deleted, Salesforce};
use crate::errors::{malformed_id, unexpected, unreadable};
use crate::mapping::{self, Unreadable};
use crate::settings::Schema;
use crate::wire::OpportunityRow;
use gangway_protocol::record_id::{OPPORTUNITY, RecordId};

pub(crate) fn add(server: Server, salesforce: Arc<Salesforce>) -> Server {
    server.tool::<ListClosedWon, _, _>(move |args, call| {
        let salesforce = salesforce.clone();
        async move { list(&salesforce, call.operation, args).await }
    })
}

async fn list(
    salesforce: &Salesforce,
    operation: &'static str,
    args: ClosedWonArgs,
) -> Result<ClosedWonList, ApiError> {
    let limit = args.limit.unwrap_or(MAX_CLOSED_WON).clamp(1, MAX_CLOSED_WON);
    let after = args.after_opportunity_id.as_ref().map(|id| {
        let id = id.as_str();
        RecordId::parse(id, OPPORTUNITY).ok_or_else(|| malformed_id(operation, "opportunity", id))
    });
    let after = after.transpose()?;
    // One more than asked for tells whether there are more.
    let soql = salesforce.schema.closed_won_since(args.since, after.as_ref(), limit + 1);
    let rows = salesforce.query(operation.into(), &soql, Deleted::Left).await?;
    listed(operation, &salesforce.schema, rows, limit)
}

/// The deals that rows tell of, and whether there are more than `limit`.
pub(crate) fn listed(
    operation: &'static str,
    schema: &Schema,
    mut rows: Vec<OpportunityRow>,
    limit: u32,
) -> Result<ClosedWonList, ApiError> {
    let wanted = usize::try_from(limit).unwrap_or(usize::MAX);
    let more = rows.len() > wanted;
    rows.truncate(wanted);
    let mut opportunities = Vec::with_capacity(rows.len());
    for row in rows {
        let (Some(opportunity_id), Some(account_id)) = (row.id.clone(), account_id(&row, schema)) else {
            return Err(unexpected(operation, &"an opportunity without id or account"));
        };
        let deal = closed_won(opportunity_id, account_id, &row, schema);
        opportunities.push(deal.map_err(|cause| unreadable(operation, &cause))?);
    }
    Ok(ClosedWonList { opportunities, more })
}

fn closed_won(
    opportunity_id: String,
    account_id: String,
    row: &OpportunityRow,
    schema: &Schema,
) -> Result<ClosedWon, Unreadable> {
    Ok(ClosedWon {
        opportunity_id,
        account_id,
        amount: mapping::amount(row, schema)?,
        close_date: mapping::close_date(row)?,
        changed_at: mapping::changed_at(row)?,
    })
}

/// The business id where the account has one, else its Salesforce id.
fn account_id(row: &OpportunityRow, schema: &Schema) -> Option<String> {
    let external = row.account.as_ref().and_then(|account| account.get(&schema.external_id_field));
    let external = external.and_then(Value::as_str).filter(|id| !id.trim().is_empty());
    external.map(str::to_owned).or_else(|| row.account_id.clone())
}
