//! Configuration in layers: built-in defaults, then a file, then the environment (`ROOMLOG_…`, `__` between levels).
//!
//! What must hold: every setting stands in the defaults with a sentence about it, so the defaults are the list of what
//! exists, its documentation and its types; a name that is not there is an error wherever it comes from. A variable of a
//! text may end in `_FILE` and name a file that holds the text, as containers are given secrets. What a setting means is
//! its owner's: this module knows layers, not meanings.

mod reference;

pub use reference::reference;

use config::{Config, File, FileFormat, Value};
use serde::de::DeserializeOwned;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use toml::{Table, Value as Toml};

const PREFIX: &str = "ROOMLOG_";
const LEVELS: &str = "__";
/// How a setting's name ends where a file holds its text.
const IN_A_FILE: &str = "_file";
/// Names of the environment that are not configuration: what tests, scripts and people tell each other and commands.
const NOT_SETTINGS: [&str; 8] = [
    "ROOMLOG_TEST_",
    "ROOMLOG_BENCH_",
    "ROOMLOG_CACHE",
    "ROOMLOG_RUN",
    "ROOMLOG_BIN",
    "ROOMLOG_UPDATE",
    // Secrets: handed to one command, never shown among settings.
    "ROOMLOG_ADMIN_PASSWORD",
    "ROOMLOG_TOKEN",
];

/// What can be wrong with a configuration. The messages say where it stands and what to do.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The file is not there or can't be read.
    #[error("cannot read the configuration file {path}: {source}")]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A file that a variable names can't be read.
    #[error("cannot read {path}, which the variable {name} names: {source}")]
    Text {
        /// The variable.
        name: String,
        /// Which file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A text and a file of it.
    #[error("the variables {one} and {other} set the same: keep one of them")]
    Twice {
        /// One variable.
        one: String,
        /// The other.
        other: String,
    },
    /// A name that no setting has.
    #[error("{place} is not a setting of Roomlog{}", hint.as_ref().map(|near| format!("; did you mean {near}?")).unwrap_or_default())]
    Unknown {
        /// Where it stands.
        place: String,
        /// A name that is close to it.
        hint: Option<String>,
    },
    /// A value that is not of the setting's type.
    #[error("{place} must be {expected}")]
    Mistyped {
        /// Where it stands.
        place: String,
        /// The type, in words.
        expected: &'static str,
    },
    /// The layers together do not make a configuration.
    #[error("{0}")]
    Invalid(String),
}

/// A configuration as it is in force.
#[derive(Debug)]
pub struct Loaded<T> {
    /// The settings.
    pub settings: T,
    /// The file among the layers.
    pub file: Option<PathBuf>,
    in_force: Table,
}

impl<T> Loaded<T> {
    /// What is in force, as TOML, passwords masked.
    #[must_use]
    pub fn masked(&self) -> String {
        let mut table = self.in_force.clone();
        mask(&mut table);
        toml::to_string(&table).unwrap_or_else(|error| error.to_string())
    }
}

/// Reads the layers. `environment` is all of it: what does not begin with `ROOMLOG_` is passed over.
///
/// # Errors
/// See [`Error`].
pub fn load<T: DeserializeOwned>(
    defaults: &str,
    file: Option<&Path>,
    environment: impl IntoIterator<Item = (String, String)>,
) -> Result<Loaded<T>, Error> {
    let known: Table = defaults.parse().expect("the built-in defaults are TOML");
    let mut builder = Config::builder().add_source(File::from_str(defaults, FileFormat::Toml));
    if let Some(path) = file {
        let text = std::fs::read_to_string(path).map_err(|source| Error::File {
            path: path.to_path_buf(),
            source,
        })?;
        let table: Table = text
            .parse()
            .map_err(|error| Error::Invalid(format!("{}: {error}", path.display())))?;
        check(&known, &table, "", path)?;
        builder = builder.add_source(File::from_str(&text, FileFormat::Toml));
    }
    let mut set_by = BTreeMap::new();
    for (name, text) in environment {
        let Some((key, text)) = setting(&known, &name, text)? else {
            continue;
        };
        let value = typed(&known, &name, &key, &text)?;
        if let Some(other) = set_by.insert(key.clone(), name.clone()) {
            return Err(Error::Twice {
                one: other,
                other: name,
            });
        }
        builder = builder.set_override(key, value).map_err(invalid)?;
    }
    let layers = builder.build().map_err(invalid)?;
    Ok(Loaded {
        file: file.map(Path::to_path_buf),
        in_force: layers.clone().try_deserialize().map_err(invalid)?,
        settings: layers.try_deserialize().map_err(invalid)?,
    })
}

#[allow(clippy::needless_pass_by_value, reason = "the shape that map_err wants")]
fn invalid(error: config::ConfigError) -> Error {
    Error::Invalid(error.to_string())
}

/// `ROOMLOG_KAFKA__BROKERS` is `kafka.brokers`; `None` for what is no setting's name at all.
fn key_of(name: &str) -> Option<String> {
    let ours = name.strip_prefix(PREFIX)?;
    let apart = NOT_SETTINGS.iter().any(|prefix| name.starts_with(prefix));
    (!apart).then(|| ours.to_lowercase().replace(LEVELS, "."))
}

/// What a variable sets, and to which text; `None` where it is no setting's variable.
fn setting(known: &Table, name: &str, text: String) -> Result<Option<(String, String)>, Error> {
    let Some(key) = key_of(name) else { return Ok(None) };
    let of_file = |key: &str| matches!(find(known, key), Some(Toml::String(_)));
    match key.strip_suffix(IN_A_FILE) {
        Some(held) if find(known, &key).is_none() && of_file(held) => {
            let path = PathBuf::from(text);
            match std::fs::read_to_string(&path) {
                // Editors and `echo` end a line.
                Ok(text) => Ok(Some((held.to_owned(), text.trim_end_matches(['\n', '\r']).to_owned()))),
                Err(source) => Err(Error::Text {
                    name: name.to_owned(),
                    path,
                    source,
                }),
            }
        }
        _ => Ok(Some((key, text))),
    }
}

/// The variable of a key.
fn variable_of(key: &str) -> String {
    format!("{PREFIX}{}", key.to_uppercase().replace('.', LEVELS))
}

fn find<'a>(table: &'a Table, key: &str) -> Option<&'a Toml> {
    match key.split_once('.') {
        Some((section, rest)) => find(table.get(section)?.as_table()?, rest),
        None => table.get(key).filter(|value| !value.is_table()),
    }
}

/// The value of a variable, in the type that the default has.
fn typed(known: &Table, name: &str, key: &str, text: &str) -> Result<Value, Error> {
    let default = find(known, key).ok_or_else(|| Error::Unknown {
        place: format!("the variable {name}"),
        hint: nearest(known, key).map(|near| variable_of(&near)),
    })?;
    let wrong = || Error::Mistyped {
        place: format!("the variable {name}"),
        expected: kind(default),
    };
    Ok(match default {
        Toml::Integer(_) => text.parse::<i64>().map_err(|_| wrong())?.into(),
        Toml::Float(_) => text.parse::<f64>().map_err(|_| wrong())?.into(),
        Toml::Boolean(_) => text.parse::<bool>().map_err(|_| wrong())?.into(),
        Toml::Array(_) => Value::from(
            text.split(',')
                .map(str::trim)
                .filter(|part| !part.is_empty())
                .map(String::from)
                .collect::<Vec<_>>(),
        ),
        _ => Value::from(text),
    })
}

/// Whether every name in a file is a setting, of the default's type.
fn check(known: &Table, table: &Table, above: &str, path: &Path) -> Result<(), Error> {
    for (name, value) in table {
        let key = if above.is_empty() {
            name.clone()
        } else {
            format!("{above}.{name}")
        };
        let place = || format!("`{key}` in {}", path.display());
        match (section_or_value(known, &key), value) {
            // An empty section takes any names: they are somebody else's.
            (Some(Toml::Table(open)), Toml::Table(_)) if open.is_empty() => {}
            (Some(Toml::Table(_)), Toml::Table(inner)) => check(known, inner, &key, path)?,
            (Some(default), value) if default.same_type(value) => {}
            (Some(default), _) => {
                return Err(Error::Mistyped {
                    place: place(),
                    expected: kind(default),
                });
            }
            (None, _) => {
                return Err(Error::Unknown {
                    place: place(),
                    hint: nearest(known, &key),
                });
            }
        }
    }
    Ok(())
}

fn section_or_value<'a>(known: &'a Table, key: &str) -> Option<&'a Toml> {
    match key.split_once('.') {
        Some((section, rest)) => section_or_value(known.get(section)?.as_table()?, rest),
        None => known.get(key),
    }
}

const fn kind(default: &Toml) -> &'static str {
    match default {
        Toml::Integer(_) => "a whole number",
        Toml::Float(_) => "a number",
        Toml::Boolean(_) => "true or false",
        Toml::Array(_) => "a list",
        Toml::Table(_) => "a section",
        _ => "a text",
    }
}

/// The setting whose name differs least, if it differs little.
fn nearest(known: &Table, key: &str) -> Option<String> {
    let mut keys = Vec::new();
    collect(known, "", &mut keys);
    keys.into_iter()
        .map(|candidate| (distance(&candidate, key), candidate))
        .filter(|(distance, candidate)| *distance <= candidate.len().div_ceil(3))
        .min()
        .map(|(_, candidate)| candidate)
}

fn collect(table: &Table, above: &str, keys: &mut Vec<String>) {
    for (name, value) in table {
        let key = if above.is_empty() {
            name.clone()
        } else {
            format!("{above}.{name}")
        };
        match value {
            Toml::Table(inner) => collect(inner, &key, keys),
            _ => keys.push(key),
        }
    }
}

/// Levenshtein's.
fn distance(one: &str, other: &str) -> usize {
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (i, a) in one.bytes().enumerate() {
        let mut corner = i;
        row[0] = i + 1;
        for (j, b) in other.bytes().enumerate() {
            let above = row[j + 1];
            row[j + 1] = (corner + usize::from(a != b)).min(above + 1).min(row[j] + 1);
            corner = above;
        }
    }
    row[other.len()]
}

/// Passwords stand in URLs (`scheme://user:password@host`) and under names that say so.
fn mask(table: &mut Table) {
    for (name, value) in table {
        match value {
            Toml::Table(inner) => mask(inner),
            Toml::Array(list) => list.iter_mut().filter_map(Toml::as_table_mut).for_each(mask),
            Toml::String(text) if is_secret(name) && !text.is_empty() => "***".clone_into(text),
            Toml::String(text) => *text = mask_url(text),
            _ => {}
        }
    }
}

fn is_secret(name: &str) -> bool {
    ["password", "secret", "token"].iter().any(|word| name.contains(word))
}

/// A URL as it may be shown: its password is `***`.
#[must_use]
pub fn mask_url(url: &str) -> String {
    let masked = || {
        let (scheme, rest) = url.split_once("://")?;
        let (login, place) = rest.rsplit_once('@')?;
        let (user, _) = login.split_once(':')?;
        Some(format!("{scheme}://{user}:***@{place}"))
    };
    masked().unwrap_or_else(|| url.to_owned())
}

#[cfg(test)]
mod tests;
