//! `salesforce.get_user`: one user by Salesforce id.

use std::sync::Arc;

use gangway_governance::Server;
use gangway_governance::vendor::Errand;
use gangway_protocol::tools::salesforce::{GetUser, UserArgs, UserFound};
use gangway_protocol::{ApiError, RecordKind};

use crate::connection::{Deleted, Salesforce};
use crate::errors::malformed_id;
use crate::wire::UserRow;
use crate::{mapping, query};
use gangway_protocol::record_id::{RecordId, USER};

pub(crate) fn add(server: Server, salesforce: Arc<Salesforce>) -> Server {
    server.tool::<GetUser, _, _>(move |args, call| {
        let salesforce = salesforce.clone();
        async move {
            get(&salesforce, call.operation, args).await.map_err(|error| error.hiding(&[RecordKind::Owner]))
        }
    })
}

async fn get(
    salesforce: &Salesforce,
    operation: &'static str,
    args: UserArgs,
) -> Result<UserFound, ApiError> {
    let id =
        RecordId::parse(&args.user_id, USER).ok_or_else(|| malformed_id(operation, "user", &args.user_id))?;
    let rows: Vec<UserRow> =
        salesforce.query(Errand::about_some_account(operation), &query::user(&id), Deleted::Left).await?;
    Ok(UserFound { user: rows.first().map(mapping::owner) })
}
