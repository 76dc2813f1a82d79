//! The protocol `roomlog.v1.json`: what a frame may be, and how replies and errors look.
//!
//! What must hold: parsing is total (every text is a frame, an error reply or a bad frame) and costs no more than two
//! passes over the text; the tables here ([`Verb`], [`close::Code`], [`crate::error::Name`]) are the only source of
//! names, and docs/protocol.md is made from them. Nothing here knows sockets or rooms' state.

pub mod asyncapi;
pub mod close;
pub mod fields;
pub mod frame;
pub mod page;
pub mod reply;
mod verb;

pub use close::Code;
pub use frame::{BadFrame, Command, Frame};
pub use verb::{Spec, VERBS, Verb};

/// The WebSocket subprotocol.
pub const SUBPROTOCOL: &str = "roomlog.v1.json";

/// Most bytes of a WebSocket message inwards, and of a REST body.
pub const MESSAGE_BYTES: usize = 64 * 1024;

/// Messages in `recent` when a subscription names no number.
pub const RECENT_DEFAULT: usize = 50;
