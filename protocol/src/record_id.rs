//! Salesforce record ids: what is one, and of which object.
//!
//! A business id is never taken for a record id by accident: length, alphabet, key prefix and, for the long form,
//! the checksum must fit. Here, and not with the connector, because an account may be asked for by either of its names.

/// Key prefix of Account.
pub const ACCOUNT: &str = "001";
/// Key prefix of User.
pub const USER: &str = "005";
/// Key prefix of Opportunity.
pub const OPPORTUNITY: &str = "006";
/// Key prefix of Contract.
pub const CONTRACT: &str = "800";

/// A 15- or 18-character record id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordId(String);

impl RecordId {
    /// Reads an id of the object with this key prefix; `None` if the text is none.
    #[must_use]
    pub fn parse(text: &str, prefix: &str) -> Option<Self> {
        let is_word = text.bytes().all(|b| b.is_ascii_alphanumeric());
        let length_fits = match text.len() {
            15 => true,
            18 => text.get(..15).map(checksum).as_deref() == text.get(15..),
            _ => false,
        };
        (is_word && length_fits && text.starts_with(prefix)).then(|| Self(text.to_owned()))
    }

    /// The id as given.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Its first 15 characters, which name the record in either form.
    #[must_use]
    pub fn short(&self) -> &str {
        self.0.get(..15).unwrap_or(&self.0)
    }

    /// Whether both name the same record, whichever form each has.
    #[must_use]
    pub fn names(&self, other: &str) -> bool {
        other.get(..15) == Some(self.short())
    }
}

/// The three characters that make a 15-character id safe in systems without case: for each chunk of five, which
/// are capitals.
fn checksum(short: &str) -> String {
    short
        .as_bytes()
        .chunks(5)
        .filter_map(|chunk| {
            let bits = chunk
                .iter()
                .enumerate()
                .filter(|(_, byte)| byte.is_ascii_uppercase())
                .fold(0_usize, |bits, (at, _)| bits | (1 << at));
            b"ABCDEFGHIJKLMNOPQRSTUVWXYZ012345".get(bits).map(|byte| char::from(*byte))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a panic is how a test fails")]
    use super::{ACCOUNT, RecordId, USER};

    #[test]
    fn takes_both_forms_of_an_id() {
        for id in ["001D000000IRFma", "001D000000IRFmaIAH"] {
            assert_eq!(RecordId::parse(id, ACCOUNT).unwrap().as_str(), id);
        }
    }

    #[test]
    fn refuses_what_is_no_id_of_that_object() {
        for text in
            ["ACME-001", "", "001D000000IRFmaIAX", "001D000000IRFm", "001D000000IRF'a", "001D000000IRFé"]
        {
            assert_eq!(RecordId::parse(text, ACCOUNT), None, "{text}");
        }
        assert_eq!(RecordId::parse("001D000000IRFma", USER), None);
    }

    #[test]
    fn both_forms_name_the_same_record() {
        let short = RecordId::parse("001D000000IRFma", ACCOUNT).unwrap();
        assert!(short.names("001D000000IRFmaIAH"));
        assert!(!short.names("001D000000IRFmA"));
        assert!(!short.names("ACME-001"));
    }
}
