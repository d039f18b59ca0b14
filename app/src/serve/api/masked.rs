//! What somebody sees of people's names and addresses who may not see them: that there is one, not which. Pure.

use crate::people::{Action, permits};
use gangway_protocol::redact::{Personal, scrub};
use gangway_protocol::{Domain, Facts, Finding, Person, RunRecord};

const MASK: &str = "[masked]";
/// Longest text kept of a finding or a line of advice.
const TEXT: usize = 2_000;

/// Whether names and addresses are masked for this person.
pub fn masks(person: &Person) -> bool {
    !permits(person, Action::SeePeople)
}

/// The record without names and addresses.
pub fn masked(mut run: RunRecord) -> RunRecord {
    run.facts = run.facts.map(of_facts);
    if let Some(decision) = &mut run.decision {
        decision.violations.iter_mut().chain(&mut decision.warnings).for_each(in_finding);
    }
    for effect in &mut run.effects {
        effect.reference = effect.reference.as_deref().map(|text| scrub(text, TEXT));
    }
    run
}

fn of_facts(mut facts: Facts) -> Facts {
    if let Some(owner) = &mut facts.owner {
        hide(&mut owner.name);
        hide(&mut owner.email);
    }
    let signatories = facts.contract.as_mut().and_then(|contract| contract.signatories.as_mut());
    for signatory in signatories.into_iter().flatten() {
        hide(&mut signatory.name);
        hide(&mut signatory.email);
    }
    facts
}

/// What is absent stays absent: that is what rules fire on.
fn hide(field: &mut Option<Personal>) {
    if field.is_some() {
        *field = Some(Personal(MASK.to_owned()));
    }
}

/// Evidence about people is a name or an address more often than not.
fn in_finding(finding: &mut Finding) {
    let names_people = finding.domain == Domain::User || finding.evidence.field.contains("signator");
    if names_people && finding.evidence.value.is_some() {
        finding.evidence.value = Some(MASK.to_owned());
    }
    finding.message = scrub(&finding.message, TEXT);
}
