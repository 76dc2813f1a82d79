//! The engine from outside: everything that needs more than one of its parts, or a real one. One suite per port, run
//! over every adapter.

#![allow(clippy::unwrap_used, reason = "a test that fails should say where")]

mod accounts_suite;
mod admin_suite;
mod attempts_suite;
mod corpus;
mod databases;
mod disk;
mod fold;
mod given_up;
mod guarded;
mod history_migrations;
mod history_model;
mod history_postgres;
mod history_sqlite;
mod history_suite;
mod issuer;
mod issuers_suite;
mod live_suite;
mod log_kafka;
mod log_kafka_failures;
mod log_kafka_security;
mod log_kafka_topics;
mod log_sqlite;
mod log_sqlite_disk;
mod log_suite;
mod outsiders_suite;
mod own_kafka;
mod own_suite;
mod people_postgres;
mod people_sqlite;
mod people_suite;
mod permissions;
mod registry;
mod tokens_suite;
mod users_suite;
