//! Tells the binary by which compiler it is built (of which commit it is, only whoever builds it can say: `ROOMLOG_COMMIT`),
//! and packs the page into it, where that was built before.
#![allow(clippy::print_stdout, reason = "so one speaks to cargo")]

#[path = "build/page.rs"]
mod page;

use std::process::Command;

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-changed=build");
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let version = Command::new(rustc).arg("--version").output();
    let version = version.ok().and_then(|said| String::from_utf8(said.stdout).ok());
    // `rustc 1.95.0 (…)`: the second word.
    let version = version.as_deref().and_then(|said| said.split_whitespace().nth(1));
    // No name of a setting: cargo hands it to whatever it runs, and a Roomlog among that would not know it.
    println!("cargo:rustc-env=BUILT_BY_RUSTC={}", version.unwrap_or("unknown"));
    page::pack();
}
