//! Walks a checked expression over the facts, counting every step and every byte it makes.
//!
//! The count bounds time and memory alike: nothing is made that was not paid for first. Depth was bounded when the
//! expression was read, so recursion is bounded too. A reached bound ends the evaluation wherever it stands; other
//! faults are absorbed by `&&`, `||`, `all` and `exists` as CEL says: `false && fault` is false.

use super::fault::Fault;
use super::meter::Meter;
use super::tree::{Calculation, Choice, Comparison, Node, Purpose, Walk};
use super::value::Value;
use serde_json::{Map, Value as Json};
use std::cmp::Ordering;
use std::rc::Rc;

/// One evaluation.
pub(super) struct Evaluation<'a, 'b> {
    facts: &'a Map<String, Json>,
    /// The element each walk stands at, the outermost first.
    elements: Vec<Value<'a>>,
    meter: Meter<'b>,
}

impl<'a, 'b> Evaluation<'a, 'b> {
    pub(super) fn new(facts: &'a Map<String, Json>, meter: Meter<'b>) -> Self {
        Self { facts, elements: Vec::new(), meter }
    }

    /// Whether the expression holds.
    pub(super) fn truth(&mut self, node: &'a Node) -> Result<bool, Fault> {
        match node {
            Node::Truth(truth) => Ok(*truth),
            Node::Not(inner) => {
                self.meter.step()?;
                Ok(!self.truth(inner)?)
            }
            Node::And(left, right) => self.either_way(left, right, false),
            Node::Or(left, right) => self.either_way(left, right, true),
            _ => self.value(node)?.truth("a condition"),
        }
    }

    /// `&&` and `||`: whichever side gives `decisive` decides, even beside a fault on the other.
    fn either_way(&mut self, left: &'a Node, right: &'a Node, decisive: bool) -> Result<bool, Fault> {
        self.meter.step()?;
        match self.truth(left) {
            Ok(truth) if truth == decisive => Ok(decisive),
            Ok(_) => self.truth(right),
            Err(fault) if !fault.may_be_absorbed() => Err(fault),
            Err(fault) => match self.truth(right) {
                Ok(truth) if truth == decisive => Ok(decisive),
                Err(bound) if !bound.may_be_absorbed() => Err(bound),
                _ => Err(fault),
            },
        }
    }

    fn value(&mut self, node: &'a Node) -> Result<Value<'a>, Fault> {
        self.meter.step()?;
        Ok(match node {
            Node::Truth(truth) => Value::Truth(*truth),
            Node::Number(number) => Value::Number(*number),
            Node::Text(text) => Value::Text(text),
            Node::List(items) => {
                let items: Result<Vec<_>, Fault> = items.iter().map(|item| self.value(item)).collect();
                Value::List(Rc::new(items?))
            }
            Node::Fact(_) | Node::Element(_) | Node::Field(..) => {
                self.find(node)?.ok_or_else(|| Fault::Missing(name_of(node)))?
            }
            Node::Has(record, field) => Value::Truth(self.find_field(record, field)?.is_some()),
            Node::Index(list, index) => self.element_at(list, index)?,
            Node::Not(_) | Node::And(..) | Node::Or(..) => Value::Truth(self.truth(node)?),
            Node::Negate(inner) => {
                let number = self.value(inner)?.number("-")?;
                Value::Number(number.checked_neg().ok_or(Fault::Overflow)?)
            }
            Node::Choice(choice) => {
                let Choice { condition, then, otherwise } = &**choice;
                if self.truth(condition)? { self.value(then)? } else { self.value(otherwise)? }
            }
            Node::Compare(comparison, left, right) => Value::Truth(self.compare(*comparison, left, right)?),
            Node::Calculate(calculation, left, right) => self.calculate(*calculation, left, right)?,
            Node::In(wanted, list) => Value::Truth(self.is_in(wanted, list)?),
            Node::Walk(walk) => self.walk(walk)?,
            Node::Matches(text, pattern) => {
                let text = self.value(text)?;
                Value::Truth(pattern.is_found(text.text("matches")?, &mut self.meter)?)
            }
            Node::Call(function, arguments) => {
                let arguments: Result<Vec<_>, Fault> =
                    arguments.iter().map(|argument| self.value(argument)).collect();
                function.call(&arguments?, &mut self.meter)?
            }
        })
    }

    /// What stands at a path; none where it, or something on the way to it, is missing.
    fn find(&mut self, node: &'a Node) -> Result<Option<Value<'a>>, Fault> {
        match node {
            Node::Fact(name) => self.facts.get(name).map_or(Ok(None), Value::of),
            Node::Element(depth) => Ok(self.elements.get(*depth).cloned()),
            Node::Field(record, field) => self.find_field(record, field),
            _ => self.value(node).map(Some),
        }
    }

    fn find_field(&mut self, record: &'a Node, field: &str) -> Result<Option<Value<'a>>, Fault> {
        self.meter.step()?;
        match self.find(record)? {
            None => Ok(None),
            Some(Value::Record(fields)) => fields.get(field).map_or(Ok(None), Value::of),
            Some(other) => Err(other.unlike("a field")),
        }
    }

    fn element_at(&mut self, list: &'a Node, index: &'a Node) -> Result<Value<'a>, Fault> {
        let elements = self.value(list)?.elements("[]")?;
        let index = self.value(index)?.number("[]")?;
        elements.get(usize::try_from(index).map_err(|_| Fault::OutOfRange)?)
    }

    fn compare(&mut self, comparison: Comparison, left: &'a Node, right: &'a Node) -> Result<bool, Fault> {
        let (left, right) = (self.value(left)?, self.value(right)?);
        let meter = &mut self.meter;
        let mut order = || left.order(&right, comparison.sign(), meter);
        Ok(match comparison {
            Comparison::Equal => left.equals(&right, meter)?,
            Comparison::NotEqual => !left.equals(&right, meter)?,
            Comparison::Less => order()? == Ordering::Less,
            Comparison::AtMost => order()? != Ordering::Greater,
            Comparison::Greater => order()? == Ordering::Greater,
            Comparison::AtLeast => order()? != Ordering::Less,
        })
    }

    fn calculate(
        &mut self,
        calculation: Calculation,
        left: &'a Node,
        right: &'a Node,
    ) -> Result<Value<'a>, Fault> {
        let (left, right) = (self.value(left)?, self.value(right)?);
        let sign = calculation.sign();
        if calculation == Calculation::Add {
            match (&left, &right) {
                (Value::Text(_) | Value::Made(_), Value::Text(_) | Value::Made(_)) => {
                    let (head, tail) = (left.text(sign)?, right.text(sign)?);
                    self.meter.text(head.len().saturating_add(tail.len()))?;
                    return Ok(Value::Made(Rc::from([head, tail].concat())));
                }
                (Value::Given(_) | Value::List(_), Value::Given(_) | Value::List(_)) => {
                    return self.joined(&left, &right);
                }
                _ => {}
            }
        }
        let (Value::Number(left), Value::Number(right)) = (&left, &right) else {
            return Err(left.unlike_pair(&right, sign));
        };
        let result = match calculation {
            Calculation::Add => left.checked_add(*right),
            Calculation::Subtract => left.checked_sub(*right),
            Calculation::Multiply => left.checked_mul(*right),
            Calculation::Divide | Calculation::Remainder if *right == 0 => return Err(Fault::DivisionByZero),
            Calculation::Divide => left.checked_div(*right),
            Calculation::Remainder => left.checked_rem(*right),
        };
        result.map(Value::Number).ok_or(Fault::Overflow)
    }

    fn joined(&mut self, left: &Value<'a>, right: &Value<'a>) -> Result<Value<'a>, Fault> {
        let (head, tail) = (left.elements("+")?, right.elements("+")?);
        self.meter.elements(head.len().saturating_add(tail.len()))?;
        let mut joined = Vec::with_capacity(head.len() + tail.len());
        for part in [head, tail] {
            for index in 0..part.len() {
                joined.push(part.get(index)?);
            }
        }
        Ok(Value::List(Rc::new(joined)))
    }

    fn is_in(&mut self, wanted: &'a Node, list: &'a Node) -> Result<bool, Fault> {
        let wanted = self.value(wanted)?;
        let elements = self.value(list)?.elements("in")?;
        let mut fault = None;
        for index in 0..elements.len() {
            self.meter.step()?;
            match elements.get(index).and_then(|element| wanted.equals(&element, &mut self.meter)) {
                Ok(true) => return Ok(true),
                Ok(false) => {}
                Err(bound) if !bound.may_be_absorbed() => return Err(bound),
                Err(other) => fault = fault.or(Some(other)),
            }
        }
        fault.map_or(Ok(false), Err)
    }

    fn walk(&mut self, walk: &'a Walk) -> Result<Value<'a>, Fault> {
        let elements = self.value(&walk.list)?.elements("a walk over a list")?;
        match walk.purpose {
            Purpose::All | Purpose::Exists => {
                let decisive = walk.purpose == Purpose::Exists;
                let mut fault = None;
                for index in 0..elements.len() {
                    match self.at(elements.get(index)?, |this| this.truth(&walk.body)) {
                        Ok(truth) if truth == decisive => return Ok(Value::Truth(decisive)),
                        Ok(_) => {}
                        Err(bound) if !bound.may_be_absorbed() => return Err(bound),
                        Err(other) => fault = fault.or(Some(other)),
                    }
                }
                fault.map_or(Ok(Value::Truth(!decisive)), Err)
            }
            Purpose::ExistsOne => {
                let mut found = 0_usize;
                for index in 0..elements.len() {
                    let holds = self.at(elements.get(index)?, |this| this.truth(&walk.body))?;
                    found += usize::from(holds);
                }
                Ok(Value::Truth(found == 1))
            }
            Purpose::Filter | Purpose::Map => {
                let mut made = Vec::new();
                for index in 0..elements.len() {
                    let element = elements.get(index)?;
                    if walk.purpose == Purpose::Map {
                        made.push(self.at(element, |this| this.value(&walk.body))?);
                    } else if self.at(element.clone(), |this| this.truth(&walk.body))? {
                        made.push(element);
                    }
                }
                Ok(Value::List(Rc::new(made)))
            }
        }
    }

    /// Works with one element of a list in its place.
    fn at<T>(
        &mut self,
        element: Value<'a>,
        work: impl FnOnce(&mut Self) -> Result<T, Fault>,
    ) -> Result<T, Fault> {
        self.meter.step()?;
        self.elements.push(element);
        let worked = work(self);
        self.elements.pop();
        worked
    }
}

/// A path for people: `opportunity.amount`, or `….due_date` on an element of a list.
fn name_of(node: &Node) -> String {
    match node {
        Node::Fact(name) => name.clone(),
        Node::Field(record, field) => format!("{}.{field}", name_of(record)),
        _ => "…".to_owned(),
    }
}
