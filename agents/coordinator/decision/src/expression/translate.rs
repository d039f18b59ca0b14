//! From the text of an expression to its checked tree.
//!
//! Parsing is the `cel` crate's. Here every name is looked up in what the facts offer, every operand's kind is checked
//! as far as it is known, and size, depth and the nesting of walks are bounded. Every misfit is reported, with its place
//! in the text; nothing is evaluated.

mod calls;
mod parse;

use super::shape::Shape;
use super::tree::{Calculation, Choice, Comparison, Node};
use cel::common::ast::{CallExpr, Expr, IdedExpr, LiteralValue, operators};
use parse::{deeper_than, parse, place};
use std::fmt;

/// Longest text of an expression.
pub const MAX_BYTES: usize = 2_000;
/// Most nodes of its tree.
pub const MAX_NODES: usize = 400;
/// Deepest nesting of its tree.
pub const MAX_DEPTH: usize = 24;
/// Most walks over lists (`all`, `exists`, `exists_one`, `filter`, `map`) inside one another.
pub const MAX_LOOPS: usize = 2;
/// Most patterns: each takes time and memory to compile.
pub const MAX_PATTERNS: usize = 8;
/// Most opening brackets of all kinds, those in texts included: what bounds the parser's recursion before its own
/// limit does. A plain count cannot be led astray by quotes.
pub const MAX_BRACKETS: usize = 60;

/// Something wrong with an expression, and where: line and column inside its text, from 1.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Misfit {
    /// Line inside the expression.
    pub line: usize,
    /// Column inside the expression, in characters.
    pub column: usize,
    /// What is wrong.
    pub message: String,
}

/// A path inside the facts, from the top, with whether a person is named there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Path {
    names: Vec<String>,
    pub(crate) personal: bool,
}

impl Path {
    pub(crate) fn root(&self) -> &str {
        self.names.first().map_or("", String::as_str)
    }

    pub(crate) fn names(&self) -> &[String] {
        &self.names
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.names.join("."))
    }
}

#[derive(Debug, Clone)]
pub(super) struct Translated {
    pub(super) root: Node,
    pub(super) paths: Vec<Path>,
}

pub(super) fn translate(source: &str, offered: &Shape) -> Result<Translated, Vec<Misfit>> {
    let at_start = |message: String| vec![Misfit { line: 1, column: 1, message }];
    if source.len() > MAX_BYTES {
        return Err(at_start(format!("{} bytes long; at most {MAX_BYTES} are allowed", source.len())));
    }
    if source.trim().is_empty() {
        return Err(at_start("empty; write when the rule fires".to_owned()));
    }
    let brackets = source.matches(['(', '[', '{']).count();
    if brackets > MAX_BRACKETS {
        return Err(at_start(format!("{brackets} opening brackets; at most {MAX_BRACKETS} are allowed")));
    }
    let (expression, places) = parse(source)?;
    if let Some(deep) = deeper_than(&expression, MAX_DEPTH) {
        let (line, column) = place(source, &places, deep);
        let message = format!("nested more than {MAX_DEPTH} deep");
        return Err(vec![Misfit { line, column, message }]);
    }
    let mut translator = Translator {
        offered,
        walked: Vec::new(),
        nodes: 0,
        patterns: 0,
        paths: Vec::new(),
        wrong: Vec::new(),
    };
    let (root, shape) = translator.node(&expression);
    if !shape.may_be_truth() {
        translator.misfit(&expression, format!("gives {}, but a rule must give true or false", shape.word()));
    }
    if translator.nodes > MAX_NODES {
        translator
            .misfit(&expression, format!("{} parts; at most {MAX_NODES} are allowed", translator.nodes));
    }
    if translator.wrong.is_empty() {
        return Ok(Translated { root, paths: translator.paths });
    }
    let misfits = translator.wrong.into_iter().map(|(id, message)| {
        let (line, column) = place(source, &places, id);
        Misfit { line, column, message }
    });
    Err(misfits.collect())
}

/// What a part that is refused stands for; the expression is refused with it.
const REFUSED: (Node, Shape) = (Node::Truth(false), Shape::Any);

struct Translator<'a> {
    offered: &'a Shape,
    /// Names of the elements being walked, the outermost walk's first, with their shapes.
    walked: Vec<(String, Shape)>,
    nodes: usize,
    patterns: usize,
    paths: Vec<Path>,
    wrong: Vec<(u64, String)>,
}

impl Translator<'_> {
    fn misfit(&mut self, at: &IdedExpr, message: impl Into<String>) {
        self.wrong.push((at.id, message.into()));
    }

    fn refuse(&mut self, at: &IdedExpr, message: impl Into<String>) -> (Node, Shape) {
        self.misfit(at, message);
        REFUSED
    }

    fn node(&mut self, expression: &IdedExpr) -> (Node, Shape) {
        self.nodes += 1;
        match &expression.expr {
            Expr::Literal(literal) => self.literal(expression, literal),
            Expr::Ident(_) | Expr::Select(_) => self.path(expression),
            Expr::List(list) => {
                let (nodes, shapes): (Vec<_>, Vec<_>) = list.elements.iter().map(|e| self.node(e)).unzip();
                let first = shapes.first().cloned().unwrap_or(Shape::Any);
                let element = if shapes.iter().all(|shape| *shape == first) { first } else { Shape::Any };
                (Node::List(nodes), Shape::List(Box::new(element)))
            }
            Expr::Call(call) => self.call(expression, call),
            Expr::Map(_) | Expr::Struct(_) => self.refuse(expression, "records cannot be made in a rule"),
            Expr::Unspecified | Expr::Comprehension(_) => {
                self.refuse(expression, "this cannot stand in a rule")
            }
        }
    }

    fn literal(&mut self, at: &IdedExpr, literal: &LiteralValue) -> (Node, Shape) {
        match literal {
            LiteralValue::Boolean(truth) => (Node::Truth(*truth.inner()), Shape::Truth),
            LiteralValue::Int(number) => (Node::Number(*number.inner()), Shape::Number),
            LiteralValue::String(text) => (Node::Text(text.inner().to_owned()), Shape::Text),
            LiteralValue::Null => {
                self.refuse(at, "what is missing is left out of the facts: ask with has(…) instead of null")
            }
            LiteralValue::Double(_) => {
                self.refuse(at, "only whole numbers: an amount is whole minor units, 1000.50 is 100050")
            }
            LiteralValue::UInt(_) => self.refuse(at, "write the number without the u"),
            LiteralValue::Bytes(_) => self.refuse(at, "bytes cannot stand in a rule"),
        }
    }

    /// A name, or fields of something.
    fn path(&mut self, expression: &IdedExpr) -> (Node, Shape) {
        let found = self.path_inside(expression);
        if let (Some(names), shape) = (self.names(expression), &found.1) {
            let path = Path { names, personal: *shape == Shape::Personal };
            if !self.paths.contains(&path) {
                self.paths.push(path);
            }
        }
        found
    }

    fn path_inside(&mut self, expression: &IdedExpr) -> (Node, Shape) {
        match &expression.expr {
            Expr::Ident(name) => self.name(expression, name),
            Expr::Select(select) => {
                let (operand, shape) = match &select.operand.expr {
                    Expr::Ident(_) | Expr::Select(_) => self.path_inside(&select.operand),
                    _ => self.node(&select.operand),
                };
                self.nodes += 1;
                let Some(field) = shape.field(&select.field) else {
                    return self.no_field(expression, &select.field, &shape);
                };
                (Node::Field(Box::new(operand), select.field.clone()), field)
            }
            _ => self.node(expression),
        }
    }

    fn no_field(&mut self, at: &IdedExpr, field: &str, shape: &Shape) -> (Node, Shape) {
        let message = match shape {
            Shape::Record(fields) => {
                let known: Vec<&str> = fields.keys().map(String::as_str).collect();
                format!("there is no field {field}; there are {}", known.join(", "))
            }
            Shape::List(_) => format!("a list has no field {field}; walk it: .exists(x, x.{field} …)"),
            other => format!("{} has no field {field}", other.word()),
        };
        self.refuse(at, message)
    }

    fn name(&mut self, at: &IdedExpr, name: &str) -> (Node, Shape) {
        let walked = self.walked.iter().enumerate().rev().find(|(_, (walked, _))| walked == name);
        if let Some((depth, (_, shape))) = walked {
            return (Node::Element(depth), shape.clone());
        }
        match self.offered.field(name) {
            Some(shape) => (Node::Fact(name.to_owned()), shape),
            None => {
                let message = match self.offered {
                    Shape::Record(fields) => {
                        let known: Vec<&str> = fields.keys().map(String::as_str).collect();
                        format!("there is no {name} in the facts; there are {}", known.join(", "))
                    }
                    _ => format!("there is no {name} in the facts"),
                };
                self.refuse(at, message)
            }
        }
    }

    /// The path of names from the top of the facts; none where it starts elsewhere.
    fn names(&self, expression: &IdedExpr) -> Option<Vec<String>> {
        match &expression.expr {
            Expr::Ident(name) if self.walked.iter().all(|(walked, _)| walked != name) => {
                Some(vec![name.clone()])
            }
            Expr::Select(select) => {
                let mut names = self.names(&select.operand)?;
                names.push(select.field.clone());
                Some(names)
            }
            _ => None,
        }
    }

    fn truth(&mut self, expression: &IdedExpr) -> Box<Node> {
        let (node, shape) = self.node(expression);
        if !shape.may_be_truth() {
            self.misfit(expression, format!("this is {}, where true or false is needed", shape.word()));
        }
        Box::new(node)
    }

    fn choice(&mut self, condition: &IdedExpr, then: &IdedExpr, otherwise: &IdedExpr) -> (Node, Shape) {
        let condition = *self.truth(condition);
        let ((then, shape), (otherwise, other)) = (self.node(then), self.node(otherwise));
        let shape = if shape == other { shape } else { Shape::Any };
        (Node::Choice(Box::new(Choice { condition, then, otherwise })), shape)
    }

    fn comparison(&mut self, at: &IdedExpr, comparison: Comparison, call: &CallExpr) -> (Node, Shape) {
        let [left, right] = call.args.as_slice() else { return self.refuse(at, "needs two sides") };
        let ((left, left_shape), (right, right_shape)) = (self.node(left), self.node(right));
        let orders = !matches!(comparison, Comparison::Equal | Comparison::NotEqual);
        let unordered = orders && matches!(left_shape, Shape::Truth | Shape::List(_) | Shape::Record(_));
        if unordered || !left_shape.fits(&right_shape) {
            let (sign, left, right) = (comparison.sign(), left_shape.word(), right_shape.word());
            self.misfit(at, format!("{sign} cannot compare {left} with {right}"));
        }
        (Node::Compare(comparison, Box::new(left), Box::new(right)), Shape::Truth)
    }

    fn calculation(&mut self, at: &IdedExpr, calculation: Calculation, call: &CallExpr) -> (Node, Shape) {
        let [left, right] = call.args.as_slice() else { return self.refuse(at, "needs two sides") };
        let ((left, left_shape), (right, right_shape)) = (self.node(left), self.node(right));
        let shape = match (&left_shape, &right_shape) {
            (Shape::Any, other) | (other, Shape::Any) => other.clone(),
            (Shape::List(a), Shape::List(b)) if calculation == Calculation::Add => {
                Shape::List(Box::new(if a == b { (**a).clone() } else { Shape::Any }))
            }
            (left, right)
                if calculation == Calculation::Add && left.fits(&Shape::Text) && right.fits(&Shape::Text) =>
            {
                Shape::Text
            }
            (Shape::Number, Shape::Number) => Shape::Number,
            (left, right) => {
                let message =
                    format!("{} does not work on {} and {}", calculation.sign(), left.word(), right.word());
                self.misfit(at, message);
                Shape::Any
            }
        };
        (Node::Calculate(calculation, Box::new(left), Box::new(right)), shape)
    }
}

fn comparison_of(name: &str) -> Option<Comparison> {
    Some(match name {
        operators::EQUALS => Comparison::Equal,
        operators::NOT_EQUALS => Comparison::NotEqual,
        operators::LESS => Comparison::Less,
        operators::LESS_EQUALS => Comparison::AtMost,
        operators::GREATER => Comparison::Greater,
        operators::GREATER_EQUALS => Comparison::AtLeast,
        _ => return None,
    })
}

fn calculation_of(name: &str) -> Option<Calculation> {
    Some(match name {
        operators::ADD => Calculation::Add,
        operators::SUBSTRACT => Calculation::Subtract,
        operators::MULTIPLY => Calculation::Multiply,
        operators::DIVIDE => Calculation::Divide,
        operators::MODULO => Calculation::Remainder,
        _ => return None,
    })
}
