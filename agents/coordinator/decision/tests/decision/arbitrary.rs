//! Facts of any shape, biased towards values the rules know.

use gangway_protocol::facts::{
    Account, Contract, ExchangeRate, Invoice, Opportunity, Owner, Side, Signatory,
};
use gangway_protocol::redact::Personal;
use gangway_protocol::{AccountId, ApiError, Currency, ErrorType, Facts, Money, Rate, RecordKind, System};
use jiff::civil::{Date, date};
use proptest::collection::vec;
use proptest::option::of;
use proptest::prelude::{Just, Strategy, any, prop_oneof};
use proptest::sample::{select, subsequence};

fn word() -> impl Strategy<Value = Option<String>> {
    let known = select(vec![
        "",
        " ",
        "ACME-001",
        "0018Z00003ACMEQAA2",
        "CLM-CTR-001",
        "8008Z000000CONTRAA",
        "Closed Won",
        "Negotiation",
        "EXECUTED",
        "signed",
        "SENT",
        "PAID",
        "open",
        "OVERDUE",
        "PENDING",
        "DRAFT",
        "VOIDED",
        "CANCELLED",
        "Enterprise",
        "Starter",
    ]);
    of(prop_oneof![4 => known.prop_map(str::to_owned), 1 => any::<String>()])
}

fn person() -> impl Strategy<Value = Option<Personal>> {
    word().prop_map(|word| word.map(Personal))
}

fn currency() -> impl Strategy<Value = Currency> {
    select(vec!["USD", "USD", "CAD", "JPY", "KWD", "CLF"]).prop_map(|code| Currency::parse(code).unwrap())
}

fn money() -> impl Strategy<Value = Option<Money>> {
    let known = select(vec![0, 1, -1, 100, 7_500_000, 15_000_000, i64::MIN, i64::MAX]);
    let minor = prop_oneof![known, any::<i64>()];
    of((minor, currency()).prop_map(|(minor, currency)| Money { minor, currency }))
}

fn day() -> impl Strategy<Value = Date> {
    prop_oneof![
        8 => (1_i8..=28).prop_map(|day| date(2026, 1, day)),
        1 => Just(Date::MIN),
        1 => Just(Date::MAX),
    ]
}

fn account() -> impl Strategy<Value = Account> {
    (word(), word(), any::<Option<bool>>(), word(), word(), word()).prop_map(
        |(id, name, is_deleted, billing_country, industry, owner_id)| Account {
            id,
            name,
            is_deleted,
            billing_country,
            industry,
            owner_id,
        },
    )
}

fn owner() -> impl Strategy<Value = Owner> {
    (word(), person(), person(), any::<Option<bool>>(), word(), word(), word(), word()).prop_map(
        |(id, name, email, is_active, profile_id, title, department, manager_id)| Owner {
            id,
            name,
            email,
            is_active,
            profile_id,
            title,
            department,
            manager_id,
        },
    )
}

fn opportunity() -> impl Strategy<Value = Opportunity> {
    (word(), word(), word(), money(), of(day()), word()).prop_map(
        |(id, account_id, stage, amount, close_date, contract_id)| Opportunity {
            id,
            account_id,
            stage,
            amount,
            close_date,
            contract_id,
        },
    )
}

fn signatory() -> impl Strategy<Value = Signatory> {
    let side = select(vec![None, Some(Side::Customer), Some(Side::Vendor)]);
    (person(), person(), side, any::<Option<bool>>()).prop_map(|(name, email, side, signed)| Signatory {
        name,
        email,
        side,
        signed,
    })
}

fn contract() -> impl Strategy<Value = Contract> {
    (word(), word(), word(), of(day()), of(day()), word(), word(), of(vec(signatory(), 0..3))).prop_map(
        |(id, account_id, status, effective_date, expiry_date, salesforce_contract_id, tier, signatories)| {
            Contract {
                id,
                account_id,
                status,
                effective_date,
                expiry_date,
                salesforce_contract_id,
                tier,
                signatories,
            }
        },
    )
}

fn invoice() -> impl Strategy<Value = Invoice> {
    (word(), word(), word(), word(), money(), money(), of(day()), of(day())).prop_map(
        |(id, account_id, contract_id, status, total, amount_remaining, invoice_date, due_date)| Invoice {
            id,
            account_id,
            contract_id,
            status,
            total,
            amount_remaining,
            invoice_date,
            due_date,
        },
    )
}

fn exchange_rate() -> impl Strategy<Value = ExchangeRate> {
    let rate = select(vec!["0.7368", "1", "1.00", "0.000000000001", "9000000", "149.253731343284"]);
    (currency(), currency(), day(), rate).prop_map(|(from, to, date, rate)| ExchangeRate {
        from,
        to,
        date,
        rate: Rate::parse(rate).unwrap(),
    })
}

pub fn api_error() -> impl Strategy<Value = ApiError> {
    let kinds = vec![
        RecordKind::Account,
        RecordKind::Owner,
        RecordKind::Opportunity,
        RecordKind::Contract,
        RecordKind::Invoices,
        RecordKind::ExchangeRates,
    ];
    let system = select(vec![System::Salesforce, System::Clm, System::Netsuite]);
    let error_type = select(vec![ErrorType::Authentication, ErrorType::ServerError, ErrorType::Timeout]);
    (
        system,
        error_type,
        select(vec!["get_a", "get_b"]),
        any::<Option<u16>>(),
        subsequence(kinds, 0..=6).prop_shuffle(),
    )
        .prop_map(|(system, error_type, operation, status, hides)| {
            let mut error = ApiError::new(system, error_type, operation, "CODE", "m").hiding(&hides);
            error.http_status = status;
            error
        })
}

/// Any facts at all.
pub fn facts() -> impl Strategy<Value = Facts> {
    let lists = (
        vec(invoice(), 0..4),
        vec(exchange_rate(), 0..4),
        prop_oneof![Just(Vec::new()), vec(api_error(), 0..3)],
    );
    (of(account()), of(owner()), of(opportunity()), of(contract()), lists).prop_map(
        |(account, owner, opportunity, contract, (invoices, exchange_rates, api_errors))| Facts {
            account_id: AccountId::parse("ACME-001").unwrap(),
            account,
            owner,
            opportunity,
            contract,
            invoices,
            exchange_rates,
            api_errors,
        },
    )
}
