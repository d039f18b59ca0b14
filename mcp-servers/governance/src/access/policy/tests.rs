//! Rules against callers, tools and arguments; files that cannot be used.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot set itself up should fail loudly")]

use super::{Place, Policy, Refusal, Source, Verdict};
use crate::access::principal::{Principal, Reach};
use gangway_protocol::tools::provision::CreateTenant;
use gangway_protocol::tools::salesforce::{
    GetAccount, GetAccounts, GetOnboardingBundle, GetOpportunity, GetUser, UpdateOnboardingStatus,
};
use gangway_protocol::tools::tasks::{List, UpdateStatus};
use gangway_protocol::tools::{Contract, Tool, describe_all};
use gangway_protocol::{Agent, Person, Role, System};
use serde_json::{Value, json};

const READ: Contract = GetUser::CONTRACT;
const WRITE: Contract = UpdateOnboardingStatus::CONTRACT;

fn person(role: Role) -> Principal {
    Principal::person(Person { name: "Ada".to_owned(), roles: [role].into(), domains: [].into() })
}

fn host(scopes: &[&str]) -> Principal {
    Principal::host("desk", "ada", scopes.iter().map(|scope| (*scope).to_owned()).collect()).unwrap()
}

fn refused(verdict: Verdict) -> Refusal {
    match verdict {
        Verdict::Refused(refusal) => refusal,
        Verdict::Allowed(place) => panic!("allowed by {place}"),
    }
}

fn is_allowed(policy: &Policy, principal: &Principal, contract: &Contract, arguments: Value) -> bool {
    matches!(policy.decide(principal, contract, Some(&arguments)), Verdict::Allowed(_))
}

#[test]
fn the_built_in_policy_names_only_tools_there_are() {
    let policy = Policy::builtin().unwrap();
    let tools = describe_all();
    let names: Vec<&str> = tools.iter().filter_map(|tool| tool["name"].as_str()).collect();
    for rule in &policy.rules {
        for pattern in &rule.tools {
            assert!(names.iter().any(|name| pattern.matches(name)), "{}: {pattern:?}", rule.place);
        }
    }
    // As a file of an installation it must be usable too: people copy it.
    Policy::read(&format!("extends = \"nothing\"\n{}", policy.text())).unwrap();
}

#[test]
fn what_no_rule_allows_is_refused() {
    let policy = Policy::builtin().unwrap();
    assert_eq!(refused(policy.decide(&Principal::agent(Agent::Finance), &READ, None)), Refusal::NoRule);
    assert_eq!(refused(Policy::nothing().decide(&person(Role::Admin), &READ, None)), Refusal::NoRule);
    let nobody = Principal::person(Person { name: "Ada".to_owned(), roles: [].into(), domains: [].into() });
    assert_eq!(refused(policy.decide(&nobody, &READ, None)), Refusal::NoRule);
}

#[test]
fn roles_permit_what_they_say_and_viewers_see_no_people() {
    let policy = Policy::builtin().unwrap();
    let may = |role, contract| matches!(policy.decide(&person(role), contract, None), Verdict::Allowed(_));
    let table: [(&Contract, &[Role]); 4] = [
        (&READ, &[Role::Cs, Role::Approver, Role::Admin]),
        (&List::CONTRACT, &[Role::Cs, Role::Approver, Role::Admin]),
        (&UpdateStatus::CONTRACT, &[Role::Cs, Role::Admin]),
        (&CreateTenant::CONTRACT, &[Role::Admin]),
    ];
    for (contract, roles) in table {
        for role in Role::ALL {
            assert_eq!(may(role, contract), roles.contains(&role), "{role} {}", contract.name);
        }
    }
    for tool in describe_all() {
        let names_people = tool["outputSchema"].to_string().contains("x-redact");
        let writes = tool["annotations"]["readOnlyHint"] == false;
        let Some(name) = tool["name"].as_str() else { continue };
        let listed = policy.rules.iter().any(|rule| {
            rule.who.iter().any(|who| who.is(&person(Role::Viewer)))
                && rule.tools.iter().any(|pattern| pattern.matches(name))
        });
        assert!(!(listed && (names_people || writes)), "a viewer may call {name}");
    }
}

#[test]
fn a_host_reads_with_the_scope_of_the_server_and_never_writes_unless_a_file_says_so() {
    let builtin = Policy::builtin().unwrap();
    let all = host(&["salesforce:read", "salesforce:write"]);
    assert!(is_allowed(&builtin, &all, &READ, json!({})));
    assert_eq!(refused(builtin.decide(&host(&["clm:read"]), &READ, None)), Refusal::NoScope);
    assert_eq!(refused(builtin.decide(&all, &WRITE, None)), Refusal::NoRule);
    let wider =
        Policy::read("[[allow]]\nwho = [\"host:desk\"]\ntools = [\"salesforce.update_onboarding_status\"]")
            .unwrap();
    assert!(is_allowed(&wider, &all, &WRITE, json!({})));
    assert_eq!(refused(wider.decide(&host(&["salesforce:read"]), &WRITE, None)), Refusal::NoScope);
    assert!(wider.digest() != builtin.digest());
}

#[test]
fn reach_and_server_bound_whatever_the_rules_allow() {
    let policy = Policy::builtin().unwrap();
    let launched = |reach| Principal::local("stdio", reach).unwrap();
    assert!(is_allowed(&policy, &launched(Reach::Writes), &WRITE, json!({})));
    assert!(is_allowed(&policy, &launched(Reach::Reads), &READ, json!({})));
    assert_eq!(refused(policy.decide(&launched(Reach::Reads), &WRITE, None)), Refusal::ReadOnly);
    let elsewhere = Principal::agent(Agent::Coordinator).only(System::Tasks);
    assert_eq!(refused(policy.decide(&elsewhere, &READ, None)), Refusal::OtherServer(System::Tasks));
}

#[test]
fn a_condition_bounds_arguments_and_what_cannot_be_judged_is_refused() {
    let policy = Policy::read(
        "extends = \"nothing\"\n[[allow]]\nwho = [\"role:cs\"]\ntools = [\"provision.create_tenant\"]\nwhen = \"args.tier != 'Enterprise'\"\n\
         [[deny]]\nwho = [\"role:cs\"]\ntools = [\"provision.create_tenant\"]\nwhen = \"args.account_id.startsWith('VIP-')\"\n",
    )
    .unwrap();
    let cs = person(Role::Cs);
    let asked = |arguments: Value| policy.decide(&cs, &CreateTenant::CONTRACT, Some(&arguments));
    let file = |line| Place { source: Source::File, line };
    assert_eq!(asked(json!({"tier": "Growth", "account_id": "A-1"})), Verdict::Allowed(file(2)));
    assert_eq!(
        asked(json!({"tier": "Enterprise", "account_id": "A-1"})),
        Verdict::Refused(Refusal::OtherArguments)
    );
    assert_eq!(
        asked(json!({"account_id": "A-1"})),
        Verdict::Refused(Refusal::OtherArguments),
        "no tier to judge"
    );
    let denied = Verdict::Refused(Refusal::Denied(file(6)));
    assert_eq!(asked(json!({"tier": "Growth", "account_id": "VIP-1"})), denied);
    assert_eq!(
        asked(json!({"tier": "Growth", "account_id": 7})),
        denied,
        "a deny that cannot be judged denies"
    );
    assert!(matches!(policy.decide(&cs, &CreateTenant::CONTRACT, None), Verdict::Allowed(_)), "it is listed");
}

#[test]
fn conditions_compare_numbers_lists_and_absence() {
    let holds = |when: &str, arguments: Value| {
        let rule = format!(
            "[[allow]]\nwho = [\"local\"]\ntools = [\"salesforce.list_closed_won\"]\nwhen = \"{when}\""
        );
        let policy = Policy::read(&format!("extends = \"nothing\"\n{rule}")).unwrap();
        let local = Principal::local("stdio", Reach::Writes).unwrap();
        is_allowed(&policy, &local, &gangway_protocol::tools::salesforce::ListClosedWon::CONTRACT, arguments)
    };
    assert!(holds("args.limit <= 50", json!({"limit": 50})));
    assert!(!holds("args.limit <= 50", json!({"limit": 51})));
    assert!(!holds("args.limit <= 50", json!({"limit": "9"})), "unlike kinds");
    assert!(holds("!has(args.limit) || args.limit < 10", json!({})));
    assert!(holds("args.limit in [1, 2]", json!({"limit": 2})));
    assert!(holds("size(args.since) == 3", json!({"since": "abc"})));
    assert!(!holds("args.since", json!({"since": "abc"})), "no truth value");
}

#[test]
fn a_file_that_cannot_be_used_is_told_by_line() {
    let rule =
        |who: &str, tools: &str, rest: &str| format!("\n[[allow]]\nwho = [{who}]\ntools = [{tools}]\n{rest}");
    let tenant = "\"provision.create_tenant\"";
    let long = format!("when = \"args.tier == '{}'\"", "x".repeat(1_000));
    let deep = format!("when = \"{}args.tier == 'x'{}\"", "(".repeat(300), ")".repeat(300));
    for (text, line, words) in [
        ("allow = 7".to_owned(), 1, "invalid type"),
        ("extends = \"everything\"".to_owned(), 1, "unknown variant"),
        (rule("\"agent:nobody\"", "\"*\"", ""), 3, "names nobody"),
        (rule("", "\"*\"", ""), 2, "who is empty"),
        (rule("\"host\"", "\"salesforce.get_acount\"", ""), 4, "no such tool"),
        (rule("\"host\"", "\"sales*\"", ""), 4, "no such tool"),
        (rule("\"host\"", "\"clm.get_contract\"", "access = \"write\""), 4, "no such tool"),
        (rule("\"host\"", tenant, "wen = \"true\""), 5, "unknown field"),
        (rule("\"host\"", tenant, "when = \"args.tier =\""), 5, "when: "),
        (rule("\"host\"", tenant, "when = \"args.teir == 'x'\""), 5, "no argument teir"),
        (rule("\"host\"", tenant, "when = \"tier == 'x'\""), 5, "tier is not known"),
        (rule("\"host\"", tenant, "when = \"args.tier.matches('x')\""), 5, "matches is not allowed"),
        (rule("\"host\"", tenant, "when = \"[1].all(x, x > 0)\""), 5, "not allowed here"),
        (rule("\"host\"", tenant, "when = \"args.tier + 'a' == 'x'\""), 5, "_+_ is not allowed"),
        (rule("\"host\"", tenant, &long), 5, "at most 1000"),
        (rule("\"host\"", tenant, &deep), 5, "when: "),
        (rule("\"host\"", tenant, "when = \"args.account_id.startsWith('gov-')\""), 5, "write 'GOV-'"),
        (rule("\"host\"", tenant, "when = \"args.account_id in ['A-1', 'a-2']\""), 5, "write 'A-2'"),
        ("#".repeat(super::MAX_FILE_BYTES + 1), 1, "at most"),
    ] {
        let error = Policy::read(&text).err().unwrap();
        let (found, problem) = error.problems.first().unwrap();
        assert!((*found, problem.contains(words)) == (line, true), "{text}\n{error}");
    }
}

#[test]
fn what_arguments_may_still_change_is_told_with_its_rules() {
    let rule = |effect: &str, who: &str, when: &str| {
        format!("[[{effect}]]\nwho = [\"{who}\"]\ntools = [\"salesforce.get_account\"]\nwhen = \"{when}\"\n")
    };
    let (gov, one) = ("args.account_id.startsWith('GOV-')", "args.account_id == 'A-1'");
    let text = format!("{}{}", rule("deny", "local", gov), rule("allow", "local", one));
    let local = Principal::local("stdio", Reach::Writes).unwrap();
    let told =
        |policy: &Policy, caller: &Principal| policy.conditions(caller, &GetAccount::CONTRACT).to_string();
    let over = Policy::read(&text).unwrap();
    assert_eq!(told(&over, &local), ", except with some (policy file, line 1)");
    assert_eq!(told(&over, &person(Role::Cs)), "");
    let alone = Policy::read(&format!("extends = \"nothing\"\n{text}")).unwrap();
    let both = ", with some arguments only (policy file, line 6), except with some (policy file, line 2)";
    assert_eq!(told(&alone, &local), both);
}

/// One account: its business id in two spellings, and both forms of its Salesforce id.
const SPELLINGS: [&str; 4] = ["GOV-001", "gov-001", "001D000000IRFma", "001D000000IRFmaIAH"];

#[test]
fn a_rule_about_an_account_holds_whichever_of_its_names_a_call_uses() {
    let rule = |effect: &str, when: &str| {
        let tools = "[\"salesforce.get_account\", \"salesforce.get_opportunity\"]";
        format!("[[{effect}]]\nwho = [\"local\"]\ntools = {tools}\nwhen = \"{when}\"\n")
    };
    let local = Principal::local("stdio", Reach::Writes).unwrap();
    let asked = |policy: &Policy, id: &str| {
        policy.decide(&local, &GetAccount::CONTRACT, Some(&json!({ "account_id": id })))
    };
    for when in ["args.account_id.startsWith('GOV-')", "args.account_id in ['A-1', 'GOV-001']"] {
        let denied = Policy::read(&rule("deny", when)).unwrap();
        let [capitals, small, short, long] = SPELLINGS.map(|id| refused(asked(&denied, id)));
        assert!([capitals, small].iter().all(|refusal| matches!(refusal, Refusal::Denied(_))), "{when}");
        assert!([short, long].iter().all(|refusal| matches!(refusal, Refusal::ByRecordId(_))), "{when}");
        assert!(matches!(asked(&denied, "ACME-001"), Verdict::Allowed(_)), "{when}");

        let allowed = Policy::read(&format!("extends = \"nothing\"\n{}", rule("allow", when))).unwrap();
        let [capitals, small, short, long] = SPELLINGS.map(|id| asked(&allowed, id));
        assert!([capitals, small].iter().all(|verdict| matches!(verdict, Verdict::Allowed(_))), "{when}");
        for verdict in [short, long] {
            let error = refused(verdict).error(&local, &GetAccount::CONTRACT);
            assert!(error.message.contains("Salesforce id"), "{}", error.message);
            assert_eq!(error.resolution, "Name the account by its business id, and call again");
        }
        assert_eq!(refused(asked(&allowed, "ACME-001")), Refusal::OtherArguments);
    }
}

#[test]
fn a_rule_about_a_list_of_accounts_sees_each_of_them() {
    let policy = Policy::read(
        "[[deny]]\nwho = [\"local\"]\ntools = [\"salesforce.get_accounts\"]\nwhen = \"'GOV-001' in args.account_ids\"",
    )
    .unwrap();
    let local = Principal::local("stdio", Reach::Writes).unwrap();
    let ask = |id: &str| json!({ "account_ids": ["ACME-001", id] });
    for id in SPELLINGS {
        assert!(!is_allowed(&policy, &local, &GetAccounts::CONTRACT, ask(id)), "{id}");
    }
    assert!(is_allowed(&policy, &local, &GetAccounts::CONTRACT, ask("GOV-002")));
}

#[test]
fn conditions_know_every_argument_that_names_accounts() {
    for tool in describe_all() {
        let properties = tool["inputSchema"]["properties"].as_object().cloned().unwrap_or_default();
        for (name, schema) in properties {
            let is_account = schema.to_string().contains("#/$defs/AccountId");
            assert_eq!(super::accounts::is_account(&name), is_account, "{} {name}", tool["name"]);
        }
    }
}

#[test]
fn the_example_keeps_its_customers_from_everybody_it_names_by_whichever_name() {
    let policy = Policy::read(include_str!("../../../../../examples/policy.toml")).unwrap();
    let callers = [
        host(&["salesforce:read"]),
        Principal::local("stdio", Reach::Writes).unwrap(),
        person(Role::Viewer),
        person(Role::Auditor),
    ];
    let single = [&GetAccount::CONTRACT, &GetOnboardingBundle::CONTRACT, &GetOpportunity::CONTRACT];
    for caller in &callers {
        for id in SPELLINGS {
            for contract in single {
                assert!(!is_allowed(&policy, caller, contract, json!({ "account_id": id })), "{caller} {id}");
            }
            let list = json!({ "account_ids": [id] });
            assert!(!is_allowed(&policy, caller, &GetAccounts::CONTRACT, list), "{caller} {id}");
        }
        let by_deal = json!({ "account_id": "ACME-001", "opportunity_id": "006D000000ABCde" });
        assert!(!is_allowed(&policy, caller, &GetOpportunity::CONTRACT, by_deal), "{caller}");
        let other = json!({ "account_id": "ACME-001" });
        assert!(is_allowed(&policy, caller, &GetAccount::CONTRACT, other), "{caller}");
    }
    let cs = person(Role::Cs);
    assert!(SPELLINGS.iter().all(|id| is_allowed(
        &policy,
        &cs,
        &GetAccount::CONTRACT,
        json!({ "account_id": id })
    )));
}

#[test]
fn every_problem_of_a_file_is_told_at_once() {
    let error = Policy::read("[[deny]]\nwho = [\"x\"]\ntools = [\"y\"]").err().unwrap();
    assert_eq!(error.problems.iter().map(|(line, _)| *line).collect::<Vec<_>>(), [2, 3]);
}
