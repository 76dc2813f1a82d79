//! The projections from outside, over real logs and stores: each suite runs over Kafka, PostgreSQL and Redis, and over
//! SQLite and memory.

#![allow(clippy::unwrap_used, reason = "a test that fails should say where")]

mod archive;
mod beside;
#[allow(dead_code, reason = "the engine's tests need more of it")]
#[path = "../../../engine/tests/it/databases.rs"]
mod databases;
mod doubles;
mod history_failures;
mod history_suite;
mod kafka_failures;
mod live_failures;
mod live_suite;
mod model;
mod place;
mod presence;
mod proxy;
mod reads;
mod rebuild;
mod server;
mod speech;
mod travel;
mod verify;
