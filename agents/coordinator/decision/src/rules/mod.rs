//! The rules that come with Gangway, one file per domain.

use crate::Rule;

/// Every built-in rule, in the order of DESIGN section 4.
pub(crate) fn builtin() -> Vec<Rule> {
    Vec::new()
}
