//! docs/protocol.md, made from the tables: the page can't say what the code doesn't do.

use super::{VERBS, Verb, close};
use crate::error::Name;
use std::fmt::Write as _;

/// What stands before the tables.
const INTRODUCTION: &str = include_str!("page/introduction.md");
const PUSHES: &str = include_str!("page/pushes.md");
const RULES: &str = include_str!("page/rules.md");

/// The page in Markdown.
#[must_use]
pub fn page() -> String {
    let mut page = String::from(INTRODUCTION);
    page.push_str("\n## Commands\n\nA field with `?` may be absent; `null` is absent.\n\n| command | | fields | `ok` carries |\n|---|---|---|---|\n");
    for verb in VERBS {
        let _ = writeln!(
            page,
            "| `{}` | {} | {} | {} |",
            verb.name(),
            verb.about(),
            fields(*verb),
            verb.ok()
        );
    }
    page.push('\n');
    page.push_str(PUSHES);
    page.push_str("\n## Errors\n\n`{code, name, message, retryable, outcome, retry_after_ms?, field?, trace_id}`. `outcome` is `none` (nothing was written) or\n`unknown` (it may yet land: retry with the same cid). REST answers the same as `application/problem+json`.\n\n| name | code | HTTP | retryable | |\n|---|---|---|---|---|\n");
    for name in Name::ALL {
        let retryable = if name.retryable() { "yes" } else { "" };
        let _ = writeln!(
            page,
            "| `{}` | {} | {} | {retryable} | {} |",
            name.text(),
            name.code(),
            name.status(),
            name.about().trim()
        );
    }
    page.push_str("\n## How a session ends\n\n`bye {code, reason, resume, retry_after_ms?}` comes before every close; the code is the close frame's too. 40xx: do not come\nback as you are. 41xx: come back later. 42xx: come back now.\n\n| code | reason | when |\n|---|---|---|\n");
    for code in close::Code::ALL {
        let _ = writeln!(page, "| {} | {} | {} |", code.code(), code.reason(), code.about());
    }
    page.push('\n');
    page.push_str(RULES);
    page
}

fn fields(verb: Verb) -> String {
    let list: Vec<String> = verb
        .fields()
        .iter()
        .map(|field| {
            format!(
                "`{}{}` {}",
                field.name,
                if field.required { "" } else { "?" },
                field.holds
            )
        })
        .collect();
    if list.is_empty() {
        "none".into()
    } else {
        list.join("; ")
    }
}
