//! The edge, the programs and their promises, over real sockets.

#![allow(clippy::unwrap_used, reason = "a test that fails should say where")]

mod bad_input;
mod chat;
mod deploy;
mod documents;
mod drain;
mod origins;
mod poison;
mod proof;
mod refusals;
mod rest;
mod restart;
mod slow_reader;
mod support;
