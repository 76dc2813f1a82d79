//! The binary `roomlog`.

mod memory;

use api::{cli::Cli, config, process};
use clap::Parser as _;
use std::io::Write as _;
use std::process::ExitCode;

fn main() -> ExitCode {
    memory::share_arenas();
    let cli = Cli::parse();
    let loaded = match config::load(cli.config.as_deref(), std::env::vars()) {
        Ok(loaded) => loaded,
        Err(error) => return failed(&error.into(), process::USAGE),
    };
    match run(&cli, &loaded) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => failed(&error, error.downcast_ref().map_or(1, process::Error::exit_code)),
    }
}

fn run(cli: &Cli, loaded: &config::Loaded) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let command = cli.command.clone().unwrap_or_default();
    let ran = runtime.block_on(process::run(command, loaded));
    // What does not end by itself (a look-up in a library's thread) does not hold the process up.
    runtime.shutdown_background();
    Ok(ran?)
}

fn failed(error: &anyhow::Error, code: u8) -> ExitCode {
    // Whoever closed stderr does not want to know.
    let _ = writeln!(std::io::stderr(), "roomlog: {error}");
    ExitCode::from(code)
}
