//! A benchmark's figures, printed and kept in `bench/reports`.

use anyhow::{Context, Result};
use hdrhistogram::Histogram;
use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::path::PathBuf;

/// One benchmark's page.
pub(crate) struct Report {
    name: &'static str,
    text: String,
}

impl Report {
    /// A page with a title and the machine it was made on.
    pub(crate) fn new(name: &'static str, title: &str) -> Self {
        let mut report = Self {
            name,
            text: String::new(),
        };
        report.line(&format!("# {title}\n"));
        report.line(&format!("Command: `make bench BENCH={name}`. {}\n", machine()));
        report
    }

    /// Adds a line, and prints it.
    pub(crate) fn line(&mut self, line: &str) {
        // A closed standard output ends no measurement.
        let _ = writeln!(std::io::stdout(), "{line}");
        writeln!(self.text, "{line}").expect("writing to a string cannot fail");
    }

    /// Adds a row for the median and one for p99: two distributions of microseconds in milliseconds, and the second over
    /// the first.
    pub(crate) fn quantiles(&mut self, first: &Histogram<u64>, second: &Histogram<u64>) {
        for quantile in [0.5, 0.99] {
            let (a, b) = (
                first.value_at_quantile(quantile) as f64,
                second.value_at_quantile(quantile) as f64,
            );
            self.line(&format!(
                "| p{:.0} | {:.2} | {:.2} | {:.2} |",
                quantile * 100.0,
                a / 1e3,
                b / 1e3,
                b / a
            ));
        }
    }

    /// Writes the page.
    pub(crate) fn keep(self) -> Result<()> {
        let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("reports");
        fs::create_dir_all(&folder)?;
        fs::write(folder.join(format!("{}.md", self.name)), self.text).context("bench/reports")
    }
}

fn machine() -> String {
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let cpu = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = cpu
        .lines()
        .find_map(|line| line.strip_prefix("model name"))
        .unwrap_or(": unknown");
    let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    format!(
        "Load, services and server on one machine: {cores} cores, {}; its load average when it began: {}.",
        model.trim_start_matches([' ', '\t', ':']),
        load.split(' ').next().unwrap_or("unknown")
    )
}
