//! Pages that are made from the code must say what the code says. `ROOMLOG_UPDATE=1` rewrites them.

use std::path::Path;

fn agrees(page: &str, made: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(page);
    if std::env::var_os("ROOMLOG_UPDATE").is_some() {
        std::fs::write(&path, made).expect("the page is written");
    }
    let found = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        found == made,
        "{page} does not say what the code says: ROOMLOG_UPDATE=1 cargo test -p api --test it documents"
    );
}

#[test]
fn the_protocol_page_is_that_of_the_code() {
    agrees("docs/protocol.md", &api::protocol::page::page());
}

#[test]
fn the_page_of_metrics_is_that_of_the_tables() {
    agrees("docs/metrics.md", &api::metrics::page());
}

#[test]
fn the_configuration_page_is_that_of_the_defaults() {
    let introduction = "# Configuration\n\nBuilt-in defaults, then `--config FILE` (TOML), then the environment: `ROOMLOG_` and the setting's name, `__` between\n\
        levels. A name that is no setting is an error. `roomlog config` prints what is in force. This page is made from\n\
        `api/src/defaults.toml`.\n\n\
        The variable of any text may end in `_FILE` and name a file that holds the text, as containers are given secrets:\n\
        `ROOMLOG_POSTGRES__URL_FILE=/run/secrets/postgres_url`. A line end at the end of the file is no part of it.\n\n";
    agrees(
        "docs/configuration.md",
        &format!("{introduction}{}", engine::config::reference(api::config::DEFAULTS)),
    );
}
