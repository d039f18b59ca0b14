//! Prompts: words a person picks at their host, around resources read for them at that moment.
//!
//! What the resources hold comes from source systems, so every prompt with resources tells the model to take it as
//! facts and not as orders. A prompt never asks for a write without the person's word.

/// An argument of a prompt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Argument {
    /// Its name, as in the text and in the resources' addresses.
    pub name: &'static str,
    /// What to give, for people.
    pub description: &'static str,
    /// Whether it must be given; one that is not reads as empty.
    pub required: bool,
}

/// A prompt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Prompt {
    /// Unique name, legal for every host.
    pub name: &'static str,
    /// Title for people.
    pub title: &'static str,
    /// What it is for.
    pub description: &'static str,
    /// What the person gives.
    pub arguments: &'static [Argument],
    /// The tool it is about: a server without this tool does not offer the prompt.
    pub tool: &'static str,
    /// Names of the resources read for it, in order.
    pub resources: &'static [&'static str],
    /// The words, with arguments in braces.
    pub text: &'static str,
}

const ACCOUNT: Argument =
    Argument { name: "account_id", description: "The account's business id, e.g. GAMMA-003", required: true };

/// Every prompt.
pub const PROMPTS: &[Prompt] = &[
    Prompt {
        name: "why_is_account_blocked",
        title: "Why is an account blocked?",
        description: "Explains the latest decision about an account and who has to do what, in which order.",
        arguments: &[ACCOUNT],
        tool: "onboarding.explain",
        resources: &["account_decision"],
        text: "Why is {account_id} blocked, or held up, in its onboarding? Answer from the attached decision only. Name each finding by its rule id and say what it means, who owns it and what settles it; put violations before warnings. Say which fields could not be read because a system did not answer. If the account is not blocked, say so first. Do not guess at causes that are not in the decision, and start no run unless I ask for one.",
    },
    Prompt {
        name: "review_approvals",
        title: "Review what waits for approval",
        description: "Goes through the approvals that wait for a person and prepares each decision.",
        arguments: &[],
        tool: "onboarding.list_approvals",
        resources: &["waiting_approvals"],
        text: "Go through the attached approvals, the one that expires first at the top. For each give customer, amount, the findings in plain words, what speaks for and what against, and how many people still have to agree. Recommend nothing as settled: the decision is a person's. If I decide, call onboarding.decide_approval with my reason, and tell me what its status says.",
    },
    Prompt {
        name: "morning_review",
        title: "Review blocked onboardings",
        description: "Groups the blocked accounts by cause and owner, for a morning round.",
        arguments: &[],
        tool: "onboarding.list_blocked",
        resources: &["blocked_accounts"],
        text: "Review the attached blocked accounts. Group them by what blocks them, the largest group first, and say per group who owns it and the one step that frees most accounts. List accounts blocked only by API errors apart: they need a working system and a new run, not new data.",
    },
    Prompt {
        name: "check_deal_data",
        title: "Check an account's Salesforce data",
        description: "Looks for what is missing or odd in an account's Salesforce records before its onboarding.",
        arguments: &[ACCOUNT],
        tool: "salesforce.get_onboarding_bundle",
        resources: &["salesforce_bundle"],
        text: "Check the Salesforce records of {account_id} before its onboarding. Say which of account, owner, opportunity and contract are missing, which fields are empty, whether the owner is active and whether the stage is exactly Closed Won. Give a list a Salesforce administrator can work through. Change nothing.",
    },
    Prompt {
        name: "contract_status",
        title: "Where does an account's contract stand?",
        description: "Says whether the contract is executed and who has not signed.",
        arguments: &[ACCOUNT],
        tool: "clm.get_contract",
        resources: &["account_contract"],
        text: "Where does the contract of {account_id} stand? Say its status, its dates and tier, and who has signed and who has not, ours and the customer's apart. If a signature is missing, offer to send a reminder with clm.send_reminder, and send it only if I say yes.",
    },
    Prompt {
        name: "chase_signatures",
        title: "Which contracts wait for signatures?",
        description: "Sorts contracts that wait for signatures by how long and proposes reminders.",
        arguments: &[],
        tool: "clm.list_pending_signatures",
        resources: &["pending_signatures"],
        text: "Which of the attached contracts wait longest for a signature? Give a table of account, contract, days waiting and who has to sign. Propose for which ones to send a reminder with clm.send_reminder, and send none before I have chosen.",
    },
    Prompt {
        name: "billing_status",
        title: "How does an account stand in billing?",
        description: "Says what is invoiced, paid and overdue.",
        arguments: &[ACCOUNT],
        tool: "netsuite.get_invoice",
        resources: &["account_invoice"],
        text: "How does {account_id} stand in billing? From the attached newest invoice say its status, total, what remains, when it is or was due and how many days that is from today, and which contract it names. Amounts are in minor units of their currency: write them as people do. If I ask about all its invoices, use netsuite.get_invoices.",
    },
    Prompt {
        name: "tenant_overview",
        title: "What has an account been given?",
        description: "Describes the tenant of an account: tier, limits, features, status.",
        arguments: &[ACCOUNT],
        tool: "provision.get_tenant",
        resources: &["tenant"],
        text: "Describe the tenant of {account_id} to a customer success manager: tier, limits, features and status. If there is none, say that the onboarding has not made one. Tenants are made and suspended by onboarding runs only; do not try to call the provisioning tools.",
    },
    Prompt {
        name: "next_steps",
        title: "What comes next for an account?",
        description: "Says how far an account's onboarding is and what can be done now, by whom.",
        arguments: &[ACCOUNT],
        tool: "tasks.get_next_actions",
        resources: &["progress", "next_actions"],
        text: "What comes next in the onboarding of {account_id}? Begin with the percent done, then list what can be worked on now with owner and due date, overdue ones first. Suggest tasks.update_status where I tell you that something is done, and call it only then.",
    },
    Prompt {
        name: "overdue_round",
        title: "Which tasks are overdue?",
        description: "Sorts overdue tasks by owner and age for a weekly round.",
        arguments: &[],
        tool: "tasks.get_overdue",
        resources: &["overdue_tasks"],
        text: "Which onboarding tasks are overdue? Group the attached tasks by owner, longest overdue first, with account, task and days. Mark the accounts with three or more overdue tasks or a blocked one as stalled.",
    },
    Prompt {
        name: "draft_update",
        title: "Draft an update about an account",
        description: "Drafts a short Slack message about an account; nothing is posted before the person has read it.",
        arguments: &[
            ACCOUNT,
            Argument { name: "channel", description: "Slack channel, e.g. #cs-onboarding", required: true },
            Argument { name: "news", description: "What happened, in your own words", required: true },
        ],
        tool: "notify.post_message",
        resources: &[],
        text: "Draft a Slack message of at most five lines about {account_id} for {channel}. What happened: {news}. State facts, what is asked of whom, and until when; no names of customers' people. Show me the draft. Post it with notify.post_message only after I agree, with an idempotency_key you keep for a repeat, and tell me if its status is queued or unknown.",
    },
];
