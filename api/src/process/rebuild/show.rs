//! How far a rebuild is, and what came of it: a bar on a terminal, plain lines else, JSON for machines.

use crate::cli::rebuild::{Rebuild, Which};
use crate::process::Error;
use engine::beside::{Difference, How};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use projector::rebuild::{Finish, Outcome, Phase, Progress};
use serde_json::{Value, json};
use std::collections::VecDeque;
use std::io::{ErrorKind, IsTerminal as _, Write as _};
use std::time::{Duration, Instant};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// How often progress is looked at: a bar is drawn then.
const LOOK: Duration = Duration::from_millis(200);
/// How often it is told in lines.
const TELL: Duration = Duration::from_secs(5);
/// The rate is that of so many looks.
const LOOKS: usize = 50;

/// How a rebuild speaks.
#[derive(Clone, Copy, Debug)]
pub(super) struct Said {
    which: Which,
    json: bool,
}

impl Said {
    pub(super) const fn new(asked: &Rebuild) -> Self {
        Self {
            which: asked.projection,
            json: asked.json,
        }
    }

    /// A closed pipe is somebody who has heard enough.
    fn line(text: &str) -> Result<(), Error> {
        match writeln!(std::io::stdout(), "{text}") {
            Err(error) if error.kind() != ErrorKind::BrokenPipe => {
                Err(Error::Impossible(format!("cannot write: {error}")))
            }
            _ => Ok(()),
        }
    }

    fn say(self, text: &str, machine: &Value) -> Result<(), Error> {
        if self.json {
            Self::line(&machine.to_string())
        } else {
            Self::line(text)
        }
    }

    pub(super) fn dropped(self, was_there: bool) -> Result<(), Error> {
        let name = self.which.name();
        let text = if was_there {
            format!("the old {name} is thrown away")
        } else {
            format!("no old {name} was kept: there is nothing to throw away")
        };
        self.say(&text, &json!({ "dropped": was_there }))
    }

    pub(super) fn swapped_back(self) -> Result<(), Error> {
        let text = format!(
            "the {0} that was kept is back in its place, the other is kept now; projectors fold on from where it stands",
            self.which.name()
        );
        self.say(&text, &json!({ "swapped_back": true }))
    }

    /// Says what came of it.
    ///
    /// # Errors
    /// When the projections differ, and that was not accepted.
    pub(super) fn outcome(self, outcome: &Outcome, finish: Finish, took: Duration) -> Result<(), Error> {
        if self.json {
            let mut machine = serde_json::to_value(outcome).unwrap_or_default();
            machine["took_ms"] = json!(u64::try_from(took.as_millis()).unwrap_or(u64::MAX));
            machine["equal"] = json!(outcome.is_equal());
            Self::line(&machine.to_string())?;
        } else {
            Self::line(&self.sentences(outcome, took))?;
        }
        if outcome.is_equal() || finish == Finish::SwapAnyway && outcome.swapped {
            return Ok(());
        }
        let name = self.which.name();
        Err(Error::Impossible(if finish == Finish::Discard {
            format!("this binary makes another {name} of the log than there is; nothing was changed")
        } else {
            format!(
                "nothing was swapped: the old {name} does not say what the log says. The new one is kept: `roomlog rebuild \
                 {name} --accept-differences` swaps nevertheless, --shadow throws it away (docs/rebuild.md)"
            )
        }))
    }

    fn sentences(self, outcome: &Outcome, took: Duration) -> String {
        let name = self.which.name();
        let mut lines = Vec::new();
        for difference in &outcome.differences {
            lines.extend(tell(difference));
        }
        let more = outcome.differing.saturating_sub(outcome.differences.len() as u64);
        if more > 0 {
            lines.push(format!("and {more} more"));
        }
        lines.extend(outcome.notes.iter().cloned());
        let rate = rate(outcome.records, took);
        lines.push(format!(
            "{name} was made anew: {} records in {:.1} s ({rate} a second), {}",
            outcome.records,
            took.as_secs_f64(),
            if outcome.is_equal() {
                "nothing differs".to_owned()
            } else if outcome.differing == 0 {
                "not all of it could be compared".to_owned()
            } else {
                format!("{} parts of rooms differ", outcome.differing)
            }
        ));
        if outcome.swapped {
            lines.push(format!(
                "it has taken the old one's place; that is kept: `roomlog rebuild {name} --drop-old` throws it away, \
                 --swap-back puts it back"
            ));
        }
        lines.join("\n")
    }
}

fn tell(difference: &Difference) -> Vec<String> {
    let place = match difference.at.room {
        Some(room) => format!("room {room}, {}", difference.at.part),
        None => difference.at.part.clone(),
    };
    let mut lines = vec![match (&difference.note, difference.differing) {
        (Some(note), _) => format!("{place}: {note}"),
        (None, 1) => format!("{place}: 1 row differs"),
        (None, rows) => format!("{place}: {rows} rows differ"),
    }];
    for row in &difference.rows {
        let how = match &row.how {
            How::OldAlone => "the old one alone has it".to_owned(),
            How::NewAlone => "the new one alone has it".to_owned(),
            How::Fields(fields) => format!("{} not the same", fields.join(", ")),
        };
        lines.push(format!("  {}: {how}", row.key));
    }
    let more = difference.differing.saturating_sub(difference.rows.len() as u64);
    if more > 0 && difference.note.is_none() {
        lines.push(format!("  and {more} more"));
    }
    lines
}

fn rate(records: u64, took: Duration) -> u64 {
    let milliseconds = u64::try_from(took.as_millis()).unwrap_or(u64::MAX).max(1);
    records.saturating_mul(1_000) / milliseconds
}

/// Progress as it is shown; it ends with [`Show::end`].
pub(super) struct Show {
    begun: Instant,
    over: CancellationToken,
    task: JoinHandle<()>,
}

impl Show {
    pub(super) fn begin(said: &Said, progress: Progress) -> Self {
        let over = CancellationToken::new();
        let view = View::of(*said);
        Self {
            begun: Instant::now(),
            over: over.clone(),
            task: tokio::spawn(watch(view, progress, over)),
        }
    }

    /// How long it took.
    pub(super) async fn end(self) -> Duration {
        self.over.cancel();
        // It shows and nothing else: that it panicked would have been seen.
        let _ = self.task.await;
        self.begun.elapsed()
    }
}

/// What there is to see now.
struct Glance {
    phase: Phase,
    done: u64,
    total: u64,
    rate: u64,
    left: Option<Duration>,
    waits: Option<String>,
}

/// Where it is shown.
enum View {
    Bar(ProgressBar),
    Lines(Which),
    Json,
}

impl View {
    fn of(said: Said) -> Self {
        if said.json {
            return Self::Json;
        }
        if !std::io::stderr().is_terminal() {
            return Self::Lines(said.which);
        }
        let bar = ProgressBar::with_draw_target(Some(0), ProgressDrawTarget::stderr());
        let style = ProgressStyle::with_template("{prefix:>10} [{bar:32}] {human_pos}/{human_len}  {msg}");
        bar.set_style(
            style
                .unwrap_or_else(|_| ProgressStyle::default_bar())
                .progress_chars("=> "),
        );
        Self::Bar(bar)
    }

    const fn interval(&self) -> Duration {
        match self {
            Self::Bar(_) => LOOK,
            Self::Lines(_) | Self::Json => TELL,
        }
    }

    fn show(&self, glance: &Glance) {
        let left = glance.left.map(|left| left.as_secs());
        match self {
            Self::Bar(bar) => {
                bar.set_length(glance.total);
                bar.set_position(glance.done.min(glance.total));
                bar.set_prefix(glance.phase.name());
                bar.set_message(match (&glance.waits, left) {
                    (Some(why), _) => format!("waits: {why}"),
                    (None, Some(left)) => format!("{} a second, {left} s left", glance.rate),
                    (None, None) => format!("{} a second", glance.rate),
                });
            }
            Self::Lines(which) => {
                let left = left.map_or_else(String::new, |left| format!(", about {left} s left"));
                let waits = glance
                    .waits
                    .as_ref()
                    .map_or_else(String::new, |why| format!("; waits: {why}"));
                // Whoever closed stderr does not want to know.
                let _ = writeln!(
                    std::io::stderr(),
                    "rebuild {}: {}, {} of {} records, {} a second{left}{waits}",
                    which.name(),
                    glance.phase.name(),
                    glance.done,
                    glance.total,
                    glance.rate
                );
            }
            Self::Json => {
                let line = json!({
                    "phase": glance.phase, "done": glance.done, "total": glance.total, "per_second": glance.rate,
                    "left_ms": glance.left.map(|left| u64::try_from(left.as_millis()).unwrap_or(u64::MAX)),
                    "waits": glance.waits,
                });
                // Whoever has heard enough hears no more; the rebuild goes on.
                let _ = writeln!(std::io::stdout(), "{line}");
            }
        }
    }
}

async fn watch(view: View, progress: Progress, over: CancellationToken) {
    let mut looks: VecDeque<(Instant, u64)> = VecDeque::with_capacity(LOOKS + 1);
    let mut told: Option<(Instant, Phase)> = None;
    while over.run_until_cancelled(tokio::time::sleep(LOOK)).await.is_some() {
        let (now, done, total, phase) = (Instant::now(), progress.done(), progress.total(), progress.phase());
        looks.push_back((now, done));
        if looks.len() > LOOKS {
            looks.pop_front();
        }
        let rate = looks.front().map_or(0, |(then, before)| {
            rate(done.saturating_sub(*before), now.saturating_duration_since(*then))
        });
        // Each phase is told once at least.
        let tell = told.is_none_or(|(at, then)| then != phase || at.elapsed() >= view.interval());
        if !tell {
            continue;
        }
        told = Some((now, phase));
        let left = (rate > 0 && phase == Phase::Walk)
            .then(|| Duration::from_millis(total.saturating_sub(done).saturating_mul(1_000) / rate));
        view.show(&Glance {
            phase,
            done,
            total,
            rate,
            left,
            waits: progress.waits(),
        });
    }
    if let View::Bar(bar) = view {
        bar.finish_and_clear();
    }
}
