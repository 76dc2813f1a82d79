//! The engine from outside: everything that needs more than one of its parts, or a real one.

#![allow(clippy::unwrap_used, reason = "a test that fails should say where")]

mod permissions;
