//! The fold, seen as every edge and projector sees it.

mod consumer;
mod generator;
mod given;
mod kinds;
mod properties;
mod ranks;
mod recent;
mod retries;
mod rules;
mod simulation;
mod state;
pub(crate) mod words;
