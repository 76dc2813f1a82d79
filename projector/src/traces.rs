//! A batch as traces show it: a span of its own that links to the events in it, and a short span below each event
//! whose trace is recorded, so that a message's trace shows when it was written, and with which batch.
//!
//! What must hold: a batch of events that nobody records makes no span.

use engine::domain::RoomId;
use engine::log::Record;
use engine::telemetry::{self, PATH};
use tracing::field::Empty;
use tracing::{Span, debug_span};

/// Where a batch is written to.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Store {
    History,
    Live,
}

impl Store {
    /// As traces call an event on its way there.
    const fn event(self) -> &'static str {
        match self {
            Self::History => "history",
            Self::Live => "live",
        }
    }

    /// As traces call a batch of them.
    const fn batch(self) -> &'static str {
        match self {
            Self::History => "history batch",
            Self::Live => "live batch",
        }
    }
}

/// The spans of a batch: they end when this is dropped, which is when it is written.
#[derive(Debug)]
pub(crate) struct Spans {
    store: Store,
    batch: Span,
    events: Vec<Span>,
}

impl Spans {
    /// Of records that are about to be written; none at all unless they are `traced`.
    pub(crate) fn begin(store: Store, records: &[Record], traced: bool) -> Self {
        let mut batch = Span::none();
        for record in records.iter().filter(|_| traced) {
            let headers = record.borrowed().headers;
            if let Some(event) = telemetry::recorded(headers.traceparent, headers.tracestate) {
                if batch.is_disabled() {
                    batch = of_batch(store, record, records.len());
                }
                telemetry::link(&batch, &event);
            }
        }
        Self {
            store,
            batch,
            events: Vec::new(),
        }
    }

    /// An accepted event among them.
    pub(crate) fn event(&mut self, record: &Record, room: RoomId) {
        if self.batch.is_disabled() {
            return;
        }
        let headers = record.borrowed().headers;
        let store = self.store;
        let span = telemetry::follow(
            || of_event(store, record, room),
            headers.traceparent,
            headers.tracestate,
        );
        if let Some(batch) = telemetry::context_of(&self.batch) {
            telemetry::link(&span, &batch);
        }
        self.events.extend((!span.is_disabled()).then_some(span));
    }

    /// It was not written; whatever is written of it has spans of its own again.
    pub(crate) fn failed(&self, why: &'static str) {
        for span in self.events.iter().chain([&self.batch]) {
            telemetry::failed(span, why);
        }
    }
}

fn of_batch(store: Store, first: &Record, records: usize) -> Span {
    let position = first.position;
    debug_span!(target: PATH, "batch", otel.name = store.batch(), otel.kind = "consumer",
        messaging.operation.type = "process", messaging.batch.message_count = records,
        messaging.destination.partition.id = %position.partition, messaging.kafka.offset = position.offset.get(),
        otel.status_code = Empty, error.type = Empty)
}

fn of_event(store: Store, record: &Record, room: RoomId) -> Span {
    let position = record.position;
    debug_span!(target: PATH, "event", otel.name = store.event(), otel.kind = "consumer", roomlog.room = %room,
        messaging.destination.partition.id = %position.partition, messaging.kafka.offset = position.offset.get(),
        otel.status_code = Empty, error.type = Empty)
}
