//! How log lines look: for people or as JSON, each with the id of the trace that it belongs to, recorded or not.

use super::trace;
use std::fmt;
use tracing::{Event, Subscriber};
use tracing_subscriber::fmt::format::{Format, Full, Json, JsonFields, Writer};
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::registry::LookupSpan;

/// The library's lines for people, with the trace behind them.
pub(super) struct Pretty(Format<Full>);

/// The library's JSON lines, with the trace as their last field.
pub(super) struct JsonLines(Format<Json>);

impl Pretty {
    pub(super) fn new(colours: bool) -> Self {
        Self(tracing_subscriber::fmt::format().with_ansi(colours))
    }
}

impl JsonLines {
    pub(super) fn new() -> Self {
        Self(tracing_subscriber::fmt::format().json())
    }
}

impl<S, N> FormatEvent<S, N> for Pretty
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(&self, context: &FmtContext<'_, S, N>, mut to: Writer<'_>, event: &Event<'_>) -> fmt::Result {
        let mut line = String::new();
        self.0.format_event(context, Writer::new(&mut line), event)?;
        line.truncate(line.trim_end_matches('\n').len());
        trace::write_current(&mut line, " trace_id=");
        writeln!(to, "{line}")
    }
}

impl<S> FormatEvent<S, JsonFields> for JsonLines
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, JsonFields>,
        mut to: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let mut line = String::new();
        self.0.format_event(context, Writer::new(&mut line), event)?;
        let object = line.trim_end();
        line.truncate(object.strip_suffix('}').unwrap_or(object).len());
        if trace::write_current(&mut line, ",\"trace_id\":\"") {
            line.push('"');
        }
        writeln!(to, "{line}}}")
    }
}

#[cfg(test)]
mod tests {
    use super::{JsonLines, Pretty};
    use crate::telemetry::{TraceContext, within};
    use parking_lot::Mutex;
    use std::io;
    use std::sync::Arc;
    use tracing_subscriber::fmt::MakeWriter;

    #[derive(Clone, Default)]
    struct Written(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Written {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    impl MakeWriter<'_> for Written {
        type Writer = Self;

        fn make_writer(&self) -> Self {
            self.clone()
        }
    }

    impl Written {
        fn lines(&self) -> Vec<String> {
            let text = String::from_utf8(self.0.lock().clone()).expect("text");
            text.lines().map(str::to_owned).collect()
        }
    }

    const CALLER: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00";

    fn say() {
        let context = TraceContext::parse(CALLER, None).expect("an example");
        let task = async { tracing::warn!(room = 7, "a \"word\" {{within}}") };
        tokio::runtime::Builder::new_current_thread()
            .build()
            .expect("a runtime")
            .block_on(within(&context, tracing::Span::none(), task));
        tracing::warn!("beside");
    }

    #[test]
    fn a_line_of_json_says_its_trace() {
        let written = Written::default();
        let lines = tracing_subscriber::fmt()
            .json()
            .event_format(JsonLines::new())
            .with_writer(written.clone())
            .finish();
        tracing::subscriber::with_default(lines, say);
        let lines = written.lines();
        let read = |line: &str| serde_json::from_str::<serde_json::Value>(line).expect("an object a line");
        let (within, beside) = (read(&lines[0]), read(&lines[1]));
        assert_eq!(within["trace_id"], "4bf92f3577b34da6a3ce929d0e0e4736");
        assert_eq!(within["fields"]["room"], 7);
        assert_eq!(beside["trace_id"], serde_json::Value::Null);
        assert_eq!(lines.len(), 2);
    }

    #[test]
    fn a_line_for_people_says_its_trace() {
        let written = Written::default();
        let lines = tracing_subscriber::fmt()
            .event_format(Pretty::new(false))
            .with_writer(written.clone())
            .finish();
        tracing::subscriber::with_default(lines, say);
        let lines = written.lines();
        assert!(
            lines[0].ends_with(" room=7 trace_id=4bf92f3577b34da6a3ce929d0e0e4736"),
            "{}",
            lines[0]
        );
        assert!(lines[1].ends_with(" beside"), "{}", lines[1]);
        assert_eq!(lines.len(), 2);
    }
}
