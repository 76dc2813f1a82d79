//! What Roomlog promises, on a whole cluster: two edges, both projectors, HAProxy, and services of its own, each a
//! process that a test may kill.
//!
//! One cluster at a time: they are large, and what is proven is not speed.

mod away;
pub(crate) mod cluster;
mod death;
pub(crate) mod ledger;
mod promise;
mod ready;
mod retry;
pub(crate) mod socket;
mod together;
