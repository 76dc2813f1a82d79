//! The configuration's page, made from the defaults: the comment above a setting is its description.

use super::variable_of;
use std::fmt::Write as _;

/// The page in Markdown: one table a section, in the order of the defaults.
#[must_use]
pub fn reference(defaults: &str) -> String {
    let mut page = String::new();
    let mut section = String::new();
    let mut about = Vec::new();
    let mut table_open = false;
    for line in defaults.lines().map(str::trim) {
        if let Some(comment) = line.strip_prefix('#') {
            about.push(comment.trim());
        } else if let Some(name) = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            let _ = writeln!(page, "\n## `[{name}]`\n\n{}", about.join(" "));
            name.clone_into(&mut section);
            about.clear();
            table_open = false;
        } else if let Some((name, value)) = line.split_once('=') {
            if !table_open {
                page.push_str("\n| setting | variable | default | |\n|---|---|---|---|\n");
                table_open = true;
            }
            let name = name.trim();
            let key = if section.is_empty() {
                name.to_owned()
            } else {
                format!("{section}.{name}")
            };
            let variable = variable_of(&key);
            let _ = writeln!(
                page,
                "| `{name}` | `{variable}` | `{}` | {} |",
                value.trim(),
                about.join(" ")
            );
            about.clear();
        } else {
            about.clear();
        }
    }
    page.trim_start().to_owned()
}
