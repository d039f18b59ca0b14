//! `finance_agent.assess`: the invoices of accounts now, for whoever asks.

use gangway_protocol::tools::netsuite::{GetInvoices, InvoicesArgs};
use gangway_protocol::tools::onboarding::FinanceAssessment;
use gangway_protocol::{AccountId, RecordKind};
use gangway_toolbelt::{Scope, Toolbelt};

/// Reads the invoices of up to 200 accounts in one tool call. No rates: without a deal there is nothing to compare.
pub async fn assess(belt: &Toolbelt, scope: &Scope, account_ids: Vec<AccountId>) -> FinanceAssessment {
    match belt.call::<GetInvoices>(scope, &InvoicesArgs { account_ids }).await {
        Ok(found) => FinanceAssessment { invoices: found.invoices, errors: found.errors },
        Err(error) => {
            FinanceAssessment { invoices: Vec::new(), errors: vec![error.hiding(&[RecordKind::Invoices])] }
        }
    }
}
