//! How far long work is: a bar on a terminal, nothing elsewhere.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::io::IsTerminal as _;

/// What a bar says.
const TEMPLATE: &str = "{msg} [{bar:32}] {human_pos}/{human_len} records, {per_sec}, {eta} left";

/// A bar on stderr, gone when this is dropped.
pub(super) struct Bar(ProgressBar);

impl Bar {
    pub(super) fn new() -> Self {
        let target = if std::io::stderr().is_terminal() {
            ProgressDrawTarget::stderr()
        } else {
            ProgressDrawTarget::hidden()
        };
        let bar = ProgressBar::with_draw_target(Some(0), target);
        let style = ProgressStyle::with_template(TEMPLATE).expect("a constant that a test has drawn");
        bar.set_style(style.progress_chars("=> "));
        Self(bar)
    }

    pub(super) fn begins(&self, what: &str, records: u64) {
        self.0.reset();
        self.0.set_message(what.to_owned());
        self.0.set_length(records);
        self.0.set_position(0);
    }

    pub(super) fn advanced(&self, records: u64) {
        self.0.inc(records);
    }
}

impl projector::verify::Progress for Bar {
    fn begins(&self, what: &str, records: u64) {
        Self::begins(self, what, records);
    }

    fn advanced(&self, records: u64) {
        Self::advanced(self, records);
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_bar_can_be_drawn() {
        let bar = super::Bar::new();
        bar.begins("counting", 10);
        bar.advanced(4);
        assert_eq!((bar.0.position(), bar.0.length()), (4, Some(10)));
    }
}
