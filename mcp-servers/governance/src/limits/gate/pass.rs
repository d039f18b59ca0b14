//! What a call holds while it is at a vendor or in the line before it; whatever is dropped gives its place back.

use super::{Gate, now, time_of_day};
use crate::limits::Told;
use crate::limits::breaker::{Outcome, Subject, Ticket};
use crate::limits::bulkhead::{GivenUp, Place};
use crate::limits::fault::is_vendors;
use crate::limits::slots::Held;
use gangway_protocol::{ApiError, ErrorType};

/// Leave to make one call now. Dropped without [`Pass::settle`], the call counts as abandoned.
pub(crate) struct Pass {
    pub(super) gate: Gate,
    pub(super) ticket: Option<Ticket>,
    pub(super) seat: Option<Seat>,
    pub(super) subject: Subject,
}

impl Pass {
    /// Takes note of what the vendor says it allows.
    pub(crate) fn told(&self, said: Told) {
        let (mut machines, now) = (self.gate.machines(), now());
        match said {
            Told::Hour(said) => {
                let others = machines.bulkhead.running().saturating_sub(1);
                if let Some(quota) = &mut machines.quota {
                    quota.told(said, others, time_of_day());
                }
            }
            Told::Day(said) => {
                let was_short = machines.is_day_short(now);
                machines.day.told(said, now);
                if !was_short && machines.is_day_short(now) {
                    let vendor = self.gate.inner.vendor.name();
                    tracing::warn!(vendor, used = said.used, limit = said.limit, "the day's calls run out");
                }
            }
        }
    }

    /// Says how the call ended.
    pub(crate) fn settle(mut self, error: Option<&ApiError>) {
        let outcome = match error {
            Some(error) if is_vendors(error) => {
                self.gate.machines().last_failure = Some(error.error_code.clone());
                Outcome::Failed(self.subject)
            }
            Some(error) if error.error_type == ErrorType::Authentication => {
                self.gate.machines().note_authentication(Some(error));
                Outcome::Answered
            }
            Some(_) | None => {
                self.gate.machines().note_authentication(None);
                Outcome::Answered
            }
        };
        if let Some(ticket) = self.ticket.take() {
            self.gate.settle(ticket, outcome);
        }
    }
}

impl Drop for Pass {
    fn drop(&mut self) {
        if let Some(ticket) = self.ticket.take() {
            self.gate.settle(ticket, Outcome::Abandoned);
        }
    }
}

/// A place among those that run; given back when dropped.
pub(super) struct Seat {
    pub(super) gate: Gate,
    pub(super) slot: Option<Held>,
}

impl Drop for Seat {
    fn drop(&mut self) {
        // First, so that who sits down next finds it free.
        self.slot = None;
        self.gate.leave();
    }
}

/// A place in the line; given up when dropped before it was taken.
pub(super) struct Waiter {
    pub(super) gate: Gate,
    pub(super) place: Option<Place>,
}

impl Waiter {
    pub(super) fn sit_down(mut self) -> Seat {
        self.place = None;
        Seat { gate: self.gate.clone(), slot: None }
    }
}

impl Drop for Waiter {
    fn drop(&mut self) {
        let Some(place) = self.place else { return };
        let mut machines = self.gate.machines();
        machines.line.remove(&place);
        let next = match machines.bulkhead.give_up(place) {
            GivenUp::Waiting => None,
            GivenUp::Called => machines.bulkhead.leave(),
        };
        if let Some(next) = next {
            machines.wake(next);
        }
    }
}
