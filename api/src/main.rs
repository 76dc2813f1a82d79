//! The binary `roomlog`.

fn main() {}
