//! A run seen as something to write about: the questions every message asks of it, answered once.
//!
//! Gives plain, bounded text; escaping is the medium's business.

use super::letter::{Point, Section};
use super::wording::{LONG, Mrkdwn, SHORT, count, one_line};
use crate::settings::Settings;
use gangway_protocol::advice::ErrorReading;
use gangway_protocol::run::{RunRecord, RunState};
use gangway_protocol::{Advice, AdvisedAction, ApiError, Decision, Facts, Finding, Outcome};
use jiff::Timestamp;

/// What findings are called once somebody has approved all the same.
pub const APPROVED_WITH: &str = "Open points it was approved with";

/// A run and the settings, borrowed for writing.
#[derive(Debug, Clone, Copy)]
pub struct Case<'a> {
    /// The run.
    pub record: &'a RunRecord,
    /// Our own names and addresses.
    pub settings: &'a Settings,
}

impl<'a> Case<'a> {
    /// The facts, once gathered.
    #[must_use]
    pub fn facts(&self) -> Option<&'a Facts> {
        self.record.facts.as_ref()
    }

    /// The decision, once made.
    #[must_use]
    pub fn decision(&self) -> Option<&'a Decision> {
        self.record.decision.as_ref()
    }

    /// The customer's name as Salesforce has it, else the account id.
    #[must_use]
    pub fn customer(&self) -> String {
        let named = self.facts().and_then(|facts| facts.account.as_ref()?.name.as_deref());
        let name = one_line(named.unwrap_or_default(), SHORT);
        if name.is_empty() { self.record.request.account_id.to_string() } else { name }
    }

    /// `ACME Corp (ACME-001)`, or the id alone.
    #[must_use]
    pub fn customer_and_id(&self) -> String {
        let (name, id) = (self.customer(), self.record.request.account_id.as_str());
        if name == id { name } else { format!("{name} ({id})") }
    }

    /// Findings that block.
    #[must_use]
    pub fn violations(&self) -> &'a [Finding] {
        self.decision().map_or(&[], |decision| &decision.violations)
    }

    /// Findings that escalate.
    #[must_use]
    pub fn warnings(&self) -> &'a [Finding] {
        self.decision().map_or(&[], |decision| &decision.warnings)
    }

    /// Calls that failed.
    #[must_use]
    pub fn api_errors(&self) -> &'a [ApiError] {
        self.decision().map_or(&[], |decision| &decision.api_errors)
    }

    /// `2 violations, 1 warning and 3 API errors`, leaving out what there is none of.
    #[must_use]
    pub fn tally(&self) -> String {
        let parts: Vec<String> = [
            (self.api_errors().len(), "API error"),
            (self.violations().len(), "violation"),
            (self.warnings().len(), "warning"),
        ]
        .into_iter()
        .filter(|(n, _)| *n > 0)
        .map(|(n, what)| count(n, what))
        .collect();
        match parts.split_last() {
            None => "no findings".to_owned(),
            Some((last, [])) => last.clone(),
            Some((last, rest)) => format!("{} and {last}", rest.join(", ")),
        }
    }

    fn advice(&self) -> Option<&'a Advice> {
        self.record.advice.as_ref()
    }

    /// Whether what the decision asked for was done: its approval given or refused, or its tenant made.
    fn is_past_decision(&self) -> bool {
        match self.record.state {
            RunState::Fulfilling | RunState::Completed => true,
            RunState::Blocked => self.refusal().is_some(),
            RunState::Assessing | RunState::AwaitingApproval | RunState::Parked => false,
        }
    }

    /// The adviser's summary, and once the run is past the decision what became of it; empty when there is neither.
    #[must_use]
    pub fn summary(&self) -> String {
        match (self.is_past_decision(), self.refusal()) {
            (false, _) => self.advice().map_or_else(String::new, |advice| one_line(&advice.summary, 1_000)),
            (true, Some(_)) => String::new(),
            (true, None) => self.outcome(),
        }
    }

    /// How the run went on after its decision.
    fn outcome(&self) -> String {
        let basis = match self.decision().map(|decision| decision.outcome) {
            Some(Outcome::Escalate) => format!("was approved with {}", self.tally()),
            Some(Outcome::Proceed | Outcome::Block) | None => "passed all checks".to_owned(),
        };
        let tenant = match (&self.record.tenant, self.tenant_existed()) {
            (None, _) => "its tenant is being made",
            (Some(_), true) => "it had a tenant already",
            (Some(_), false) => "it has a working tenant",
        };
        format!("{} {basis}; {tenant}.", self.customer_and_id())
    }

    /// What the adviser says that somebody should do; without what the decision itself asked for, once that is done.
    #[must_use]
    pub fn actions(&self) -> Vec<&'a AdvisedAction> {
        let actions = self.advice().map_or(&[][..], |advice| &advice.actions);
        let is_open = |action: &&AdvisedAction| !(self.is_past_decision() && self.is_of_outcome(action));
        actions.iter().filter(is_open).collect()
    }

    /// Whether an action answers the decision as a whole, and no single finding or error.
    fn is_of_outcome(&self, action: &AdvisedAction) -> bool {
        self.decision().is_some_and(|decision| decision.outcome.to_string() == action.because)
    }

    /// What it means for the business, and how long mending takes; empty without advice, and once nobody waits for it.
    #[must_use]
    pub fn outlook(&self) -> Vec<(&'static str, String)> {
        let advice = self.advice().filter(|_| !self.is_past_decision());
        advice.map_or_else(Vec::new, |advice| {
            vec![
                ("Business impact", one_line(&advice.business_impact, LONG)),
                ("Usual time to resolve", one_line(&advice.resolution_time, SHORT)),
            ]
        })
    }

    /// Why a run that could have gone on was blocked all the same: its approval was refused or ran out.
    #[must_use]
    pub fn refusal(&self) -> Option<String> {
        match self.record.state {
            RunState::Blocked => self.record.parked_because.as_deref().map(|why| one_line(why, LONG)),
            RunState::Assessing
            | RunState::AwaitingApproval
            | RunState::Fulfilling
            | RunState::Completed
            | RunState::Parked => None,
        }
    }

    /// Until when the approval may be given: as it was asked for. Before that, what a run's first one would get.
    #[must_use]
    pub fn approval_expires_at(&self) -> Timestamp {
        self.record
            .approval_expires_at
            .unwrap_or_else(|| self.settings.approval_until(self.record.created_at))
    }

    /// Whether the tenant was there before this run.
    #[must_use]
    pub fn tenant_existed(&self) -> bool {
        self.record.tenant.as_ref().is_some_and(|tenant| tenant.run_id != self.record.run_id)
    }

    /// `Northwind Cloud customer success`.
    #[must_use]
    pub fn sender(&self) -> String {
        format!("{} customer success", one_line(&self.settings.company, SHORT))
    }

    /// Decision, risk and day, for a table.
    #[must_use]
    pub fn verdict(&self) -> Vec<(&'static str, String)> {
        let mut rows = vec![("Account", self.customer_and_id())];
        if let Some(decision) = self.decision() {
            rows.push(("Decision", decision.outcome.to_string()));
            rows.push(("Risk level", decision.risk_level.to_string()));
            rows.push(("Judged as of", decision.as_of.to_string()));
        }
        if let Some(amount) = self.facts().and_then(|facts| facts.opportunity.as_ref()?.amount) {
            rows.push(("Deal size", amount.to_string()));
        }
        rows
    }

    /// What stands against the account, as lists for a mail: errors, violations, warnings, each with what mends it; and
    /// what is to be done beside that.
    #[must_use]
    pub fn sections(&self) -> Vec<Section> {
        let findings = |list: &[Finding]| list.iter().map(finding_point).collect();
        let errors =
            self.api_errors().iter().enumerate().map(|(n, error)| self.error_point(n, error)).collect();
        vec![
            Section::new("Systems that could not be read", errors),
            Section::new("What blocks it", findings(self.violations())),
            Section::new("What needs a look", findings(self.warnings())),
            Section::new("Recommended next steps", self.next_points()),
        ]
    }

    /// The findings that stood when the approval was given.
    #[must_use]
    pub fn approved_with(&self) -> Section {
        let points = self.warnings().iter().map(finding_point).collect();
        Section::new(APPROVED_WITH, points)
    }

    fn next_points(&self) -> Vec<Point> {
        self.actions()
            .into_iter()
            .filter(|action| self.is_of_outcome(action))
            .map(|action| Point {
                title: one_line(&action.owner, SHORT),
                text: one_line(&action.action, LONG),
                next: String::new(),
            })
            .collect()
    }

    /// The adviser's words for the n-th error of the decision.
    #[must_use]
    pub fn reading(&self, n: usize) -> Option<&'a ErrorReading> {
        self.advice()?.error_readings.get(n)
    }

    fn error_point(&self, n: usize, error: &ApiError) -> Point {
        let meaning = self.reading(n).map_or(error.message.as_str(), |reading| reading.meaning.as_str());
        Point {
            title: format!("{} {}", error.system, one_line(&error.error_code, SHORT)),
            text: one_line(meaning, LONG),
            next: format!("{}: {}", one_line(&error.owner, SHORT), one_line(&error.resolution, LONG)),
        }
    }

    /// What stands against the account, as bullets for Slack: errors, violations, warnings.
    #[must_use]
    pub fn bullets(&self) -> Vec<Mrkdwn> {
        let errors = self.api_errors().iter().enumerate().map(|(n, error)| {
            let point = self.error_point(n, error);
            bullet(&point.title, &point.text, &point.next)
        });
        let findings = self.violations().iter().chain(self.warnings()).map(finding_bullet);
        errors.chain(findings).collect()
    }
}

fn finding_point(finding: &Finding) -> Point {
    Point {
        title: format!("{} {}", one_line(&finding.rule.0, SHORT), one_line(&finding.message, LONG)),
        text: String::new(),
        next: format!("{}: {}", one_line(&finding.owner, SHORT), one_line(&finding.resolution, LONG)),
    }
}

/// One finding as a Slack bullet.
#[must_use]
pub fn finding_bullet(finding: &Finding) -> Mrkdwn {
    bullet(&finding.rule.0, &finding.message, &format!("{}: {}", finding.owner, finding.resolution))
}

fn bullet(title: &str, text: &str, next: &str) -> Mrkdwn {
    Mrkdwn::bold(title).and(" ").then(&Mrkdwn::said(text)).and("\n    → ").then(&Mrkdwn::said(next))
}
