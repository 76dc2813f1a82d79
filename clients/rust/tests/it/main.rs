//! The client against a server that fails in ways a real one can't be made to at will. What a real one does with it is
//! in the edge's own tests.

#![allow(clippy::unwrap_used, reason = "a test that fails should say where")]

mod faults;
mod rest;
mod scripted;
