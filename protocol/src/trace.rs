//! Trace context as the W3C wrote it down: one `traceparent` from the request that set a run off to the last vendor call.
//!
//! It ties records and other people's traces together and is trusted with nothing. It is passed on as it came; spans of our
//! own are an exporter's business. `tracestate` and `baggage` are not passed on, because they may hold anything.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::fmt;

/// The header, and the key in a call's `_meta` (SEP-414), that carries it.
pub const TRACEPARENT: &str = "traceparent";

/// A valid `traceparent`, e.g. `00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String")]
pub struct TraceParent(String);

/// Not a `traceparent`. Whoever meets one begins a trace of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "not a traceparent: 2, 32, 16 and 2 lower-case hexadecimal digits joined by hyphens, the ids not zero"
)]
pub struct NoTraceParent;

/// Lengths of version, trace id, parent id and flags.
const PARTS: [usize; 4] = [2, 32, 16, 2];

impl TraceParent {
    /// Reads a header. Of a later version than ours the part we know is kept.
    ///
    /// # Errors
    /// When it is none.
    pub fn parse(text: &str) -> Result<Self, NoTraceParent> {
        let mut parts = text.trim().split('-');
        let known: Vec<&str> = parts.by_ref().take(PARTS.len()).collect();
        let is_hex = |part: &str, length: usize| {
            part.len() == length && part.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
        };
        let is_zero = |part: &str| part.bytes().all(|byte| byte == b'0');
        match known.as_slice() {
            [version, trace, parent, flags]
                if known.iter().zip(PARTS).all(|(part, length)| is_hex(part, length))
                    && *version != "ff"
                    && (*version != "00" || parts.next().is_none())
                    && !is_zero(trace)
                    && !is_zero(parent) =>
            {
                Ok(Self(format!("00-{trace}-{parent}-{flags}")))
            }
            _ => Err(NoTraceParent),
        }
    }

    /// A trace that begins here, named by 128 bits that nobody else has, such as a new UUID's.
    #[must_use]
    pub fn beginning(unique: u128) -> Self {
        // The ids may not be zero. The low half of a UUID of version 4 or 7 is its random one.
        let trace = unique.max(1);
        let parent = (trace & u128::from(u64::MAX)).max(1);
        Self(format!("00-{trace:032x}-{parent:016x}-01"))
    }

    /// The trace id, 32 digits.
    #[must_use]
    pub fn trace_id(&self) -> &str {
        self.0.get(3..35).unwrap_or_default()
    }

    /// Trace id, parent id and flags as the numbers they are.
    #[must_use]
    pub fn numbers(&self) -> (u128, u64, u8) {
        let digits = |from, to| self.0.get(from..to).unwrap_or_default();
        (
            u128::from_str_radix(digits(3, 35), 16).unwrap_or_default(),
            u64::from_str_radix(digits(36, 52), 16).unwrap_or_default(),
            u8::from_str_radix(digits(53, 55), 16).unwrap_or_default(),
        )
    }

    /// The whole value.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for TraceParent {
    type Error = NoTraceParent;

    fn try_from(text: String) -> Result<Self, NoTraceParent> {
        Self::parse(&text)
    }
}

impl From<TraceParent> for String {
    fn from(trace: TraceParent) -> Self {
        trace.0
    }
}

impl fmt::Display for TraceParent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::{NoTraceParent, TraceParent};

    const VALID: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    #[test]
    fn reads_what_the_w3c_writes() {
        assert_eq!(TraceParent::parse(VALID).map(String::from), Ok(VALID.to_owned()));
        let later = VALID.replacen("00", "cc", 1) + "-what-the-future-brings";
        assert_eq!(TraceParent::parse(&later).map(String::from), Ok(VALID.to_owned()));
        assert_eq!(
            TraceParent::parse(VALID).as_ref().map(TraceParent::trace_id),
            Ok("4bf92f3577b34da6a3ce929d0e0e4736")
        );
    }

    #[test]
    fn anything_else_is_none() {
        for bad in [
            "",
            "00",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7",
            "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
            "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more",
            "00-4bf92f3577b34da6a3ce929d0e0e473-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e473g-00f067aa0ba902b7-01",
        ] {
            assert_eq!(TraceParent::parse(bad), Err(NoTraceParent), "{bad}");
        }
    }

    #[test]
    fn a_trace_that_begins_here_is_valid_whatever_it_is_made_of() {
        for unique in [0, 1, u128::MAX, 1 << 64] {
            let trace = TraceParent::beginning(unique);
            assert_eq!(TraceParent::parse(trace.as_str()).as_ref(), Ok(&trace));
        }
    }
}
