//! What vendors and the people at them do in a case: an envelope waits and is signed, DocuSign tells of it, a deal is won
//! in Salesforce, somebody presses a button in Slack. All of it is asked of the simulator's control API.

use crate::house::House;
use crate::service::Answer;
use anyhow::{Context as _, Result};
use gangway_simulator::EffectKind;
use reqwest::Method;
use serde_json::{Value, json};

/// Signs what DocuSign tells; nobody's secret.
pub const CONNECT_KEY: &str = "connect-key-of-the-crash-matrix";
/// Signs what Slack tells; nobody's secret.
pub const SLACK_SECRET: &str = "signing-secret-of-the-crash-matrix";
/// The Slack user who may approve, and who that is.
pub const APPROVER: &str = "U0APPROVER01";

/// How far an envelope has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Envelope {
    /// It was sent, and its last signatory has not signed.
    Waits,
    /// Everybody has signed.
    IsSigned,
}

impl House<'_> {
    /// Puts the envelope of an account where it is to be.
    pub async fn put_envelope(&self, account: &str, envelope: Envelope) -> Result<()> {
        let page = format!("/_simulator/accounts/{account}");
        let mut known = self.control(Method::GET, &page, None).await?;
        let (whole, signer) = match envelope {
            Envelope::Waits => ("sent", "delivered"),
            Envelope::IsSigned => ("completed", "completed"),
        };
        let found = &mut known["docusign"]["envelope"][0];
        found["status"] = json!(whole);
        found["recipients"]["signers"][0]["status"] = json!(signer);
        self.control(Method::PUT, &page, Some(&known)).await?;
        Ok(())
    }

    /// DocuSign tells `url` of an event of the account's envelope; `made_at` makes it the same event or another one.
    pub async fn tell(&self, url: &str, account: &str, (event, made_at): (&str, &str)) -> Result<Answer> {
        let known = self.control(Method::GET, &format!("/_simulator/accounts/{account}"), None).await?;
        let told = json!({
            "url": url, "envelope_id": known["docusign"]["envelope"][0]["envelopeId"], "event": event,
            "keys": [CONNECT_KEY], "generated_at": made_at,
        });
        Ok(heard(&self.control(Method::POST, "/_simulator/docusign/connect", Some(&told)).await?))
    }

    /// Somebody presses Approve under the message that asks for this approval. None while no such message has arrived.
    pub async fn press(&self, url: &str, approval_id: &str, clock_step_s: i64) -> Result<Option<Answer>> {
        let messages = self.effects().into_iter().filter(|effect| effect.kind == EffectKind::SlackMessage);
        let Some(value) = messages.rev().find_map(|message| button(&message.detail, approval_id)) else {
            return Ok(None);
        };
        let click = json!({
            "url": url, "signing_secret": SLACK_SECRET, "user_id": APPROVER, "action_id": "gangway_approve",
            "value": value, "block_id": "gangway_decision",
            "timestamp": jiff::Timestamp::now().as_second() + clock_step_s,
            "inputs": {"gangway_reason": {"reason": {"type": "plain_text_input", "value": "looked at it"}}},
        });
        let answer = self.control(Method::POST, "/_simulator/slack/interact", Some(&click)).await?;
        Ok(Some(heard(&answer)))
    }

    /// The Outbound Message in which Salesforce tells that the account's deal was won; `number` makes it another one.
    pub async fn won(&self, account: &str, number: u8) -> Result<String> {
        let known = self.control(Method::GET, &format!("/_simulator/accounts/{account}"), None).await?;
        let id = |object: &str| known["salesforce"][object][0]["Id"].as_str().map(str::to_owned);
        let (customer, deal) = id("Account").zip(id("Opportunity")).context("the account has no deal")?;
        Ok(format!(
            r#"<?xml version="1.0" encoding="UTF-8"?><soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><soapenv:Body><notifications xmlns="http://soap.sforce.com/2005/09/outbound"><OrganizationId>{ORGANIZATION}</OrganizationId><ActionId>04k8Z0000000001</ActionId><SessionId xsi:nil="true"/><Notification><Id>04l8Z00000CRSH{number}QA4</Id><sObject xsi:type="sf:Opportunity" xmlns:sf="urn:sobject.enterprise.soap.sforce.com"><sf:Id>{deal}</sf:Id><sf:AccountId>{customer}</sf:AccountId></sObject></Notification></notifications></soapenv:Body></soapenv:Envelope>"#
        ))
    }
}

/// The organization whose Outbound Messages are believed.
pub const ORGANIZATION: &str = "00D8Z000001abcdUAA";

/// What the receiver of something that a vendor sent answered.
fn heard(told: &Value) -> Answer {
    let body = told["body"].as_str().unwrap_or_default().to_owned();
    match told["status"].as_u64().and_then(|status| u16::try_from(status).ok()) {
        Some(200..=299) => Answer::Taken(Value::String(body)),
        Some(status) => Answer::Refused(status, body),
        None => Answer::Silence,
    }
}

/// The value of the button that approves this approval, wherever it stands in a message.
fn button(message: &Value, approval_id: &str) -> Option<String> {
    let value = message["value"].as_str().filter(|value| value.contains(approval_id));
    if message["action_id"] == "gangway_approve" && value.is_some() {
        return value.map(str::to_owned);
    }
    match message {
        Value::Array(items) => items.iter().find_map(|item| button(item, approval_id)),
        Value::Object(fields) => fields.values().find_map(|field| button(field, approval_id)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => None,
    }
}
