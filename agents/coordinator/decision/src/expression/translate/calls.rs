//! Calls: operators, walks over lists, `has`, `matches` and the other functions.

use super::{Translator, calculation_of, comparison_of};
use crate::expression::fault::Kind;
use crate::expression::functions;
use crate::expression::pattern::Pattern;
use crate::expression::shape::Shape;
use crate::expression::translate::{MAX_LOOPS, MAX_PATTERNS};
use crate::expression::tree::{Node, Purpose, Walk};
use cel::common::ast::{CallExpr, Expr, IdedExpr, LiteralValue, operators};

impl Translator<'_> {
    pub(super) fn call(&mut self, at: &IdedExpr, call: &CallExpr) -> (Node, Shape) {
        let name = call.func_name.as_str();
        if let Some(comparison) = comparison_of(name) {
            return self.comparison(at, comparison, call);
        }
        if let Some(calculation) = calculation_of(name) {
            return self.calculation(at, calculation, call);
        }
        match (name, call.target.as_deref(), call.args.as_slice()) {
            (operators::LOGICAL_AND, None, [left, right]) => {
                (Node::And(self.truth(left), self.truth(right)), Shape::Truth)
            }
            (operators::LOGICAL_OR, None, [left, right]) => {
                (Node::Or(self.truth(left), self.truth(right)), Shape::Truth)
            }
            (operators::LOGICAL_NOT, None, [inner]) => (Node::Not(self.truth(inner)), Shape::Truth),
            (operators::CONDITIONAL, None, [condition, then, otherwise]) => {
                self.choice(condition, then, otherwise)
            }
            (operators::NEGATE, None, [inner]) => {
                let (node, shape) = self.node(inner);
                self.expect(at, "-", &shape, &Shape::Number);
                (Node::Negate(Box::new(node)), Shape::Number)
            }
            (operators::INDEX, None, [list, index]) => self.index(at, list, index),
            (operators::IN, None, [wanted, list]) => self.membership(at, wanted, list),
            (operators::HAS, None, [field]) => self.has(at, field),
            ("matches", target, arguments) => self.matches(at, target, arguments),
            (name, Some(list), arguments) if Purpose::named(name).is_some() => {
                self.walk(at, name, list, arguments)
            }
            _ => self.function(at, call),
        }
    }

    fn expect(&mut self, at: &IdedExpr, what: &str, shape: &Shape, wanted: &Shape) {
        if !shape.fits(wanted) {
            self.misfit(at, format!("{what} does not work on {}", shape.word()));
        }
    }

    fn index(&mut self, at: &IdedExpr, list: &IdedExpr, index: &IdedExpr) -> (Node, Shape) {
        let ((list, list_shape), (index, index_shape)) = (self.node(list), self.node(index));
        self.expect(at, "an index", &index_shape, &Shape::Number);
        let element = match list_shape {
            Shape::List(element) => *element,
            Shape::Any => Shape::Any,
            other => return self.refuse(at, format!("{} has no elements", other.word())),
        };
        (Node::Index(Box::new(list), Box::new(index)), element)
    }

    fn membership(&mut self, at: &IdedExpr, wanted: &IdedExpr, list: &IdedExpr) -> (Node, Shape) {
        let ((wanted, wanted_shape), (list, list_shape)) = (self.node(wanted), self.node(list));
        let fits = match &list_shape {
            Shape::List(element) => wanted_shape.fits(element),
            Shape::Any => true,
            _ => false,
        };
        if !fits {
            let (wanted, list) = (wanted_shape.word(), list_shape.word());
            self.misfit(at, format!("in cannot look for {wanted} in this {list}"));
        }
        (Node::In(Box::new(wanted), Box::new(list)), Shape::Truth)
    }

    fn has(&mut self, at: &IdedExpr, field: &IdedExpr) -> (Node, Shape) {
        match self.node(field).0 {
            Node::Field(record, field) => (Node::Has(record, field), Shape::Truth),
            Node::Fact(_) => self.refuse(
                at,
                "has(…) asks for a field: has(contract.id), say; a record that is missing has none of its fields",
            ),
            // Refused already, or no path at all.
            _ if !self.wrong.is_empty() => super::REFUSED,
            _ => self.refuse(at, "has(…) asks for a field, like has(opportunity.amount)"),
        }
    }

    fn walk(&mut self, at: &IdedExpr, name: &str, list: &IdedExpr, arguments: &[IdedExpr]) -> (Node, Shape) {
        let (Some(purpose), [variable, body]) = (Purpose::named(name), arguments) else {
            return self.refuse(at, format!("write {name}(x, …) with one name and one expression"));
        };
        let Expr::Ident(variable) = &variable.expr else {
            return self.refuse(variable, format!("the first argument of {name} names the element, like x"));
        };
        let (list_node, shape) = self.node(list);
        let element = match shape {
            Shape::List(element) => *element,
            Shape::Any => Shape::Any,
            other => {
                return self.refuse(list, format!("{name} walks over a list, and this is {}", other.word()));
            }
        };
        if self.walked.len() >= MAX_LOOPS {
            return self.refuse(at, format!("more than {MAX_LOOPS} walks over lists inside one another"));
        }
        if self.walked.iter().any(|(walked, _)| walked == variable) {
            return self.refuse(at, format!("{variable} is the element of the outer walk already"));
        }
        self.walked.push((variable.clone(), element.clone()));
        let (body_node, body_shape) = self.node(body);
        self.walked.pop();
        if purpose != Purpose::Map && !body_shape.may_be_truth() {
            self.misfit(body, format!("{name} asks for true or false, and this is {}", body_shape.word()));
        }
        let shape = match purpose {
            Purpose::All | Purpose::Exists | Purpose::ExistsOne => Shape::Truth,
            Purpose::Filter => Shape::List(Box::new(element)),
            Purpose::Map => Shape::List(Box::new(body_shape)),
        };
        (Node::Walk(Box::new(Walk { list: list_node, purpose, body: body_node })), shape)
    }

    fn matches(&mut self, at: &IdedExpr, target: Option<&IdedExpr>, arguments: &[IdedExpr]) -> (Node, Shape) {
        let (text, pattern) = match (target, arguments) {
            (Some(text), [pattern]) | (None, [text, pattern]) => (text, pattern),
            _ => return self.refuse(at, "write text.matches('pattern')"),
        };
        let Expr::Literal(LiteralValue::String(literal)) = &pattern.expr else {
            return self.refuse(pattern, "a pattern must stand in the rule itself, as text");
        };
        let (node, shape) = self.node(text);
        self.expect(at, "matches", &shape, &Shape::Text);
        self.patterns += 1;
        if self.patterns > MAX_PATTERNS {
            return self.refuse(pattern, format!("more than {MAX_PATTERNS} patterns"));
        }
        match Pattern::read(literal.inner()) {
            Some(pattern) => (Node::Matches(Box::new(node), pattern), Shape::Truth),
            None => self.refuse(pattern, "not a pattern, or one that is too large"),
        }
    }

    fn function(&mut self, at: &IdedExpr, call: &CallExpr) -> (Node, Shape) {
        let name = &call.func_name;
        let Some(signature) = functions::named(name) else {
            let known = functions::names().join(", ");
            let message = format!(
                "there is no function {name}; there are {known}, matches, has and the walks all, exists, exists_one, filter, map"
            );
            return self.refuse(at, message);
        };
        let given: Vec<&IdedExpr> = call.target.as_deref().into_iter().chain(&call.args).collect();
        if given.len() != signature.takes.len() {
            let (wanted, count) = (signature.takes.len(), given.len());
            return self.refuse(at, format!("{name} takes {wanted} values, not {count}"));
        }
        let mut arguments = Vec::with_capacity(given.len());
        for (argument, kind) in given.into_iter().zip(signature.takes) {
            let (node, shape) = self.node(argument);
            if *kind == Some(Kind::Text) {
                self.expect(argument, name, &shape, &Shape::Text);
            }
            arguments.push(node);
        }
        (Node::Call(signature.function, arguments), signature.gives)
    }
}
