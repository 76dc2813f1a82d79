use super::{Error, Loaded, load, mask_url, reference};
use serde::Deserialize;

const DEFAULTS: &str = r#"
# Where it listens.
listen = "127.0.0.1:8080"

# The store.
[store]
# Where it is.
url = ""
# How many at once.
connections = 8
# Whose pages may ask.
origins = []
"#;

#[derive(Debug, Deserialize)]
struct Settings {
    listen: std::net::SocketAddr,
    store: Store,
}

#[derive(Debug, Deserialize)]
struct Store {
    url: String,
    connections: usize,
    origins: Vec<String>,
}

fn with(file: Option<&str>, environment: &[(&str, &str)]) -> Result<Loaded<Settings>, Error> {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("roomlog.toml");
    let file = file.map(|text| {
        std::fs::write(&path, text).expect("written");
        path.as_path()
    });
    let environment = environment
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    load(DEFAULTS, file, environment)
}

#[test]
fn the_environment_stands_over_the_file_and_the_file_over_the_defaults() {
    let loaded = with(
        Some("listen = \"127.0.0.1:1\"\n[store]\nconnections = 3\n"),
        &[
            ("ROOMLOG_STORE__CONNECTIONS", "5"),
            ("ROOMLOG_STORE__ORIGINS", "https://a, https://b"),
            ("HOME", "x"),
        ],
    )
    .expect("a configuration")
    .settings;
    assert_eq!(loaded.listen.port(), 1);
    assert_eq!(loaded.store.connections, 5);
    assert_eq!(loaded.store.origins, ["https://a", "https://b"]);
    assert_eq!(loaded.store.url, "");
}

#[test]
fn a_name_that_is_no_setting_is_an_error_that_says_where_and_what_was_meant() {
    let error = with(None, &[("ROOMLOG_STORE__CONECTIONS", "5")]).expect_err("unknown");
    assert_eq!(
        error.to_string(),
        "the variable ROOMLOG_STORE__CONECTIONS is not a setting of Roomlog; did you mean ROOMLOG_STORE__CONNECTIONS?"
    );
    let error = with(Some("[stove]\nurl = \"x\"\n"), &[]).expect_err("unknown");
    assert!(error.to_string().starts_with("`stove` in "), "{error}");
    let error = with(None, &[("ROOMLOG_STORE", "5")]).expect_err("a section is no setting");
    assert!(matches!(error, Error::Unknown { .. }), "{error}");
}

#[test]
fn what_tests_and_scripts_tell_each_other_is_no_setting() {
    with(None, &[("ROOMLOG_TEST_KAFKA", "x"), ("ROOMLOG_CACHE", "y")]).expect("a configuration");
}

#[test]
fn a_value_of_another_type_is_an_error() {
    let error = with(None, &[("ROOMLOG_STORE__CONNECTIONS", "many")]).expect_err("mistyped");
    assert_eq!(
        error.to_string(),
        "the variable ROOMLOG_STORE__CONNECTIONS must be a whole number"
    );
    let error = with(Some("[store]\nconnections = \"3\"\n"), &[]).expect_err("mistyped");
    assert!(error.to_string().ends_with("must be a whole number"), "{error}");
}

#[test]
fn passwords_are_masked() {
    let loaded = with(None, &[("ROOMLOG_STORE__URL", "postgres://ann:se@cret@db/x")]).expect("a configuration");
    assert!(!loaded.masked().contains("cret"), "{}", loaded.masked());
    assert!(
        loaded.masked().contains("postgres://ann:***@db/x"),
        "{}",
        loaded.masked()
    );
    assert_eq!(mask_url("redis://127.0.0.1:6379"), "redis://127.0.0.1:6379");
}

#[test]
fn a_text_may_be_in_a_file_and_its_last_line_end_is_none_of_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let secret = folder.path().join("url");
    std::fs::write(&secret, "postgres://ann:secret@db/x\n").expect("written");
    let path = secret.to_str().expect("UTF-8");
    let loaded = with(None, &[("ROOMLOG_STORE__URL_FILE", path)]).expect("a configuration");
    assert_eq!(loaded.settings.store.url, "postgres://ann:secret@db/x");
    assert!(!loaded.masked().contains("secret"), "{}", loaded.masked());
}

#[test]
fn a_file_that_is_not_there_is_named_and_so_are_two_variables_of_one_setting() {
    let error = with(None, &[("ROOMLOG_STORE__URL_FILE", "/nowhere/url")]).expect_err("no file");
    let said = error.to_string();
    assert!(
        said.starts_with("cannot read /nowhere/url, which the variable ROOMLOG_STORE__URL_FILE names: "),
        "{said}"
    );
    let folder = tempfile::tempdir().expect("a folder");
    let secret = folder.path().join("url");
    std::fs::write(&secret, "x").expect("written");
    let both = [
        ("ROOMLOG_STORE__URL", "y"),
        ("ROOMLOG_STORE__URL_FILE", secret.to_str().expect("UTF-8")),
    ];
    let error = with(None, &both).expect_err("twice");
    assert_eq!(
        error.to_string(),
        "the variables ROOMLOG_STORE__URL and ROOMLOG_STORE__URL_FILE set the same: keep one of them"
    );
}

#[test]
fn a_number_is_in_no_file() {
    let error = with(None, &[("ROOMLOG_STORE__CONNECTIONS_FILE", "/nowhere")]).expect_err("unknown");
    assert!(matches!(error, Error::Unknown { .. }), "{error}");
}

#[test]
fn the_page_has_a_row_for_each_setting() {
    let page = reference(DEFAULTS);
    assert!(
        page.contains("| `listen` | `ROOMLOG_LISTEN` | `\"127.0.0.1:8080\"` | Where it listens. |"),
        "{page}"
    );
    assert!(page.contains("## `[store]`\n\nThe store.\n"), "{page}");
    assert!(
        page.contains("| `url` | `ROOMLOG_STORE__URL` | `\"\"` | Where it is. |"),
        "{page}"
    );
}
