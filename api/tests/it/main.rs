//! The edge, the programs and their promises, over real sockets.

mod bad_input;
mod chat;
mod documents;
mod drain;
mod origins;
mod refusals;
mod rest;
mod restart;
mod slow_reader;
mod support;
