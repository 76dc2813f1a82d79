//! What people are called in what is shown to people: by the name they last wrote under, else by their id.

use serde_json::Value;
use std::collections::HashMap;

/// Most names that are remembered: whoever comes later is shown by their id where they are only spoken of.
const MOST: usize = 10_000;

/// Names by id.
#[derive(Default)]
pub(in crate::process) struct Names(HashMap<String, String>);

impl Names {
    /// Takes note of a person `{id, name}`.
    pub(in crate::process) fn learn(&mut self, from: &Value) {
        let (Some(id), Some(name)) = (from["id"].as_str(), from["name"].as_str()) else {
            return;
        };
        if self.0.len() < MOST || self.0.contains_key(id) {
            self.0.insert(id.to_owned(), name.to_owned());
        }
    }

    /// The name of an id.
    pub(in crate::process) fn of(&self, id: &Value) -> String {
        let id = id.as_str().unwrap_or_default();
        self.0.get(id).map_or_else(|| id.to_owned(), Clone::clone)
    }
}
