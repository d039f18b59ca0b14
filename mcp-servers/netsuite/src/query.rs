//! SuiteQL, and the one place where text becomes a SuiteQL literal. SuiteQL over REST has no bind parameters.
//!
//! Dates are asked for in ISO form: otherwise NetSuite writes them in the integration user's own date format.

use gangway_protocol::{AccountId, Currency};
use jiff::civil::Date;

/// A text as SuiteQL literal, quotes included. Oracle's only escape is the doubled quote; a backslash is a backslash.
/// Control characters occur in no id and could end a line inside the statement, so they become spaces.
pub(crate) fn literal(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('\'');
    for c in text.chars() {
        match c {
            '\'' => quoted.push_str("''"),
            other if other.is_control() => quoted.push(' '),
            other => quoted.push(other),
        }
    }
    quoted.push('\'');
    quoted
}

/// Which invoices.
pub(crate) enum Wanted<'a> {
    /// Every invoice of these accounts.
    OfAccounts(&'a [AccountId]),
    /// The invoices with this document number, usually one.
    Numbered(&'a str),
}

/// Invoices, oldest first within each account, or newest first for a single one.
pub(crate) fn invoices(wanted: &Wanted<'_>, contract_field: &str, order: Order) -> String {
    let condition = match wanted {
        Wanted::OfAccounts(ids) => {
            let ids: Vec<String> = ids.iter().map(|id| literal(id.as_str())).collect();
            format!("cust.externalid IN ({})", ids.join(", "))
        }
        Wanted::Numbered(number) => format!("t.tranid = {}", literal(number)),
    };
    let order = match order {
        Order::OldestFirst => "cust.externalid, t.trandate, t.id",
        Order::NewestFirst => "t.trandate DESC, t.id DESC",
    };
    format!(
        "SELECT t.tranid, cust.externalid AS account, t.{contract_field} AS contract, BUILTIN.DF(t.status) AS status, \
         cur.symbol AS currency, t.foreigntotal, t.foreignamountunpaid, \
         TO_CHAR(t.trandate, 'YYYY-MM-DD') AS invoicedate, TO_CHAR(t.duedate, 'YYYY-MM-DD') AS due \
         FROM transaction t LEFT JOIN customer cust ON cust.id = t.entity \
         LEFT JOIN currency cur ON cur.id = t.currency \
         WHERE t.type = 'CustInvc' AND {condition} ORDER BY {order}"
    )
}

/// In which order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Order {
    OldestFirst,
    NewestFirst,
}

/// Direct rates from one currency to another on or before a day, newest first.
pub(crate) fn exchange_rates(from: Currency, to: Currency, date: Date) -> String {
    format!(
        "SELECT r.exchangerate, TO_CHAR(r.effectivedate, 'YYYY-MM-DD') AS effective \
         FROM currencyrate r INNER JOIN currency src ON src.id = r.transactioncurrency \
         INNER JOIN currency dst ON dst.id = r.basecurrency \
         WHERE src.symbol = {} AND dst.symbol = {} AND r.effectivedate <= TO_DATE({}, 'YYYY-MM-DD') \
         ORDER BY r.effectivedate DESC, r.id DESC",
        literal(from.code()),
        literal(to.code()),
        literal(&date.to_string())
    )
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a panic is how a test fails")]
    use super::{Order, Wanted, exchange_rates, invoices, literal};
    use gangway_protocol::{AccountId, Currency};
    use jiff::civil::date;

    #[test]
    fn nothing_in_a_literal_becomes_syntax() {
        for (text, quoted) in [
            ("ACME-001", "'ACME-001'"),
            ("O'Brien", "'O''Brien'"),
            (r"\' OR 1=1 --", r"'\'' OR 1=1 --'"),
            ("a\nb", "'a b'"),
            ("100%", "'100%'"),
            ("", "''"),
        ] {
            assert_eq!(literal(text), quoted);
        }
    }

    #[test]
    fn many_accounts_are_one_query() {
        let ids = ["A-1", "B-2"].map(|id| AccountId::parse(id).unwrap());
        let sql = invoices(&Wanted::OfAccounts(&ids), "custbody_clm_contract_id", Order::OldestFirst);
        assert!(
            sql.ends_with(
                "WHERE t.type = 'CustInvc' AND cust.externalid IN ('A-1', 'B-2') ORDER BY cust.externalid, t.trandate, t.id"
            ),
            "{sql}"
        );
    }

    #[test]
    fn an_invoice_number_is_a_literal() {
        let sql = invoices(&Wanted::Numbered("x' OR 'a'='a"), "custbody_x", Order::NewestFirst);
        assert!(sql.contains("t.tranid = 'x'' OR ''a''=''a' ORDER BY"), "{sql}");
    }

    #[test]
    fn a_rate_is_asked_for_in_its_own_direction_only() {
        let [cad, usd] = ["CAD", "USD"].map(|code| Currency::parse(code).unwrap());
        let sql = exchange_rates(cad, usd, date(2026, 1, 5));
        assert!(sql.contains("src.symbol = 'CAD' AND dst.symbol = 'USD'"), "{sql}");
        assert!(sql.contains("r.effectivedate <= TO_DATE('2026-01-05', 'YYYY-MM-DD')"), "{sql}");
    }
}
