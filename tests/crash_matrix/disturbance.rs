//! What goes wrong beside the crash, drawn from a seed: nothing, vendor faults, doubled or swapped deliveries, a clock
//! that steps. Drawn only; carried out by the journey.

use gangway_simulator::{Fault, FaultKind, Refusal, Vendor};

/// Something that goes wrong beside the crash.
#[derive(Debug, Clone, PartialEq)]
pub enum Disturbance {
    /// Only the crash.
    Nothing,
    /// A vendor misbehaves, a bounded number of times.
    Vendor(&'static str, Fault),
    /// Every delivery comes twice, at the same time.
    Duplicate,
    /// A later event of the same account overtakes an earlier one.
    Reorder,
    /// The clock jumps by so many seconds while the service is down.
    ClockStep(i64),
    /// The restarted service is killed at the same place again.
    SecondCrash,
}

/// Where a disturbance is felt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Side {
    /// In what is delivered.
    Events,
    /// In what is read.
    Facts,
    /// In what is told.
    Messages,
}

/// Operations that change something, per vendor: those whose lost answer matters.
const WRITES: [(Vendor, &str); 3] =
    [(Vendor::Slack, "chat.postMessage"), (Vendor::Smtp, "send"), (Vendor::Salesforce, "update")];
/// Vendors that are read.
const READ: [Vendor; 3] = [Vendor::Salesforce, Vendor::NetSuite, Vendor::DocuSign];
/// Vendors of any kind.
const ANY: [Vendor; 5] =
    [Vendor::Salesforce, Vendor::NetSuite, Vendor::DocuSign, Vendor::Slack, Vendor::Smtp];
/// Longer than a tool call may take in these runs.
const TOO_SLOW_MS: u64 = 1_500;
/// Clock steps: back an hour, on by a minute, by a day, and by more than an approval lives.
const STEPS_S: [i64; 4] = [-3_600, 60, 86_400, 8 * 86_400];

impl Disturbance {
    /// The same for the same seed; seed 0 is the crash alone.
    pub fn drawn(seed: u64) -> Self {
        let mut draw = Draw(seed);
        let times = 1 + draw.below(3);
        let refusal = |status| Refusal { status, retry_after_s: Some(0), ..Refusal::default() };
        match seed % 10 {
            0 => Self::Nothing,
            1 => {
                let (vendor, operation) = draw.of(&WRITES);
                Self::Vendor(
                    "lost response",
                    Fault::new(vendor, FaultKind::LostResponse).on(operation).times(times),
                )
            }
            2 => Self::Duplicate,
            3 => Self::Reorder,
            4 => Self::Vendor("401", Fault::new(draw.of(&READ), FaultKind::status(401)).times(times)),
            5 => Self::Vendor("429", Fault::new(draw.of(&ANY), FaultKind::Status(refusal(429))).times(times)),
            6 => Self::Vendor("500", Fault::new(draw.of(&ANY), FaultKind::status(500)).times(times)),
            7 => {
                let kind = FaultKind::Partial(refusal(503));
                Self::Vendor("partial batch", Fault::new(draw.of(&READ), kind).times(times))
            }
            8 => match draw.below(2) {
                0 => Self::ClockStep(draw.of(&STEPS_S)),
                _ => Self::SecondCrash,
            },
            _ => {
                let kind = FaultKind::Latency { ms: TOO_SLOW_MS };
                Self::Vendor("too slow", Fault::new(draw.of(&ANY), kind).times(times))
            }
        }
    }

    /// What a journey without a crash under it has in common with those of other seeds: the places it passes, as far as
    /// they differ from those of an undisturbed one. None where it shows only after a crash.
    pub fn family(&self) -> Option<(&'static str, Side)> {
        match self {
            Self::Nothing | Self::ClockStep(_) | Self::SecondCrash => None,
            Self::Duplicate | Self::Reorder => Some((self.name(), Side::Events)),
            Self::Vendor(name, fault) => Some((
                *name,
                match fault.vendor {
                    Vendor::Slack | Vendor::Smtp | Vendor::PagerDuty => Side::Messages,
                    Vendor::Salesforce | Vendor::NetSuite | Vendor::DocuSign | Vendor::Llm => Side::Facts,
                },
            )),
        }
    }

    /// Whether gathering facts may fail by it.
    pub fn hides_facts(&self) -> bool {
        matches!(self, Self::Vendor(_, fault) if READ.contains(&fault.vendor) && fault.operation.is_none())
    }

    /// How often a vendor may have been asked again because of it.
    pub fn repeats(&self) -> u64 {
        match self {
            Self::Vendor(_, fault) => fault.times.unwrap_or(0),
            Self::Nothing | Self::Duplicate | Self::Reorder | Self::ClockStep(_) | Self::SecondCrash => 0,
        }
    }

    /// How many answers of a vendor may not have been seen because of it, though something may have happened.
    pub fn answers_lost_by(&self, vendor: Vendor) -> u64 {
        match self {
            Self::Vendor(_, fault) if fault.vendor == vendor => match fault.kind {
                FaultKind::LostResponse | FaultKind::Latency { .. } => fault.times.unwrap_or(0),
                _ => 0,
            },
            _ => 0,
        }
    }

    /// For the tally.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Nothing => "crash alone",
            Self::Vendor(name, _) => name,
            Self::Duplicate => "duplicate delivery",
            Self::Reorder => "reorder",
            Self::ClockStep(_) => "clock step",
            Self::SecondCrash => "second crash",
        }
    }
}

/// Vendors believe a clock that is off by so much.
const TOLERANCE_S: i64 = 300;

/// Vendors refuse what was signed by a clock that is far off.
pub fn is_out_of_time(disturbance: &Disturbance) -> bool {
    matches!(disturbance, Disturbance::ClockStep(step_s) if step_s.abs() > TOLERANCE_S)
}

/// SplitMix64: small, and the same everywhere.
pub struct Draw(pub u64);

impl Draw {
    /// The next number.
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `bound`; 0 when there is none.
    pub fn below(&mut self, bound: u64) -> u64 {
        self.next().checked_rem(bound).unwrap_or(0)
    }

    fn of<T: Copy, const N: usize>(&mut self, choices: &[T; N]) -> T {
        let index = usize::try_from(self.below(N as u64)).unwrap_or(0);
        choices[index.min(N - 1)]
    }
}
