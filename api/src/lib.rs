//! Roomlog's edge: REST, WebSocket, hub and tail.
//!
//! A request's path is the folders' order: a door (`session` for WebSocket, `rest` for HTTP) parses a
//! [`command`], the `edge` authorises it early, appends it and waits for the fold's verdict; the tail folds,
//! and the hub pushes.

pub mod auth;
pub mod bouncer;
pub mod cli;
pub mod command;
pub mod config;
pub mod edge;
pub mod error;
pub mod inspect;
pub mod limits;
pub mod metrics;
pub mod page;
pub mod process;
pub mod protocol;
pub mod rest;
pub mod server;
pub mod session;
pub mod shown;
pub mod trace;
