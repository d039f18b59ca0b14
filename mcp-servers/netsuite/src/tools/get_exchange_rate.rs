//! `netsuite.get_exchange_rate`: the newest direct rate on or before a day. Inverse and cross rates are not made up.

use std::sync::Arc;

use gangway_governance::Server;
use gangway_governance::vendor::Errand;
use gangway_protocol::tools::netsuite::{GetExchangeRate, RateArgs, RateFound};
use gangway_protocol::{ApiError, RecordKind};

use crate::connection::NetSuite;
use crate::errors::unreadable;
use crate::wire::RateRow;
use crate::{mapping, query};

pub(crate) fn add(server: Server, netsuite: Arc<NetSuite>) -> Server {
    server.tool::<GetExchangeRate, _, _>(move |args, call| {
        let netsuite = netsuite.clone();
        async move {
            let found = get(&netsuite, call.operation, args).await;
            found.map_err(|error| error.hiding(&[RecordKind::ExchangeRates]))
        }
    })
}

async fn get(netsuite: &NetSuite, operation: &'static str, args: RateArgs) -> Result<RateFound, ApiError> {
    let sql = query::exchange_rates(args.from, args.to, args.date);
    // One pair that cannot be read is one account's currency, not an outage.
    let row: Option<RateRow> = netsuite.first(Errand::about_some_account(operation), &sql).await?;
    found(operation, &args, row.as_ref())
}

/// The rate that the first row tells, if there is one.
pub(crate) fn found(
    operation: &'static str,
    args: &RateArgs,
    row: Option<&RateRow>,
) -> Result<RateFound, ApiError> {
    let rate = row.map(|row| mapping::exchange_rate(row, args.from, args.to)).transpose();
    Ok(RateFound { rate: rate.map_err(|cause| unreadable(operation, &cause))? })
}
