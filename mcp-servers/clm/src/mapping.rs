//! From envelopes to contracts. A value nobody can read is an error that names its field, never silently missing; a
//! status nobody knows goes on upper-cased, for the rules to refuse.

use gangway_protocol::facts::{Contract, Side, Signatory};
use gangway_protocol::redact::Personal;
use jiff::Timestamp;
use jiff::civil::Date;

use crate::settings::Settings;
use crate::wire::{Envelope, Signer};

/// A value that is there but cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("Envelope {envelope_id}: {field} {reason}")]
pub(crate) struct Unreadable {
    pub code: &'static str,
    pub envelope_id: String,
    pub field: String,
    pub reason: String,
}

pub(crate) fn contract(envelope: &Envelope, settings: &Settings) -> Result<Contract, Unreadable> {
    let fields = &settings.fields;
    let signatories = signatories(envelope, settings);
    Ok(Contract {
        id: field(envelope, &fields.contract_id).map(str::to_owned),
        account_id: field(envelope, &fields.account_id).map(str::to_owned),
        status: envelope.status.as_deref().map(|status| contract_status(status, signatories.as_deref())),
        effective_date: date(envelope, &fields.effective_date)?,
        expiry_date: date(envelope, &fields.expiry_date)?,
        salesforce_contract_id: field(envelope, &fields.salesforce_contract_id).map(str::to_owned),
        tier: field(envelope, &fields.tier).map(str::to_owned),
        signatories,
    })
}

/// A custom field's value, if it is not blank.
pub(crate) fn field<'e>(envelope: &'e Envelope, name: &str) -> Option<&'e str> {
    let fields = envelope.custom_fields.as_ref()?;
    let texts = fields.text_custom_fields.iter().flatten();
    let lists = fields.list_custom_fields.iter().flatten();
    texts
        .chain(lists)
        .find(|field| field.name.as_deref() == Some(name))
        .and_then(|field| field.value.as_deref())
        .map(str::trim)
        .filter(|value| !value.is_empty())
}

fn date(envelope: &Envelope, name: &str) -> Result<Option<Date>, Unreadable> {
    let Some(text) = field(envelope, name) else {
        return Ok(None);
    };
    text.parse().map(Some).map_err(|_| Unreadable {
        code: "UNREADABLE_DATE",
        envelope_id: envelope.envelope_id.clone(),
        field: name.to_owned(),
        reason: format!("{text:?} is not a date of the form 2026-01-31"),
    })
}

/// When the envelope was made; `None` if it does not say so readably, which makes it older than any that does.
pub(crate) fn created_at(envelope: &Envelope) -> Option<Timestamp> {
    envelope.created_date_time.as_deref()?.parse().ok()
}

/// When the envelope was sent.
pub(crate) fn sent_at(envelope: &Envelope) -> Option<Timestamp> {
    envelope.sent_date_time.as_deref()?.parse().ok()
}

/// Whether the envelope's contract came to nothing.
pub(crate) fn is_voided(envelope: &Envelope) -> bool {
    envelope.status.as_deref().is_some_and(|status| contract_status(status, None) == "VOIDED")
}

/// The facts' word for an envelope's status. An envelope still under way counts as signed once the customer's side has
/// signed completely and only ours is missing; somebody of unknown side who has not signed prevents that.
fn contract_status(status: &str, signatories: Option<&[Signatory]>) -> String {
    let lower = status.trim().to_ascii_lowercase();
    match lower.as_str() {
        "created" => "DRAFT".to_owned(),
        "sent" | "delivered" if waits_for_us_only(signatories.unwrap_or_default()) => "SIGNED".to_owned(),
        "sent" | "delivered" => "SENT".to_owned(),
        "completed" => "EXECUTED".to_owned(),
        "declined" | "voided" => "VOIDED".to_owned(),
        _ => lower.to_ascii_uppercase(),
    }
}

fn waits_for_us_only(signatories: &[Signatory]) -> bool {
    let customer_signs = signatories.iter().any(|person| person.side == Some(Side::Customer));
    let mut unsigned = signatories.iter().filter(|person| person.signed != Some(true)).peekable();
    customer_signs && unsigned.peek().is_some() && unsigned.all(|person| person.side == Some(Side::Vendor))
}

/// Everybody who signs; `None` if the envelope came without recipients.
pub(crate) fn signatories(envelope: &Envelope, settings: &Settings) -> Option<Vec<Signatory>> {
    envelope.recipients.as_ref()?;
    Some(signers(envelope).map(|signer| signatory(signer, settings)).collect())
}

/// How many signers DocuSign would mail now: those whose turn it is and who have not signed.
pub(crate) fn due_signers(envelope: &Envelope) -> usize {
    signers(envelope).filter(|signer| matches!(signer.status.as_deref(), Some("sent" | "delivered"))).count()
}

fn signers(envelope: &Envelope) -> impl Iterator<Item = &Signer> {
    envelope.recipients.iter().flat_map(|recipients| {
        recipients.signers.iter().flatten().chain(recipients.in_person_signers.iter().flatten())
    })
}

fn signatory(signer: &Signer, settings: &Settings) -> Signatory {
    Signatory {
        name: signer.signer_name.clone().or_else(|| signer.name.clone()).map(Personal),
        email: signer.signer_email.clone().or_else(|| signer.email.clone()).map(Personal),
        side: signer.role_name.as_deref().and_then(|role| settings.side_of(role)),
        // `signed` is what a recipient passes through on the way to `completed`.
        signed: signer.status.as_deref().map(|status| matches!(status, "completed" | "signed")),
    }
}

#[cfg(test)]
mod tests;
