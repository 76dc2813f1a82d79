//! The edge, the programs and their promises, over real sockets.

#![allow(clippy::unwrap_used, reason = "a test that fails should say where")]

mod about;
mod accounts;
mod admin;
mod archive;
mod bad_input;
mod chat;
mod deploy;
mod discover;
#[allow(dead_code, reason = "the engine's tests need more of it")]
#[path = "../../../engine/tests/it/disk.rs"]
mod disk;
mod documents;
mod drain;
mod elsewhere;
mod embedded_faults;
mod first_steps;
#[allow(dead_code, reason = "the engine's tests need more of it")]
#[path = "../../../engine/tests/it/issuer.rs"]
mod issuer;
mod limits;
mod lists;
mod log_tools;
mod matrix;
mod mentions;
mod metrics;
mod observability;
mod openapi;
mod origins;
mod outside;
mod page;
mod people;
mod poison;
mod proof;
mod rebuild;
mod refusals;
mod replay;
mod replay_cli;
mod replay_page;
mod rest;
mod restart;
mod search;
mod security;
mod sessions;
mod slow_reader;
mod support;
mod threads;
mod traces;
mod travel;
mod unread;
mod verify;
mod without;
