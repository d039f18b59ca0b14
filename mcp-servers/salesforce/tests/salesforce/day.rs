//! The org's daily calls: what its answers say of them stands in the limits' view.

use crate::host::Host;
use crate::rig::{account, http, settings};
use gangway_governance::limits::{DayUse, LimitSettings, Vendor as Limited};
use gangway_governance::{Governance, Limits};
use gangway_protocol::tools::salesforce::{AccountArgs, GetAccount};
use gangway_salesforce::server;
use gangway_simulator::{Options, Simulator, Vendor};
use gangway_store::Store;

#[tokio::test]
async fn the_orgs_own_count_of_the_day_is_known_after_every_call() {
    let simulator = Simulator::start(Options::default()).await.unwrap();
    let limits = Limits::new(&LimitSettings::default());
    let day = || {
        let view = limits.view().into_iter().find(|view| view.vendor == Limited::Salesforce).unwrap();
        assert!(!view.is_day_short, "a few calls of five million alarm nobody");
        view.day
    };
    let server = server(&settings(&simulator), limits.outbound(Limited::Salesforce, http())).unwrap();
    let host = Host::open(server, Governance::new(Store::in_memory().unwrap())).await;
    assert_eq!(day(), None, "nothing was heard of it yet");
    for used in 1..=3 {
        host.call::<GetAccount>(&AccountArgs { account_id: account("ACME-001") }).await.unwrap();
        assert_eq!(day(), Some(DayUse { used, limit: 5_000_000 }));
        assert_eq!(simulator.calls().calls(Vendor::Salesforce), used, "as the org's record has it");
    }
}
