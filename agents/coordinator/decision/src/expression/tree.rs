//! The checked expression as it is evaluated. Only what the language has; no macro, no float, no name to look up.

use super::functions::Function;
use super::pattern::Pattern;

#[derive(Debug, Clone)]
pub(super) enum Node {
    Truth(bool),
    Number(i64),
    Text(String),
    List(Vec<Node>),
    /// A top-level fact.
    Fact(String),
    /// An element of the list being walked; 0 is the outermost walk's.
    Element(usize),
    Field(Box<Node>, String),
    /// Whether a field, and everything on the way to it, is there.
    Has(Box<Node>, String),
    Index(Box<Node>, Box<Node>),
    Not(Box<Node>),
    Negate(Box<Node>),
    And(Box<Node>, Box<Node>),
    Or(Box<Node>, Box<Node>),
    Choice(Box<Choice>),
    Compare(Comparison, Box<Node>, Box<Node>),
    Calculate(Calculation, Box<Node>, Box<Node>),
    In(Box<Node>, Box<Node>),
    Walk(Box<Walk>),
    Matches(Box<Node>, Pattern),
    Call(Function, Vec<Node>),
}

#[derive(Debug, Clone)]
pub(super) struct Choice {
    pub(super) condition: Node,
    pub(super) then: Node,
    pub(super) otherwise: Node,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Comparison {
    Equal,
    NotEqual,
    Less,
    AtMost,
    Greater,
    AtLeast,
}

impl Comparison {
    pub(super) fn sign(self) -> &'static str {
        match self {
            Self::Equal => "==",
            Self::NotEqual => "!=",
            Self::Less => "<",
            Self::AtMost => "<=",
            Self::Greater => ">",
            Self::AtLeast => ">=",
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Calculation {
    Add,
    Subtract,
    Multiply,
    Divide,
    Remainder,
}

impl Calculation {
    pub(super) fn sign(self) -> &'static str {
        match self {
            Self::Add => "+",
            Self::Subtract => "-",
            Self::Multiply => "*",
            Self::Divide => "/",
            Self::Remainder => "%",
        }
    }
}

/// One pass over a list.
#[derive(Debug, Clone)]
pub(super) struct Walk {
    pub(super) list: Node,
    pub(super) purpose: Purpose,
    pub(super) body: Node,
}

/// What a pass over a list is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    All,
    Exists,
    ExistsOne,
    Filter,
    Map,
}

impl Purpose {
    pub(super) fn named(name: &str) -> Option<Self> {
        Some(match name {
            "all" => Self::All,
            "exists" => Self::Exists,
            "exists_one" | "existsOne" => Self::ExistsOne,
            "filter" => Self::Filter,
            "map" => Self::Map,
            _ => return None,
        })
    }
}
