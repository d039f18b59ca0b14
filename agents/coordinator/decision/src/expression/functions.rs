//! The functions an expression may call, each with its kinds and its cost. `matches` is not here: its pattern is
//! compiled when the rule is read.

use super::fault::{Fault, Kind};
use super::meter::Meter;
use super::shape::Shape;
use super::value::Value;
use jiff::civil::Date;
use std::rc::Rc;

/// Longest text that is read as a number, in bytes: the smallest number of 64 bits with its sign.
const MAX_DIGITS: usize = 20;

/// A function.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Function {
    Size,
    Contains,
    StartsWith,
    EndsWith,
    LowerAscii,
    UpperAscii,
    Trim,
    ToNumber,
    ToText,
    DaysBetween,
}

/// Every function: its name, the kinds it takes (a method's receiver first; none = any), and what it gives.
const TABLE: [(Function, &str, &[Option<Kind>], Shape); 10] = {
    const TEXT: Option<Kind> = Some(Kind::Text);
    [
        (Function::Size, "size", &[None], Shape::Number),
        (Function::Contains, "contains", &[TEXT, TEXT], Shape::Truth),
        (Function::StartsWith, "startsWith", &[TEXT, TEXT], Shape::Truth),
        (Function::EndsWith, "endsWith", &[TEXT, TEXT], Shape::Truth),
        (Function::LowerAscii, "lowerAscii", &[TEXT], Shape::Text),
        (Function::UpperAscii, "upperAscii", &[TEXT], Shape::Text),
        (Function::Trim, "trim", &[TEXT], Shape::Text),
        (Function::ToNumber, "int", &[None], Shape::Number),
        (Function::ToText, "string", &[None], Shape::Text),
        (Function::DaysBetween, "daysBetween", &[TEXT, TEXT], Shape::Number),
    ]
};

/// What a function takes and gives.
pub(super) struct Signature {
    pub(super) function: Function,
    pub(super) takes: &'static [Option<Kind>],
    pub(super) gives: Shape,
}

/// The function of that name.
pub(super) fn named(name: &str) -> Option<Signature> {
    let (function, _, takes, gives) = TABLE.iter().find(|(_, known, _, _)| *known == name)?;
    Some(Signature { function: *function, takes, gives: gives.clone() })
}

/// Every name, for messages.
pub(super) fn names() -> Vec<&'static str> {
    TABLE.iter().map(|(_, name, _, _)| *name).collect()
}

impl Function {
    fn name(self) -> &'static str {
        TABLE.iter().find(|(function, ..)| *function == self).map_or("", |(_, name, ..)| name)
    }

    /// Calls it; the arguments are as many as its signature says.
    pub(super) fn call<'a>(self, arguments: &[Value<'a>], meter: &mut Meter<'_>) -> Result<Value<'a>, Fault> {
        let name = self.name();
        // The number of arguments was checked when the rule was read; a missing one is an unlike kind.
        let [first, rest @ ..] = arguments else { return Err(Fault::OutOfRange) };
        let second = || rest.first().ok_or(Fault::OutOfRange);
        Ok(match self {
            Self::Size => Value::Number(size(first, name, meter)?),
            Self::Contains | Self::StartsWith | Self::EndsWith => {
                let (text, part) = (first.text(name)?, second()?.text(name)?);
                meter.search(text.len().saturating_add(part.len()))?;
                Value::Truth(match self {
                    Self::StartsWith => text.starts_with(part),
                    Self::EndsWith => text.ends_with(part),
                    _ => text.contains(part),
                })
            }
            Self::LowerAscii => made(first.text(name)?, meter, str::to_ascii_lowercase)?,
            Self::UpperAscii => made(first.text(name)?, meter, str::to_ascii_uppercase)?,
            Self::Trim => made(first.text(name)?, meter, |text| text.trim().to_owned())?,
            Self::ToNumber => Value::Number(to_number(first, name)?),
            Self::ToText => match first {
                Value::Text(_) | Value::Made(_) => first.clone(),
                Value::Truth(truth) => Value::Made(truth.to_string().into()),
                Value::Number(number) => Value::Made(number.to_string().into()),
                _ => return Err(first.unlike(name)),
            },
            Self::DaysBetween => {
                let (from, to) = (date(first, name)?, date(second()?, name)?);
                let span = from.until(to).map_err(|_| Fault::Overflow)?;
                Value::Number(i64::from(span.get_days()))
            }
        })
    }
}

fn size(value: &Value<'_>, name: &'static str, meter: &mut Meter<'_>) -> Result<i64, Fault> {
    let size = match value {
        Value::Text(_) | Value::Made(_) => {
            let text = value.text(name)?;
            meter.search(text.len())?;
            text.chars().count()
        }
        Value::Given(_) | Value::List(_) => value.elements(name)?.len(),
        Value::Record(fields) => fields.len(),
        Value::Truth(_) | Value::Number(_) => return Err(value.unlike(name)),
    };
    i64::try_from(size).map_err(|_| Fault::Overflow)
}

fn to_number(value: &Value<'_>, name: &'static str) -> Result<i64, Fault> {
    match value {
        Value::Number(number) => Ok(*number),
        Value::Text(_) | Value::Made(_) => {
            let text = Some(value.text(name)?).filter(|text| text.len() <= MAX_DIGITS);
            text.and_then(|text| text.parse().ok())
                .ok_or(Fault::Unreadable { function: name, wanted: "whole number of 64 bits" })
        }
        _ => Err(value.unlike(name)),
    }
}

fn date(value: &Value<'_>, name: &'static str) -> Result<Date, Fault> {
    let unreadable = Fault::Unreadable { function: name, wanted: "date like 2026-01-31" };
    let text = value.text(name)?;
    // Ten bytes and nothing else: a date with a time behind it is not a day.
    if text.len() != 10 {
        return Err(unreadable);
    }
    text.parse().map_err(|_| unreadable)
}

fn made<'a>(text: &str, meter: &mut Meter<'_>, make: impl Fn(&str) -> String) -> Result<Value<'a>, Fault> {
    meter.text(text.len())?;
    meter.search(text.len())?;
    Ok(Value::Made(Rc::from(make(text))))
}
