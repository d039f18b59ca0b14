//! Why an expression could not be judged. Names fields and kinds, never what stands in a record.

use std::fmt;

/// Why an expression could not be judged on a case.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// A field was read that is missing; `has(…)` asks first.
    #[error("{0} is missing")]
    Missing(String),
    /// Division, or the remainder of one, by zero.
    #[error("it divides by zero")]
    DivisionByZero,
    /// A number beyond 64 bits.
    #[error("a number does not fit 64 bits")]
    Overflow,
    /// An operation on a kind of value it does not have.
    #[error("{operation} does not work on {kinds}")]
    Unlike {
        /// The operator or function.
        operation: &'static str,
        /// What it was given.
        kinds: Kinds,
    },
    /// An index outside its list.
    #[error("an index is outside its list")]
    OutOfRange,
    /// Text that is not what a function reads.
    #[error("{function} was given text that is no {wanted}")]
    Unreadable {
        /// The function.
        function: &'static str,
        /// What it reads.
        wanted: &'static str,
    },
    /// The bound on the work of one rule was reached.
    #[error("it takes more than {} steps on these facts", super::MAX_STEPS)]
    TooManySteps,
    /// The bound on the work of all rules of a file was reached.
    #[error(
        "the added rules, in their order up to it, take more than {} steps together on these facts",
        super::MAX_STEPS_TOGETHER
    )]
    TooManyTogether,
    /// A text was to be made that is longer than allowed.
    #[error("it makes a text of more than {} bytes", super::MAX_TEXT_BYTES)]
    TooLong,
}

impl Fault {
    /// Whether the other side of `&&` and `||` may make up for it. A reached bound ends everything.
    pub(crate) fn may_be_absorbed(&self) -> bool {
        !matches!(self, Self::TooManySteps | Self::TooManyTogether | Self::TooLong)
    }
}

/// A kind of value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// True or false.
    Truth,
    /// A whole number of 64 bits.
    Number,
    /// Text.
    Text,
    /// A list.
    List,
    /// A record.
    Record,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Truth => "true or false",
            Self::Number => "a number",
            Self::Text => "text",
            Self::List => "a list",
            Self::Record => "a record",
        })
    }
}

/// One or two kinds of values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kinds {
    /// Of one operand.
    One(Kind),
    /// Of both operands.
    Two(Kind, Kind),
}

impl fmt::Display for Kinds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::One(kind) => write!(f, "{kind}"),
            Self::Two(left, right) => write!(f, "{left} and {right}"),
        }
    }
}
