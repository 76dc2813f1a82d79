//! What can be changed while a process runs: which log lines it writes, and which traces it keeps.

use super::{Config, Error, late, trace};
use parking_lot::Mutex;
use std::sync::Arc;
use tracing_subscriber::filter::ParseError;
use tracing_subscriber::{EnvFilter, Registry, reload};

/// Changes which log lines are written, and how many traces are recorded, while the process runs. Cheap to clone.
#[derive(Clone)]
pub struct Levels {
    filter: reload::Handle<EnvFilter, Registry>,
    /// What is set, and whether it is `verbose_level` that is in force.
    config: Arc<Mutex<(Config, bool)>>,
}

/// Kafka's wrapper repeats what the library has said already; how sending spans goes is said by us.
fn filter(level: &str) -> Result<EnvFilter, ParseError> {
    let mut level = level.to_owned();
    for (name, quiet) in [
        ("rdkafka", ",rdkafka=off"),
        (
            "opentelemetry",
            ",opentelemetry=off,opentelemetry_sdk=off,opentelemetry_otlp=off",
        ),
    ] {
        if !level.contains(name) {
            level.push_str(quiet);
        }
    }
    level.parse()
}

impl Levels {
    /// The filter of log lines, and what changes it.
    pub(super) fn new(config: &Config) -> Result<(reload::Layer<EnvFilter, Registry>, Self), Error> {
        let (layer, filter) = reload::Layer::new(filter(&config.level)?);
        let config = Arc::new(Mutex::new((config.clone(), false)));
        Ok((layer, Self { filter, config }))
    }

    /// What is in force from now on: `level`, `verbose_level`, `trace_ratio` and `trace_slow_ms`; the rest needs a new
    /// start.
    ///
    /// # Errors
    /// [`Error::Level`] when a level can't be read: then everything stays as it is.
    pub fn set(&self, config: &Config) -> Result<(), Error> {
        let mut current = self.config.lock();
        filter(&config.verbose_level)?;
        self.write(&config.level)?;
        trace::set_ratio(config.trace_ratio);
        late::set_slow(config.trace_slow_ms);
        *current = (config.clone(), false);
        Ok(())
    }

    /// From `level` to `verbose_level` and back; answers with the one in force now.
    ///
    /// # Errors
    /// As [`Levels::set`].
    pub fn toggle(&self) -> Result<String, Error> {
        let mut current = self.config.lock();
        let verbose = !current.1;
        let level = if verbose {
            &current.0.verbose_level
        } else {
            &current.0.level
        }
        .clone();
        self.write(&level)?;
        current.1 = verbose;
        Ok(level)
    }

    fn write(&self, level: &str) -> Result<(), Error> {
        let filter = filter(level)?;
        // It fails only where no subscriber is left to write lines.
        let _ = self.filter.reload(filter);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::{Config, Levels};
    use tracing::level_filters::LevelFilter;
    use tracing_subscriber::Layer as _;
    use tracing_subscriber::layer::SubscriberExt as _;

    #[test]
    fn levels_change_while_lines_are_written_and_what_cannot_be_read_changes_nothing() {
        let (filter, levels) = Levels::new(&Config::default()).expect("the defaults");
        let lines = tracing_subscriber::fmt::layer()
            .with_writer(std::io::sink)
            .with_filter(filter);
        tracing::subscriber::with_default(tracing_subscriber::registry().with(lines), || {
            let most = || LevelFilter::current();
            assert_eq!(most(), LevelFilter::INFO);
            assert!(levels.toggle().expect("the defaults").contains("debug"));
            assert_eq!(most(), LevelFilter::DEBUG);
            assert_eq!(levels.toggle().expect("the defaults"), "info");
            assert_eq!(most(), LevelFilter::INFO);
            let with = |level: &str| Config {
                level: level.into(),
                ..Config::default()
            };
            levels.set(&with("warn")).expect("a level");
            assert_eq!(most(), LevelFilter::WARN);
            assert!(levels.set(&with("engine=loud")).is_err());
            assert_eq!(most(), LevelFilter::WARN);
        });
    }
}
