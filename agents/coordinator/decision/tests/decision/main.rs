//! The decision core from outside: every rule and its boundary, properties, scenario files, JSON lines, the README.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod account;
mod api_errors;
mod arbitrary;
mod burden;
mod chain;
mod conformance;
mod contract;
mod expressions;
mod finance;
mod invoice;
mod lines;
mod opportunity;
mod outcome;
mod properties;
mod readme;
mod rule_file;
mod rule_set;
mod scenarios;
mod support;
mod user;
mod work;
