//! The approval card: the page a host with the MCP Apps extension shows for `onboarding.list_approvals` and
//! `onboarding.decide_approval`. Hosts without it show the tools' plain results, which say the same.
//!
//! It is self-contained, loads nothing, sets everything it is given as text and decides nothing: its buttons call the
//! same tool a model would, and the person's yes is asked for in the same form.

use gangway_governance::Document;
use serde_json::json;

/// Where the page is.
pub const ADDRESS: &str = "ui://gangway/approval";

const PAGE: &str = include_str!("approval.html");

/// The page.
pub fn page() -> Document {
    Document {
        address: ADDRESS,
        name: "approval_card",
        title: "Approval card",
        description: "The page an MCP Apps host shows for approvals. For hosts; a model reads the tools' results instead.",
        media_type: "text/html;profile=mcp-app",
        text: PAGE,
        // Empty lists: no request, no outside script, style, font or frame.
        meta: json!({ "ui": {
            "csp": { "connectDomains": [], "resourceDomains": [], "frameDomains": [], "baseUriDomains": [] },
            "prefersBorder": false,
        } }),
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

    use super::PAGE;
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    use sha2::{Digest as _, Sha256};

    fn between<'a>(text: &'a str, from: &str, to: &str) -> &'a str {
        text.split_once(from).unwrap().1.split_once(to).unwrap().0
    }

    /// The pages own policy, by directive.
    fn policy(directive: &str) -> &'static str {
        let policy = between(PAGE, "Content-Security-Policy\" content=\"", "\"");
        let found = policy.split(';').find_map(|part| part.trim().strip_prefix(directive));
        found.unwrap().trim()
    }

    #[test]
    fn the_page_runs_its_own_script_and_style_and_loads_nothing() {
        assert_eq!(
            (policy("default-src"), policy("base-uri"), policy("form-action")),
            ("'none'", "'none'", "'none'")
        );
        for (directive, from, to) in
            [("script-src", "<script>", "</script>"), ("style-src", "<style>", "</style>")]
        {
            let digest = STANDARD.encode(Sha256::digest(between(PAGE, from, to)));
            assert_eq!(
                policy(directive),
                format!("'sha256-{digest}'"),
                "{directive}: put the new digest into the page"
            );
        }
        assert_eq!((PAGE.matches("<script").count(), PAGE.matches("<style").count()), (1, 1));
    }

    #[test]
    fn nothing_given_becomes_markup() {
        for way in [
            "innerHTML",
            "outerHTML",
            "insertAdjacentHTML",
            "document.write",
            "eval(",
            "Function(",
            "http:",
            "https:",
        ] {
            assert!(!PAGE.contains(way), "{way}");
        }
    }
}
