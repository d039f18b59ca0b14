//! Percent-encoding for what connectors put into paths and queries.

/// Encodes everything but RFC 3986's unreserved characters, so that no text can end a path segment or a parameter;
/// OAuth 1.0 signatures want exactly this set too.
#[must_use]
pub fn percent_encode(text: &str) -> String {
    use std::fmt::Write as _;
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            // Writing to a string cannot fail.
            let _ = write!(encoded, "%{byte:02X}");
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::percent_encode;

    #[test]
    fn only_unreserved_characters_stay() {
        for (text, encoded) in [
            ("ACME-001_a.b~c", "ACME-001_a.b~c"),
            ("a/b?c=d&e#f", "a%2Fb%3Fc%3Dd%26e%23f"),
            ("it's 100%", "it%27s%20100%25"),
            ("é\n", "%C3%A9%0A"),
        ] {
            assert_eq!(percent_encode(text), encoded);
        }
    }
}
