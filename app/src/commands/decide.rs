//! `gangway decide`: facts in as JSON lines, one decision a line out; besides these it reads the rules file it is named.

use crate::cli::DecideArgs;
use crate::rules;
use anyhow::{Context as _, Result};
use gangway_decision::{RuleSet, decide_lines};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use std::io::{self, BufWriter, Write as _};
use std::process::ExitCode;

/// Exit code when some lines could not be read.
const MALFORMED: u8 = 2;

/// Decides every line of standard input.
pub fn run(args: &DecideArgs) -> Result<ExitCode> {
    let as_of = args.as_of.unwrap_or_else(|| Timestamp::now().to_zoned(TimeZone::UTC).date());
    let rules = match &args.rules {
        Some(file) => rules::read(file)?.rules,
        None => RuleSet::builtin(),
    };
    let mut out = BufWriter::new(io::stdout().lock());
    let summary = decide_lines(io::stdin().lock(), &rules, as_of, &mut out, io::stderr().lock())
        .context("standard input or output failed")?;
    out.flush().context("standard output failed")?;
    Ok(if summary.malformed == 0 { ExitCode::SUCCESS } else { ExitCode::from(MALFORMED) })
}
