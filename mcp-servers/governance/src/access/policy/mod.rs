//! Which caller may call which tool, with which arguments: an ordered set of rules that is empty of permission to begin
//! with. A matching `deny` wins; without a matching `allow` the answer is no.
//!
//! Pure: it is asked with a caller, a tool and its arguments and reads nothing else. What cannot be judged is refused.

mod accounts;
mod condition;
mod file;
mod subject;

pub use condition::MAX_CONDITION_BYTES;
pub use file::{MAX_FILE_BYTES, PolicyError};
pub use subject::{Subject, ToolPattern};

use crate::access::principal::{Kind, Principal, Reach};
use condition::Condition;
use gangway_protocol::canonical::digest_bytes;
use gangway_protocol::tools::{Access, Contract};
use gangway_protocol::{ApiError, System};
use serde_json::Value;
use std::fmt;

const BUILTIN: &str = include_str!("../builtin.toml");

/// Whether a rule gives or takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// Permits what it matches.
    Allow,
    /// Refuses what it matches, whatever else permits it.
    Deny,
}

/// Which tools of those named a rule is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Narrowed {
    /// All of them.
    All,
    /// Those that only read.
    Reads,
    /// Those that change something.
    Writes,
}

impl Narrowed {
    fn holds(self, access: Access) -> bool {
        match (self, access) {
            (Self::All, _) | (Self::Reads, Access::Read) | (Self::Writes, Access::Write { .. }) => true,
            (Self::Reads, Access::Write { .. }) | (Self::Writes, Access::Read) => false,
        }
    }
}

/// Where a rule stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// The file.
    pub source: Source,
    /// Line, from 1.
    pub line: usize,
}

/// Whose rule it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// Ours.
    Builtin,
    /// The installation's policy file.
    File,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let source = match self.source {
            Source::Builtin => "built-in policy",
            Source::File => "policy file",
        };
        write!(f, "{source}, line {}", self.line)
    }
}

/// One rule.
#[derive(Debug)]
pub struct Rule {
    /// Where it stands.
    pub place: Place,
    /// Gives or takes.
    pub effect: Effect,
    who: Vec<Subject>,
    tools: Vec<ToolPattern>,
    narrowed: Narrowed,
    when: Option<Condition>,
}

impl Rule {
    fn concerns(&self, principal: &Principal, contract: &Contract) -> bool {
        self.narrowed.holds(contract.access)
            && self.tools.iter().any(|pattern| pattern.matches(contract.name))
            && self.who.iter().any(|subject| subject.is(principal))
    }

    /// Whether it applies to these arguments; without arguments, whether it may. What cannot be judged neither gives nor
    /// stops taking.
    fn applies(&self, arguments: Option<&Value>) -> bool {
        let Some(when) = &self.when else { return true };
        match (arguments, self.effect) {
            (None, Effect::Allow) => true,
            (None, Effect::Deny) => false,
            (Some(arguments), Effect::Allow) => when.holds(arguments) == Some(true),
            (Some(arguments), Effect::Deny) => when.holds(arguments) != Some(false),
        }
    }

    /// Whether it cannot judge these arguments because they name an account by its Salesforce id.
    fn is_blind_to(&self, arguments: Option<&Value>) -> bool {
        self.when.as_ref().zip(arguments).is_some_and(|(when, arguments)| when.is_blind_to(arguments))
    }
}

/// The answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Allowed by the rule there.
    Allowed(Place),
    /// Refused.
    Refused(Refusal),
}

/// Which arguments matter to a permission, by the rules that look at them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Conditions {
    /// Rules of which one must be met; empty if some rule allows it with any arguments.
    pub only: Vec<Place>,
    /// Rules of which none may be met.
    pub except: Vec<Place>,
}

impl fmt::Display for Conditions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (words, places) in [("with some arguments only", &self.only), ("except with some", &self.except)]
        {
            if !places.is_empty() {
                let places: Vec<String> = places.iter().map(Place::to_string).collect();
                write!(f, ", {words} ({})", places.join("; "))?;
            }
        }
        Ok(())
    }
}

/// Why not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// The caller's token was made for another server.
    OtherServer(System),
    /// The caller may only read.
    ReadOnly,
    /// A rule takes it away.
    Denied(Place),
    /// A rule about accounts cannot judge one that is named by its Salesforce id.
    ByRecordId(Place),
    /// Rules would allow it with other arguments.
    OtherArguments,
    /// No rule allows it.
    NoRule,
    /// The rules allow it, but the caller's token lacks the scope.
    NoScope,
}

impl Refusal {
    /// The error the caller gets.
    #[must_use]
    pub fn error(self, principal: &Principal, contract: &Contract) -> ApiError {
        let why = match self {
            Self::OtherServer(system) => format!("its token is for the {system} server"),
            Self::ReadOnly => "it may only read; writing is allowed where it was launched".to_owned(),
            Self::Denied(place) => format!("a rule forbids it ({place})"),
            Self::ByRecordId(place) => format!(
                "a rule about accounts ({place}) knows them by business id, and the call names one by its Salesforce id"
            ),
            Self::OtherArguments => "the policy does not allow it with these arguments".to_owned(),
            Self::NoRule => "no rule of the policy allows it".to_owned(),
            Self::NoScope => format!("its token lacks the scope {}", scope_of(contract)),
        };
        let text = format!("{principal} may not call {}: {why}", contract.name);
        let kind = gangway_protocol::ErrorType::Authorization;
        let mut error = ApiError::new(contract.system, kind, contract.operation(), "NOT_PERMITTED", &text);
        match self {
            Self::ByRecordId(_) => "Name the account by its business id, and call again",
            Self::OtherServer(_)
            | Self::ReadOnly
            | Self::Denied(_)
            | Self::OtherArguments
            | Self::NoRule
            | Self::NoScope => {
                "Ask whoever runs this installation; `gangway policy explain` shows which rules apply"
            }
        }
        .clone_into(&mut error.resolution);
        error.unsent()
    }
}

/// The OAuth scope a tool needs: `SERVER:read` or `SERVER:write`.
#[must_use]
pub fn scope_of(contract: &Contract) -> String {
    let verb = match contract.access {
        Access::Read => "read",
        Access::Write { .. } => "write",
    };
    format!("{}:{verb}", contract.system)
}

/// The rules in force. Loaded whole or not at all.
#[derive(Debug)]
pub struct Policy {
    rules: Vec<Rule>,
    digest: String,
    text: String,
}

impl Policy {
    /// The built-in rules alone.
    ///
    /// # Errors
    /// The built-in rules are broken, which a test rules out.
    pub fn builtin() -> Result<Self, PolicyError> {
        Ok(Self::of(file::builtin()?, BUILTIN.to_owned()))
    }

    /// A policy file, over the built-in rules or instead of them, as it says itself.
    ///
    /// # Errors
    /// Everything that is wrong with it, by line.
    pub fn read(text: &str) -> Result<Self, PolicyError> {
        let read = file::read(text)?;
        let (rules, source) = match read.extends {
            file::Extends::Builtin => {
                (file::builtin()?.into_iter().chain(read.rules).collect(), format!("{BUILTIN}\n{text}"))
            }
            file::Extends::Nothing => (read.rules, text.to_owned()),
        };
        Ok(Self::of(rules, source))
    }

    /// A policy without any rule: nobody may do anything.
    #[must_use]
    pub fn nothing() -> Self {
        Self::of(Vec::new(), String::new())
    }

    fn of(rules: Vec<Rule>, text: String) -> Self {
        Self { rules, digest: digest_bytes(text.as_bytes()), text }
    }

    /// Digest of the rules' text, recorded with every call they decided on.
    #[must_use]
    pub fn digest(&self) -> &str {
        &self.digest
    }

    /// The rules as they are written.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// How many rules there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.rules.len()
    }

    /// Whether there is no rule at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rules.is_empty()
    }

    /// Whether any rule looks at arguments.
    #[must_use]
    pub fn looks_at_arguments(&self) -> bool {
        self.rules.iter().any(|rule| rule.when.is_some())
    }

    /// Whether the caller may call the tool with these arguments; without arguments, whether with any.
    #[must_use]
    pub fn decide(&self, principal: &Principal, contract: &Contract, arguments: Option<&Value>) -> Verdict {
        Verdict::from(self.permitted(principal, contract, arguments))
    }

    /// What a verdict without arguments leaves open: the rules whose conditions may still refuse this caller and tool.
    #[must_use]
    pub fn conditions(&self, principal: &Principal, contract: &Contract) -> Conditions {
        let rules = || self.rules.iter().filter(|rule| rule.concerns(principal, contract));
        let conditional = |effect| -> Vec<Place> {
            let rules = rules().filter(move |rule| rule.effect == effect && rule.when.is_some());
            rules.map(|rule| rule.place).collect()
        };
        let is_free = rules().any(|rule| rule.effect == Effect::Allow && rule.when.is_none());
        let only = if is_free { Vec::new() } else { conditional(Effect::Allow) };
        Conditions { only, except: conditional(Effect::Deny) }
    }

    fn permitted(
        &self,
        principal: &Principal,
        contract: &Contract,
        arguments: Option<&Value>,
    ) -> Result<Place, Refusal> {
        if let Some(system) = principal.only_system().filter(|system| *system != contract.system) {
            return Err(Refusal::OtherServer(system));
        }
        if principal.reach() == Reach::Reads && contract.access != Access::Read {
            return Err(Refusal::ReadOnly);
        }
        let concerning = || self.rules.iter().filter(|rule| rule.concerns(principal, contract));
        let of = |effect| concerning().filter(move |rule| rule.effect == effect);
        if let Some(denying) = of(Effect::Deny).find(|rule| rule.applies(arguments)) {
            let is_blind = denying.is_blind_to(arguments);
            let refusal = if is_blind { Refusal::ByRecordId } else { Refusal::Denied };
            return Err(refusal(denying.place));
        }
        let Some(allowing) = of(Effect::Allow).find(|rule| rule.applies(arguments)) else {
            let blind = of(Effect::Allow).find(|rule| rule.is_blind_to(arguments));
            let would = of(Effect::Allow).next().is_some();
            return Err(match blind {
                Some(blind) => Refusal::ByRecordId(blind.place),
                None if would => Refusal::OtherArguments,
                None => Refusal::NoRule,
            });
        };
        match principal.kind() {
            Kind::Host { scopes, .. } if !scopes.contains(&scope_of(contract)) => Err(Refusal::NoScope),
            Kind::Host { .. } | Kind::Agent(_) | Kind::Person(_) | Kind::Local(_) => Ok(allowing.place),
        }
    }
}

impl From<Result<Place, Refusal>> for Verdict {
    fn from(permitted: Result<Place, Refusal>) -> Self {
        match permitted {
            Ok(place) => Self::Allowed(place),
            Err(refusal) => Self::Refused(refusal),
        }
    }
}

#[cfg(test)]
mod tests;
