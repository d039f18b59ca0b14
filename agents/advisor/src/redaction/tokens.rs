//! Tokens: `[ACCOUNT]`, `[INVOICE_1]`, `[AMOUNT_2]` in place of what must not leave, and the way back.
//!
//! Persons have no way back: advice speaks of the account's owner and of signatories, not of names and addresses. Each part
//! of a known person's name is replaced, also where it is an ordinary word; such a word only where it is capitalised.

use super::detector;
use super::vocabulary::{is_proper, knows};
use super::words::{is_plain, plain_words};
use gangway_protocol::{Decision, Facts, Money};
use jiff::civil::Date;

/// Shorter texts are too common to be replaced wherever they stand.
const SHORTEST: usize = 3;
/// The same for parts of names.
const SHORTEST_NAME: usize = 2;

/// In which form a text is replaced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Written {
    Anyhow,
    /// As a name is: `Will`, `WILL`, not `will`.
    Capitalised,
}

/// One text that is replaced.
struct Entry {
    literal: String,
    written: Written,
    token: String,
    /// What stands for the token in advice.
    shown: String,
}

/// The tokens of one brief.
#[derive(Default)]
pub(crate) struct Tokens {
    entries: Vec<Entry>,
    amounts: usize,
    ids: usize,
    /// Days that stand in the facts; any other may be somebody's birthday.
    days: Vec<Date>,
}

impl Tokens {
    /// Tokens for everything in the facts and the evidence that names somebody or something.
    pub(crate) fn of(facts: &Facts, decision: &Decision) -> Self {
        let mut tokens = Self { days: days_of(facts, decision), ..Self::default() };
        let id = facts.account_id.to_string();
        if let Some(name) = facts.account.as_ref().and_then(|account| account.name.as_deref()) {
            tokens.add(name, "[ACCOUNT]".to_owned(), name);
        }
        tokens.add(&id, "[ACCOUNT_ID]".to_owned(), &id);
        tokens.add_people(facts);
        for (n, invoice) in facts.invoices.iter().enumerate() {
            if let Some(id) = invoice.id.as_deref() {
                tokens.add(id, format!("[INVOICE_{}]", n + 1), id);
            }
        }
        for id in record_ids(facts) {
            tokens.add_id(id);
        }
        for finding in decision.violations.iter().chain(&decision.warnings) {
            // What a rule quotes may be anything a vendor sent; words of the list may stay, for they tell nothing.
            if let Some(value) = finding.evidence.value.as_deref().filter(|value| !is_plain(value)) {
                tokens.add_id(value);
            }
        }
        tokens.entries.sort_by_key(|entry| std::cmp::Reverse(entry.literal.len()));
        tokens
    }

    fn add_people(&mut self, facts: &Facts) {
        if let Some(owner) = &facts.owner {
            self.add_person(owner.name.as_ref().map(|p| p.0.as_str()), "[OWNER]", "the account's owner");
            self.add_person(
                owner.email.as_ref().map(|p| p.0.as_str()),
                "[OWNER_MAIL]",
                "the account's owner",
            );
        }
        let signatories = facts.contract.as_ref().and_then(|contract| contract.signatories.as_deref());
        for (n, signatory) in signatories.unwrap_or_default().iter().enumerate() {
            let (token, mail) = (format!("[SIGNATORY_{}]", n + 1), format!("[SIGNATORY_{}_MAIL]", n + 1));
            self.add_person(signatory.name.as_ref().map(|p| p.0.as_str()), &token, "a signatory");
            self.add_person(signatory.email.as_ref().map(|p| p.0.as_str()), &mail, "a signatory");
        }
    }

    /// A person's whole name or address, and each part of it that names no system or role (`Integration`, `Admin`).
    fn add_person(&mut self, name: Option<&str>, token: &str, shown: &str) {
        let Some(name) = name else { return };
        self.add(name, token.to_owned(), shown);
        let parts = name.split(|c: char| c.is_whitespace() || ",;()\"".contains(c));
        for part in parts.filter(|part| part.chars().count() >= SHORTEST_NAME && !is_proper(part)) {
            let written = if knows(part) { Written::Capitalised } else { Written::Anyhow };
            self.add_written(part, written, token.to_owned(), shown);
        }
    }

    fn add_id(&mut self, id: &str) {
        if !is_plain(id) && id.trim().chars().count() >= SHORTEST {
            self.ids += 1;
            let token = format!("[ID_{}]", self.ids);
            self.add(id, token, id);
        }
    }

    fn add(&mut self, literal: &str, token: String, shown: &str) {
        if literal.trim().chars().count() >= SHORTEST {
            self.add_written(literal, Written::Anyhow, token, shown);
        }
    }

    fn add_written(&mut self, literal: &str, written: Written, token: String, shown: &str) {
        let literal = literal.trim();
        let is_known = self.entries.iter().any(|entry| entry.literal.eq_ignore_ascii_case(literal));
        if !is_known {
            let shown = shown.trim().to_owned();
            self.entries.push(Entry { literal: literal.to_owned(), written, token, shown });
        }
    }

    /// The token of an amount; the same amount has the same token.
    pub(crate) fn amount(&mut self, amount: Money) -> String {
        self.amount_text(&amount.to_string())
    }

    fn amount_text(&mut self, text: &str) -> String {
        if let Some(known) = self.entries.iter().find(|entry| entry.literal == text) {
            return known.token.clone();
        }
        self.amounts += 1;
        let token = format!("[AMOUNT_{}]", self.amounts);
        let (literal, shown) = (text.to_owned(), text.to_owned());
        self.entries.push(Entry { literal, written: Written::Anyhow, token: token.clone(), shown });
        token
    }

    /// Free text as a model may see it: tokens for what is known, masks for what has a known form, words of the list.
    pub(crate) fn disclose(&mut self, text: &str) -> String {
        // Brackets are ours: a text from outside cannot bring a token of its own.
        let text = text.replace('[', "(").replace(']', ")");
        let amounts: Vec<String> = amounts_in(&text).into_iter().map(str::to_owned).collect();
        for amount in amounts {
            self.amount_text(&amount);
        }
        self.entries.sort_by_key(|entry| std::cmp::Reverse(entry.literal.len()));
        plain_words(&detector::masked(&self.hide(&text)), &self.days)
    }

    /// The text with every known literal replaced by its token, in whatever case it stands.
    pub(crate) fn hide(&self, text: &str) -> String {
        let firsts = self.first_bytes();
        let mut out = String::with_capacity(text.len());
        // Up to where the text is in `out`, and the character before the one looked at.
        let (mut written, mut last) = (0, None);
        for (at, first) in text.char_indices() {
            let is_inside_word = first.is_alphanumeric() && last.is_some_and(char::is_alphanumeric);
            last = Some(first);
            let may_begin = at >= written
                && !is_inside_word
                && text.as_bytes().get(at).is_some_and(|byte| firsts.contains(&byte.to_ascii_lowercase()));
            if !may_begin {
                continue;
            }
            let rest = text.get(at..).unwrap_or_default();
            if let Some(entry) = self.entries.iter().find(|entry| entry.begins(rest)) {
                out.push_str(text.get(written..at).unwrap_or_default());
                out.push_str(&entry.token);
                written = at + entry.literal.len();
            }
        }
        out.push_str(text.get(written..).unwrap_or_default());
        out
    }

    /// What literals begin with, in lower case: most characters of a text begin none, and need no further look.
    fn first_bytes(&self) -> Vec<u8> {
        let firsts = self.entries.iter().filter_map(|entry| entry.literal.bytes().next());
        let mut firsts: Vec<u8> = firsts.map(|byte| byte.to_ascii_lowercase()).collect();
        firsts.sort_unstable();
        firsts.dedup();
        firsts
    }

    /// The text with tokens put back. A token nobody gave stays as it is, for the grounding check to find.
    pub(crate) fn restore(&self, text: &str) -> String {
        let mut out = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(open) = rest.find('[') {
            let (before, from) = rest.split_at(open);
            out.push_str(before);
            let end = from.find(']').map_or(1, |end| end + 1);
            let token = from.get(..end).unwrap_or(from);
            match self.entries.iter().find(|entry| entry.token == token) {
                Some(entry) => out.push_str(&entry.shown),
                None => out.push_str(token),
            }
            rest = from.get(end..).unwrap_or_default();
        }
        out.push_str(rest);
        out
    }
}

impl Entry {
    /// Whether the text begins with this literal as a word of its own.
    fn begins(&self, text: &str) -> bool {
        let literal = &self.literal;
        let Some((head, tail)) = text.split_at_checked(literal.len()) else { return false };
        let is_cut = || literal.ends_with(char::is_alphanumeric) && tail.starts_with(char::is_alphanumeric);
        let is_written = self.written == Written::Anyhow || head.starts_with(char::is_uppercase);
        is_written && head.eq_ignore_ascii_case(literal) && !is_cut()
    }
}

/// Every day that stands in the facts, and the one the decision was made for.
fn days_of(facts: &Facts, decision: &Decision) -> Vec<Date> {
    let opportunity = facts.opportunity.as_ref().and_then(|opportunity| opportunity.close_date);
    let contract = facts.contract.iter().flat_map(|contract| [contract.effective_date, contract.expiry_date]);
    let invoices = facts.invoices.iter().flat_map(|invoice| [invoice.invoice_date, invoice.due_date]);
    let rates = facts.exchange_rates.iter().map(|rate| rate.date);
    contract.chain(invoices).flatten().chain(opportunity).chain(rates).chain([decision.as_of]).collect()
}

/// Ids of records that may stand in findings and errors.
fn record_ids(facts: &Facts) -> Vec<&str> {
    let account = facts.account.as_ref();
    let owner = facts.owner.as_ref();
    let opportunity = facts.opportunity.as_ref();
    let contract = facts.contract.as_ref();
    let mut ids = vec![
        account.and_then(|a| a.id.as_deref()),
        account.and_then(|a| a.owner_id.as_deref()),
        owner.and_then(|o| o.id.as_deref()),
        opportunity.and_then(|o| o.id.as_deref()),
        opportunity.and_then(|o| o.contract_id.as_deref()),
        contract.and_then(|c| c.id.as_deref()),
        contract.and_then(|c| c.account_id.as_deref()),
        contract.and_then(|c| c.salesforce_contract_id.as_deref()),
    ];
    ids.extend(facts.invoices.iter().flat_map(|i| [i.account_id.as_deref(), i.contract_id.as_deref()]));
    ids.into_iter().flatten().collect()
}

/// Amounts of money by their form: digits, commas, at most one point, a currency.
fn amounts_in(text: &str) -> Vec<&str> {
    let mut found = Vec::new();
    for (start, _) in text.char_indices().filter(|(_, c)| c.is_ascii_digit()) {
        let before = text.get(..start).and_then(|before| before.chars().next_back());
        if before.is_some_and(|c| c.is_alphanumeric() || ".,".contains(c)) {
            continue;
        }
        let rest = text.get(start..).unwrap_or_default();
        let number = rest.find(|c: char| !c.is_ascii_digit() && c != ',' && c != '.').unwrap_or(rest.len());
        let currency = rest.get(number + 1..number + 4).unwrap_or_default();
        let is_currency = currency.len() == 3 && currency.bytes().all(|b| b.is_ascii_uppercase());
        if is_currency && rest.get(number..=number) == Some(" ") {
            found.extend(rest.get(..number + 4));
        }
    }
    found
}
