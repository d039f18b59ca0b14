//! Values while an expression is evaluated: borrowed from the facts where they come from there.
//!
//! Comparing is here; it knows no unlike kinds: `1 == "1"` is a fault, not false.

use super::fault::{Fault, Kind, Kinds};
use super::meter::Meter;
use serde_json::{Map, Value as Json};
use std::cmp::Ordering;
use std::rc::Rc;

/// A value.
#[derive(Debug, Clone)]
pub(super) enum Value<'a> {
    Truth(bool),
    Number(i64),
    Text(&'a str),
    Made(Rc<str>),
    Given(&'a [Json]),
    List(Rc<Vec<Value<'a>>>),
    Record(&'a Map<String, Json>),
}

impl<'a> Value<'a> {
    /// A value of the facts; none where there is null.
    pub(super) fn of(json: &'a Json) -> Result<Option<Self>, Fault> {
        Ok(Some(match json {
            Json::Null => return Ok(None),
            Json::Bool(truth) => Self::Truth(*truth),
            Json::Number(number) => Self::Number(number.as_i64().ok_or(Fault::Overflow)?),
            Json::String(text) => Self::Text(text),
            Json::Array(items) => Self::Given(items),
            Json::Object(fields) => Self::Record(fields),
        }))
    }

    pub(super) fn kind(&self) -> Kind {
        match self {
            Self::Truth(_) => Kind::Truth,
            Self::Number(_) => Kind::Number,
            Self::Text(_) | Self::Made(_) => Kind::Text,
            Self::Given(_) | Self::List(_) => Kind::List,
            Self::Record(_) => Kind::Record,
        }
    }

    pub(super) fn truth(&self, operation: &'static str) -> Result<bool, Fault> {
        match self {
            Self::Truth(truth) => Ok(*truth),
            _ => Err(self.unlike(operation)),
        }
    }

    pub(super) fn number(&self, operation: &'static str) -> Result<i64, Fault> {
        match self {
            Self::Number(number) => Ok(*number),
            _ => Err(self.unlike(operation)),
        }
    }

    pub(super) fn text(&self, operation: &'static str) -> Result<&str, Fault> {
        match self {
            Self::Text(text) => Ok(text),
            Self::Made(text) => Ok(text),
            _ => Err(self.unlike(operation)),
        }
    }

    /// The elements of a list.
    pub(super) fn elements(&self, operation: &'static str) -> Result<Elements<'a>, Fault> {
        match self {
            Self::Given(items) => Ok(Elements::Given(items)),
            Self::List(items) => Ok(Elements::Made(Rc::clone(items))),
            _ => Err(self.unlike(operation)),
        }
    }

    pub(super) fn unlike(&self, operation: &'static str) -> Fault {
        Fault::Unlike { operation, kinds: Kinds::One(self.kind()) }
    }

    pub(super) fn unlike_pair(&self, other: &Self, operation: &'static str) -> Fault {
        Fault::Unlike { operation, kinds: Kinds::Two(self.kind(), other.kind()) }
    }

    /// Whether two values of one kind are the same; lists element by element. Records are not compared.
    pub(super) fn equals(&self, other: &Self, meter: &mut Meter<'_>) -> Result<bool, Fault> {
        const EQUALS: &str = "==";
        match (self, other) {
            (Self::Truth(a), Self::Truth(b)) => Ok(a == b),
            (Self::Given(_) | Self::List(_), Self::Given(_) | Self::List(_)) => {
                let (mine, others) = (self.elements(EQUALS)?, other.elements(EQUALS)?);
                if mine.len() != others.len() {
                    return Ok(false);
                }
                for index in 0..mine.len() {
                    meter.step()?;
                    if !mine.get(index)?.equals(&others.get(index)?, meter)? {
                        return Ok(false);
                    }
                }
                Ok(true)
            }
            _ => Ok(self.order(other, EQUALS, meter)? == Ordering::Equal),
        }
    }

    /// The order of two numbers or two texts; texts by their code points, so that ISO dates are in order.
    pub(super) fn order(
        &self,
        other: &Self,
        operation: &'static str,
        meter: &mut Meter<'_>,
    ) -> Result<Ordering, Fault> {
        match (self, other) {
            (Self::Number(a), Self::Number(b)) => Ok(a.cmp(b)),
            (Self::Text(_) | Self::Made(_), Self::Text(_) | Self::Made(_)) => {
                let (mine, others) = (self.text(operation)?, other.text(operation)?);
                meter.bytes(mine.len().min(others.len()))?;
                Ok(mine.cmp(others))
            }
            _ => Err(self.unlike_pair(other, operation)),
        }
    }
}

/// The elements of a list, wherever it comes from.
pub(super) enum Elements<'a> {
    Given(&'a [Json]),
    Made(Rc<Vec<Value<'a>>>),
}

impl<'a> Elements<'a> {
    pub(super) fn len(&self) -> usize {
        match self {
            Self::Given(items) => items.len(),
            Self::Made(items) => items.len(),
        }
    }

    pub(super) fn get(&self, index: usize) -> Result<Value<'a>, Fault> {
        match self {
            Self::Given(items) => {
                let item = items.get(index).ok_or(Fault::OutOfRange)?;
                Value::of(item)?.ok_or_else(|| Fault::Missing("an element of a list".to_owned()))
            }
            Self::Made(items) => items.get(index).cloned().ok_or(Fault::OutOfRange),
        }
    }
}
