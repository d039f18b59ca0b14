//! Deadlines of single tools, by name: shorter ones than the deadline every call has.
//!
//! A name that is no tool's is refused when the configuration is read: a limit that does nothing is worse than none.

use gangway_protocol::tools::known;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::time::Duration;

/// The longest times of calls, by tool.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "BTreeMap<String, u64>", into = "BTreeMap<String, u64>")]
pub struct Deadlines(BTreeMap<&'static str, Duration>);

impl Deadlines {
    /// These ones.
    #[must_use]
    pub fn of(deadlines: impl IntoIterator<Item = (&'static str, Duration)>) -> Self {
        Self(deadlines.into_iter().collect())
    }

    /// How long a call of a tool may take, of the time every call has.
    #[must_use]
    pub fn within(&self, tool: &str, every_call: Duration) -> Duration {
        self.0.get(tool).map_or(every_call, |own| every_call.min(*own))
    }
}

impl TryFrom<BTreeMap<String, u64>> for Deadlines {
    type Error = String;

    /// From milliseconds by name.
    fn try_from(given: BTreeMap<String, u64>) -> Result<Self, String> {
        let known = known();
        let named = given.into_iter().map(|(name, ms)| {
            let tool = known.iter().find(|tool| tool.contract.name == name);
            let tool = tool.ok_or_else(|| format!("there is no tool {name:?}; see mcp-servers/README.md"))?;
            Ok((tool.contract.name, Duration::from_millis(ms)))
        });
        named.collect::<Result<_, String>>().map(Self)
    }
}

impl From<Deadlines> for BTreeMap<String, u64> {
    fn from(deadlines: Deadlines) -> Self {
        let ms = |time: Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        deadlines.0.into_iter().map(|(tool, own)| (tool.to_owned(), ms(own))).collect()
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails loudly")]

    use super::Deadlines;
    use serde_json::json;
    use std::time::Duration;

    const EVERY: Duration = Duration::from_secs(60);

    #[test]
    fn a_tool_has_its_own_deadline_and_never_a_longer_one_than_every_call() {
        let given = json!({"netsuite.get_invoices": 5_000, "notify.page": 90_000});
        let deadlines: Deadlines = serde_json::from_value(given).unwrap();
        let within = |tool| deadlines.within(tool, EVERY).as_secs();
        assert_eq!(
            (within("netsuite.get_invoices"), within("notify.page"), within("clm.get_contract")),
            (5, 60, 60)
        );
    }

    #[test]
    fn a_name_of_no_tool_is_refused_by_name() {
        let error = serde_json::from_value::<Deadlines>(json!({"netsuite.get_invoice5": 1})).unwrap_err();
        assert!(error.to_string().contains("netsuite.get_invoice5"), "{error}");
    }
}
