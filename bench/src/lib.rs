//! The load generator's parts that tests use too.

pub mod fill;
