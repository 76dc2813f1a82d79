//! The door for what people write: normalised once, here, then within the bounds that [`crate::domain`] keeps.
//!
//! CRLF becomes LF, then Unicode NFC, then spaces, tabs and newlines are trimmed at both ends, then the bounds are
//! checked. The rest of the engine sees nothing else, and the fold needs no Unicode tables.

use crate::domain::{Emoji, Invalid, MessageText, PersonName, RoomName, RoomTopic};
use std::borrow::Cow;
use unicode_normalization::{UnicodeNormalization, is_nfc};

/// What a message says: 1 to 4,096 code points, newlines and tabs allowed.
///
/// # Errors
/// [`Invalid`] says which bound the normalised text breaks.
pub fn message(text: &str) -> Result<MessageText, Invalid> {
    MessageText::new(normal(text).trim_matches(SPACE))
}

/// A room's name: one line of 1 to 80 code points.
///
/// # Errors
/// As [`message`].
pub fn room_name(text: &str) -> Result<RoomName, Invalid> {
    RoomName::new(normal(text).trim_matches(SPACE))
}

/// What a room is about: one line of up to 500 code points, maybe empty.
///
/// # Errors
/// As [`message`].
pub fn room_topic(text: &str) -> Result<RoomTopic, Invalid> {
    RoomTopic::new(normal(text).trim_matches(SPACE))
}

/// A person's display name: one line of 1 to 80 code points.
///
/// # Errors
/// As [`message`].
pub fn person_name(text: &str) -> Result<PersonName, Invalid> {
    PersonName::new(normal(text).trim_matches(SPACE))
}

/// A reaction: 1 to 32 code points, so that one typed differently counts as the same.
///
/// # Errors
/// As [`message`].
pub fn emoji(text: &str) -> Result<Emoji, Invalid> {
    Emoji::new(normal(text).trim_matches(SPACE))
}

/// What is trimmed at both ends. No other white space: it may be meant.
const SPACE: [char; 3] = [' ', '\t', '\n'];

/// LF for CRLF, and NFC; most texts are both already and are not copied.
fn normal(text: &str) -> Cow<'_, str> {
    let text = if text.contains("\r\n") {
        Cow::Owned(text.replace("\r\n", "\n"))
    } else {
        Cow::Borrowed(text)
    };
    if text.is_ascii() || is_nfc(&text) {
        text
    } else {
        Cow::Owned(text.nfc().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn said(text: &str) -> Result<String, Invalid> {
        message(text).map(String::from)
    }

    #[test]
    fn line_ends_become_newlines_and_the_ends_are_trimmed() {
        assert_eq!(
            said(" \t\r\none\r\ntwo\n\n\tthree \r\n"),
            Ok("one\ntwo\n\n\tthree".into())
        );
    }

    #[test]
    fn a_lone_carriage_return_is_a_control_character() {
        assert_eq!(said("one\rtwo"), Err(Invalid::Control));
    }

    #[test]
    fn composed_and_decomposed_are_the_same() {
        assert_eq!(said("Cafe\u{301}"), Ok("Caf\u{e9}".into()));
        assert_eq!(emoji("e\u{301}"), emoji("\u{e9}"));
    }

    #[test]
    fn nothing_but_space_is_empty() {
        assert_eq!(said(" \r\n\t "), Err(Invalid::Empty));
        assert!(room_topic("  ").is_ok_and(|topic| topic.as_str().is_empty()));
    }

    #[test]
    fn other_white_space_stays() {
        assert_eq!(said("\u{a0}x\u{3000}"), Ok("\u{a0}x\u{3000}".into()));
    }

    #[test]
    fn bounds_count_code_points_after_normalisation() {
        assert!(message(&"e\u{301}".repeat(4096)).is_ok());
        assert_eq!(said(&"\u{1f600}".repeat(4097)), Err(Invalid::TooLong { most: 4096 }));
        assert!(message(&format!("{}\r\n", "x".repeat(4096))).is_ok());
    }

    #[test]
    fn control_characters_are_refused() {
        for control in ('\0'..='\u{1f}').chain('\u{7f}'..='\u{9f}') {
            let verdict = said(&format!("a{control}b"));
            assert_eq!(
                verdict.is_ok(),
                control == '\n' || control == '\t',
                "{control:?}: {verdict:?}"
            );
        }
    }

    #[test]
    fn names_and_topics_are_one_line() {
        assert_eq!(room_name("a\nb"), Err(Invalid::Control));
        assert_eq!(room_topic("a\tb"), Err(Invalid::Control));
        assert_eq!(person_name(" Ann \n").map(String::from), Ok("Ann".into()));
        assert_eq!(room_name(&"n".repeat(81)), Err(Invalid::TooLong { most: 80 }));
        assert_eq!(room_topic(&"t".repeat(501)), Err(Invalid::TooLong { most: 500 }));
    }

    proptest! {
        #[test]
        fn what_passed_the_door_passes_it_unchanged(text in "(\\PC|[ \t\r\n]){0,40}") {
            if let Ok(once) = message(&text) {
                prop_assert_eq!(message(once.as_str()), Ok(once));
            }
        }
    }
}
