//! What the work of rules costs: a budget of steps that all rules of one decision share, and the meter one of them runs on.
//!
//! Work is paid for before it is done, in steps and never in time, so that whether a rule can be judged depends on the
//! facts and the rules alone. The prices keep every step well below a tenth of a microsecond.

use super::fault::Fault;

/// Most steps one rule may take on one case. A step is one node visited, 64 bytes or 2 elements copied or compared,
/// 16 bytes searched, or two places of a pattern tried on one byte of text.
pub const MAX_STEPS: u32 = 100_000;
/// Most steps the rules of a file may take together on one case, in their order.
pub const MAX_STEPS_TOGETHER: u32 = 1_000_000;
/// Longest text a rule may make, in bytes.
pub const MAX_TEXT_BYTES: usize = 64 * 1024;

/// The steps that the rules of one decision share.
#[derive(Debug)]
pub(crate) struct Budget {
    left: u32,
}

impl Budget {
    /// For one decision.
    pub(crate) fn of_a_decision() -> Self {
        Self { left: MAX_STEPS_TOGETHER }
    }

    /// The steps taken so far.
    pub(crate) fn taken(&self) -> u32 {
        MAX_STEPS_TOGETHER - self.left
    }

    /// The meter of the next rule. What the rule takes is taken from here.
    pub(super) fn meter(&mut self) -> Meter<'_> {
        let reached = if self.left < MAX_STEPS { Fault::TooManyTogether } else { Fault::TooManySteps };
        let kept = self.left.saturating_sub(MAX_STEPS);
        Meter { left: &mut self.left, kept, reached }
    }
}

/// How much work one rule may still do.
#[derive(Debug)]
pub(super) struct Meter<'b> {
    left: &'b mut u32,
    /// What of it is kept for other rules.
    kept: u32,
    reached: Fault,
}

impl Meter<'_> {
    pub(super) fn step(&mut self) -> Result<(), Fault> {
        self.take(1)
    }

    /// Pays for bytes that are copied or compared.
    pub(super) fn bytes(&mut self, count: usize) -> Result<(), Fault> {
        self.take(count / 64)
    }

    /// Pays for a text that is made.
    pub(super) fn text(&mut self, bytes: usize) -> Result<(), Fault> {
        if bytes > MAX_TEXT_BYTES {
            return Err(Fault::TooLong);
        }
        self.bytes(bytes)
    }

    /// Pays for bytes that are looked through one by one.
    pub(super) fn search(&mut self, count: usize) -> Result<(), Fault> {
        self.take(count / 16)
    }

    /// Pays for a pattern of so many places that is tried on a text of so many bytes.
    pub(super) fn pattern(&mut self, places: usize, bytes: usize) -> Result<(), Fault> {
        // One more than the text has: its end is tried too.
        self.take(bytes.saturating_add(1).saturating_mul(places) / 2)
    }

    /// Pays for elements that are copied.
    pub(super) fn elements(&mut self, count: usize) -> Result<(), Fault> {
        self.take(count / 2)
    }

    fn take(&mut self, steps: usize) -> Result<(), Fault> {
        let left = u32::try_from(steps).ok().and_then(|steps| self.left.checked_sub(steps));
        match left {
            Some(left) if left >= self.kept => {
                *self.left = left;
                Ok(())
            }
            _ => Err(self.reached.clone()),
        }
    }
}
