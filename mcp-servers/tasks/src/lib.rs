//! The task-list server: the fourteen onboarding tasks of each tenant, their order and their progress.
//!
//! The tasks are data (`table`), how one may move is a pure state machine (`transition`). The server moves nothing by
//! itself and writes to nobody.

mod table;
mod tools;
mod transition;

use gangway_governance::Server;
use gangway_protocol::System;
use gangway_protocol::tools::tasks::{
    CreateChecklist, GetNextActions, GetOverdue, GetProgress, List, UpdateStatus,
};
use gangway_store::Store;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use std::sync::Arc;

/// What every tool of this server works with.
struct Desk {
    store: Store,
    clock: fn() -> Timestamp,
}

impl Desk {
    /// Today, as a UTC calendar day.
    fn today(&self) -> Date {
        TimeZone::UTC.to_datetime((self.clock)()).date()
    }
}

/// The server. `clock` says which UTC day it is.
#[must_use]
pub fn server(store: Store, clock: fn() -> Timestamp) -> Server {
    let desk = Arc::new(Desk { store, clock });
    let of = |desk: &Arc<Desk>| Arc::clone(desk);
    let (create, update, list) = (of(&desk), of(&desk), of(&desk));
    let (overdue, next, progress) = (of(&desk), of(&desk), desk);
    Server::new(
        System::Tasks,
        "Onboarding tasks",
        "The onboarding checklist of each tenant: fourteen tasks with owners, due dates (UTC days) and an order. A task is named tenant_id:code, e.g. tnt-acme-001:T005.",
    )
    .tool::<CreateChecklist, _, _>(move |args, call| tools::create_checklist::run(of(&create), args, call))
    .tool::<UpdateStatus, _, _>(move |args, call| tools::update_status::run(of(&update), args, call))
    .tool::<List, _, _>(move |args, call| tools::list::run(of(&list), args, call))
    .tool::<GetOverdue, _, _>(move |args, call| tools::get_overdue::run(of(&overdue), args, call))
    .tool::<GetNextActions, _, _>(move |args, call| tools::get_next_actions::run(of(&next), args, call))
    .tool::<GetProgress, _, _>(move |args, call| tools::get_progress::run(of(&progress), args, call))
}
