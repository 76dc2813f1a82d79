//! Usernames: one rule, and no two that look alike.

use std::fmt;
use unicode_normalization::UnicodeNormalization as _;

const LEAST: usize = 3;
const MOST: usize = 32;

/// 3 to 32 of lower-case letters, digits, `_`, `.` and `-`; unique.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Username(Box<str>);

/// How a username may begin: 1 to 32 of what it may hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UsernamePrefix(Box<str>);

impl Username {
    /// Keeps `name` if it keeps the rule, once letters that are the same in another guise (full width, say) are folded
    /// to their plain form (NFKC). What only looks the same, as a Cyrillic а does, breaks the rule.
    #[must_use]
    pub fn new(name: &str) -> Option<Self> {
        allowed(name, LEAST).map(Self)
    }

    /// The name itself.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What stays of it when its person is erased.
    pub(super) fn digest(&self) -> [u8; 32] {
        *blake3::hash(self.0.as_bytes()).as_bytes()
    }
}

impl fmt::Display for Username {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl UsernamePrefix {
    /// Keeps `prefix` if a username may begin so.
    #[must_use]
    pub fn new(prefix: &str) -> Option<Self> {
        allowed(prefix, 1).map(Self)
    }

    /// The prefix itself.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Behind every username that begins so: of what a username may hold nothing comes after `~`.
    pub(super) fn end(&self) -> String {
        format!("{}~", self.0)
    }
}

/// Looks at no more of a text than can matter.
fn allowed(text: &str, least: usize) -> Option<Box<str>> {
    let folded: String = text.nfkc().take(MOST + 1).collect();
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '_' | '.' | '-');
    ((least..=MOST).contains(&folded.len()) && folded.chars().all(plain)).then(|| folded.into())
}

#[cfg(test)]
mod tests {
    use super::{Username, UsernamePrefix};

    #[test]
    fn one_letter_in_two_guises_is_one_letter() {
        for (written, meant) in [
            ("ann", "ann"),
            ("\u{ff41}nn", "ann"),
            ("a\u{24dd}n", "ann"),
            ("\u{1d41a}\u{1d427}\u{1d427}", "ann"),
            ("file\u{2024}one", "file.one"),
            ("o\u{fb03}ce", "office"),
        ] {
            let username = Username::new(written);
            assert_eq!(username.as_ref().map(Username::as_str), Some(meant), "{written}");
        }
    }

    #[test]
    fn what_only_looks_alike_is_refused() {
        for bad in [
            "\u{430}nn",
            "ann\u{301}",
            "a\u{200b}nn",
            "ann\0",
            "\u{212b}nn",
            "an\u{456}",
            "a nn",
        ] {
            assert_eq!(Username::new(bad), None, "{bad:?}");
        }
    }

    #[test]
    fn length_counts_after_folding() {
        assert_eq!(Username::new("\u{fb03}").as_ref().map(Username::as_str), Some("ffi"));
        assert_eq!(Username::new(&"\u{fb03}".repeat(11)), None, "33 letters");
        assert_eq!(Username::new(&"a".repeat(1 << 20)), None);
    }

    #[test]
    fn a_prefix_may_be_short() {
        assert!(UsernamePrefix::new("a").is_some());
        for bad in ["", "A", "%", "a%"] {
            assert_eq!(UsernamePrefix::new(bad), None, "{bad}");
        }
        let prefix = UsernamePrefix::new("ann").expect("a prefix");
        for name in ["ann", "ann-", "annz", "ann_9"] {
            assert!((prefix.as_str()..prefix.end().as_str()).contains(&name), "{name}");
        }
        assert!(!(prefix.as_str()..prefix.end().as_str()).contains(&"ano"));
    }
}
