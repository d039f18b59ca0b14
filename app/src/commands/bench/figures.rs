//! The benchmark's figures: what they mean, and how they are shown.

use crate::output;
use serde::Serialize;

/// Everything measured. Times are milliseconds unless the name says otherwise.
#[derive(Debug, Serialize)]
pub struct Figures {
    /// Runs in flight at full load.
    pub in_flight: u16,
    /// Runs at full load.
    pub runs: u32,
    /// At zero vendor latency.
    #[serde(flatten)]
    pub near: Near,
    /// With every vendor round trip at 100 ms.
    #[serde(flatten)]
    pub distant: Distant,
}

/// At zero vendor latency.
#[derive(Debug, Serialize)]
pub struct Near {
    /// One `decide` over a whole account, in microseconds.
    pub decide_us: f64,
    /// A PROCEED run alone, half of them faster.
    pub alone_p50_ms: f64,
    /// A PROCEED run alone, 99 of 100 faster.
    pub alone_p99_ms: f64,
    /// Runs finished per second at full load, simulator included.
    pub runs_per_second: f64,
    /// At full load, half of them faster.
    pub loaded_p50_ms: f64,
    /// At full load, 99 of 100 faster.
    pub loaded_p99_ms: f64,
    /// Vendor reads for one assessment, tokens not counted.
    pub vendor_calls_per_assessment: f64,
    /// Vendor calls of a whole run, mails included.
    pub vendor_calls_per_run: f64,
    /// Memory of this process after the load, in megabytes; the simulator is another process.
    pub resident_mb: f64,
}

/// With every vendor round trip at 100 ms.
#[derive(Debug, Serialize)]
pub struct Distant {
    /// Gathering, over its slowest vendor call.
    pub gather_over_slowest_vendor: f64,
    /// Half of the runs gathered faster.
    pub gather_p50_ms: f64,
    /// Half of the runs faster.
    pub run_p50_ms: f64,
    /// The whole run, over its critical path of two round trips: one to gather, one to tell people.
    pub run_over_critical_path: f64,
}

impl Figures {
    /// The figures as a table.
    pub fn table(&self) -> comfy_table::Table {
        let (near, distant) = (&self.near, &self.distant);
        let loaded = format!("{} runs, {} in flight", self.runs, self.in_flight);
        let mut table = output::table(&["what", "measured"]);
        let rows = [
            ("decide, one account".to_owned(), format!("{:.1} µs", near.decide_us)),
            (
                "PROCEED run alone, p50 / p99".to_owned(),
                format!("{:.1} / {:.1} ms", near.alone_p50_ms, near.alone_p99_ms),
            ),
            (format!("throughput, {loaded}"), format!("{:.0} runs/s", near.runs_per_second)),
            (
                format!("latency, {loaded}, p50 / p99"),
                format!("{:.0} / {:.0} ms", near.loaded_p50_ms, near.loaded_p99_ms),
            ),
            ("vendor calls per assessment".to_owned(), format!("{:.2}", near.vendor_calls_per_assessment)),
            ("vendor calls per run, mails included".to_owned(), format!("{:.2}", near.vendor_calls_per_run)),
            ("resident memory, simulator apart".to_owned(), format!("{:.0} MB", near.resident_mb)),
            (
                "gather at 100 ms round trips".to_owned(),
                format!(
                    "{:.0} ms = {:.2} × slowest vendor",
                    distant.gather_p50_ms, distant.gather_over_slowest_vendor
                ),
            ),
            (
                "run at 100 ms round trips".to_owned(),
                format!(
                    "{:.0} ms = {:.2} × critical path (gather, tell)",
                    distant.run_p50_ms, distant.run_over_critical_path
                ),
            ),
        ];
        for (what, measured) in rows {
            table.add_row([what, measured]);
        }
        table
    }
}
