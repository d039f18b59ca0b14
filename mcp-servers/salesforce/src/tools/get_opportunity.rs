//! `salesforce.get_opportunity`: the opportunity of an account that counts.
//!
//! Named: that one, whatever its account (a rule judges that). Else the newest Closed Won one, else the newest.

use std::sync::Arc;

use gangway_governance::Server;
use gangway_governance::vendor::Errand;
use gangway_protocol::tools::salesforce::{DealArgs, GetOpportunity, OpportunityFound};
use gangway_protocol::{ApiError, OpportunityId, RecordKind};
use serde_json::value::RawValue;

use crate::connection::{Deleted, Part, Salesforce, read_row};
use crate::errors::{malformed_id, unreadable};
use crate::mapping;
use crate::query::AccountKey;
use crate::settings::Schema;
use crate::wire::OpportunityRow;
use gangway_protocol::record_id::{OPPORTUNITY, RecordId};

pub(crate) fn add(server: Server, salesforce: Arc<Salesforce>) -> Server {
    server.tool::<GetOpportunity, _, _>(move |args, call| {
        let salesforce = salesforce.clone();
        async move {
            let found = get(&salesforce, call.operation, args).await;
            found.map_err(|error| error.hiding(&[RecordKind::Opportunity]))
        }
    })
}

async fn get(
    salesforce: &Salesforce,
    operation: &'static str,
    args: DealArgs,
) -> Result<OpportunityFound, ApiError> {
    let parts = parts(
        operation,
        &salesforce.schema,
        &AccountKey::of(&args.account_id),
        args.opportunity_id.as_ref(),
    )?;
    let answers =
        salesforce.composite(Errand::about_account(operation, args.account_id.as_str()), &parts).await?;
    let row = the_one(operation, answers)?;
    let opportunity = row
        .map(|row| mapping::opportunity(&row, &salesforce.schema))
        .transpose()
        .map_err(|cause| unreadable(operation, &cause))?;
    Ok(OpportunityFound { opportunity })
}

/// The queries that find it, the one whose answer counts first.
pub(crate) fn parts(
    operation: &'static str,
    schema: &Schema,
    key: &AccountKey,
    named: Option<&OpportunityId>,
) -> Result<Vec<Part>, ApiError> {
    let part = |reference, soql| Part { reference, soql, deleted: Deleted::Left };
    match named {
        Some(named) => {
            let id = RecordId::parse(named.as_str(), OPPORTUNITY)
                .ok_or_else(|| malformed_id(operation, "opportunity", named.as_str()))?;
            Ok(vec![part("named", schema.opportunity(&id))])
        }
        None => Ok(vec![part("won", schema.newest_won(key)), part("newest", schema.newest_opportunity(key))]),
    }
}

/// The first row there is. A failure counts only if no earlier answer settled the question.
pub(crate) fn the_one(
    operation: &'static str,
    answers: Vec<Result<Vec<Box<RawValue>>, ApiError>>,
) -> Result<Option<OpportunityRow>, ApiError> {
    for answer in answers {
        if let Some(row) = answer?.first() {
            return read_row(operation, row).map(Some);
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a panic is how a test fails")]
    use super::the_one;
    use gangway_protocol::{ApiError, ErrorType, System};
    use serde_json::value::RawValue;

    type Rows = Result<Vec<Box<RawValue>>, ApiError>;

    fn rows(ids: &[&str]) -> Rows {
        Ok(ids.iter().map(|id| RawValue::from_string(format!("{{\"Id\":\"{id}\"}}")).unwrap()).collect())
    }

    fn failed() -> Rows {
        Err(ApiError::new(System::Salesforce, ErrorType::ServerError, "op", "DOWN", "words"))
    }

    fn chosen(answers: Vec<Rows>) -> Result<Option<String>, String> {
        the_one("op", answers).map(|row| row.and_then(|row| row.id)).map_err(|error| error.error_code)
    }

    #[test]
    fn the_newest_won_deal_counts_and_else_the_newest() {
        assert_eq!(chosen(vec![rows(&["won"]), rows(&["newest"])]), Ok(Some("won".to_owned())));
        assert_eq!(chosen(vec![rows(&[]), rows(&["newest"])]), Ok(Some("newest".to_owned())));
        assert_eq!(chosen(vec![rows(&[]), rows(&[])]), Ok(None));
    }

    #[test]
    fn a_failure_counts_only_where_it_leaves_the_question_open() {
        assert_eq!(chosen(vec![rows(&["won"]), failed()]), Ok(Some("won".to_owned())));
        assert_eq!(chosen(vec![failed(), rows(&["newest"])]), Err("DOWN".to_owned()));
        assert_eq!(chosen(vec![rows(&[]), failed()]), Err("DOWN".to_owned()));
    }
}
