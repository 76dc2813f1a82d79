//! Roomlog's engine: everything that is the same for every edge and every projector.
//!
//! - [`domain`]: pure words and rules (the fold, recent, presence). No async, I/O, clock or randomness.
//! - `codec`: the bytes of an event (Avro, schema lock, registry).
//! - [`log`]: the truth, as a port with two adapters (Kafka, SQLite).
//! - [`history`]: the journal and its rows (PostgreSQL, SQLite). [`people`]: accounts beside them.
//! - [`database`]: what the stores on SQL share.
//! - [`config`] and [`telemetry`]: layers of settings; logs, traces and metrics.
//! - [`metrics`]: what the engine tells of itself, listed; [`measured`]: stores with a clock beside them.
//! - [`text`]: what people write, normalised once at the door.
//! - [`tls`]: the one TLS of a process.
//! - [`clock`]: what time it is, for those who may know.
//! - [`replay`]: a room's records as they happened, each with the fold's word on it.
//! - [`workers`]: threads for what can wait.
//! - [`travel`]: a room as it once stood, folded from the nearest snapshot.
//! - [`live`]: room state, recent and presence kept hot (Redis, memory).

pub mod beside;
pub mod clock;
pub mod codec;
pub mod config;
pub mod database;
pub mod domain;
pub mod history;
pub mod live;
pub mod log;
pub mod measured;
pub mod metrics;
pub mod people;
pub mod replay;
pub mod telemetry;
pub mod text;
pub mod tls;
pub mod travel;
pub mod workers;
