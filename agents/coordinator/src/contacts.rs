//! Who is written to about an onboarding: our person and the customer's.
//!
//! An address that cannot be one (source systems hold anything) counts as none.

use crate::settings::Settings;
use gangway_protocol::Facts;
use gangway_protocol::facts::Side;
use gangway_protocol::redact::{Email, Personal};
use gangway_protocol::task::Contacts;

fn address(text: Option<&Personal>) -> Option<Email> {
    text.and_then(|personal| Email::parse(personal.0.trim()).ok())
}

/// Our person: the account's owner, else the configured address. An owner who may no longer log in reads no mail.
#[must_use]
pub fn customer_success(facts: &Facts, settings: &Settings) -> Email {
    let active = facts.owner.as_ref().filter(|owner| owner.is_active == Some(true));
    let owner = active.and_then(|owner| address(owner.email.as_ref()));
    owner.unwrap_or_else(|| settings.cs_address.clone())
}

/// The customer's person: the first signatory on the customer's side with an address.
#[must_use]
pub fn customer(facts: &Facts) -> Option<Email> {
    let signatories = facts.contract.as_ref()?.signatories.as_ref()?;
    signatories
        .iter()
        .filter(|signatory| signatory.side == Some(Side::Customer))
        .find_map(|signatory| address(signatory.email.as_ref()))
}

/// Everybody the checklist may need.
#[must_use]
pub fn of_checklist(facts: &Facts, settings: &Settings) -> Contacts {
    Contacts {
        cs: customer_success(facts, settings),
        customer: customer(facts),
        manager: settings.manager_address.clone(),
        director: settings.director_address.clone(),
    }
}
