//! Where a listing goes on: what the next page is asked with. Opaque to clients, so that the order may change; what comes
//! back is read as any other text from outside.

use crate::error::Error;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use engine::domain::{RoomId, RoomName, Seq, Timestamp};
use engine::history::listings::{NamePlace, TimePlace};
use uuid::Uuid;

const ID: usize = 16;
const NUMBER: usize = 8;

/// A place as a text.
pub(super) trait Cursor: Sized {
    /// Its bytes.
    fn bytes(&self) -> Vec<u8>;

    /// The place, if the bytes are one.
    fn read(bytes: &[u8]) -> Option<Self>;

    /// As clients see it.
    fn text(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.bytes())
    }

    /// What a client gave back.
    ///
    /// # Errors
    /// `bad_request` naming the parameter.
    fn parse(name: &'static str, text: &str) -> Result<Self, Error> {
        let bytes = URL_SAFE_NO_PAD.decode(text).ok();
        bytes
            .and_then(|bytes| Self::read(&bytes))
            .ok_or_else(|| Error::bad_field(name, format!("{name} must be what the page before said")))
    }
}

impl Cursor for NamePlace {
    fn bytes(&self) -> Vec<u8> {
        let mut bytes = self.room_id.uuid().into_bytes().to_vec();
        bytes.extend_from_slice(self.folded.as_bytes());
        bytes
    }

    fn read(bytes: &[u8]) -> Option<Self> {
        let (id, folded) = bytes.split_at_checked(ID)?;
        let folded = std::str::from_utf8(folded).ok()?;
        Some(Self {
            room_id: RoomId::new(Uuid::from_slice(id).ok()?),
            // A name in lower case may be longer than the name, by a code point or two for each.
            folded: (folded.chars().count() <= 3 * RoomName::MOST && !folded.contains(char::is_control))
                .then(|| folded.to_owned())?,
        })
    }
}

impl Cursor for TimePlace {
    fn bytes(&self) -> Vec<u8> {
        let mut bytes = self.at.as_millis().to_be_bytes().to_vec();
        bytes.extend_from_slice(self.room_id.uuid().as_bytes());
        bytes.extend_from_slice(&self.seq.get().to_be_bytes());
        bytes
    }

    fn read(bytes: &[u8]) -> Option<Self> {
        let (at, rest) = bytes.split_first_chunk::<NUMBER>()?;
        let (id, seq) = rest.split_first_chunk::<ID>()?;
        let seq = u64::from_be_bytes(seq.try_into().ok()?);
        Some(Self {
            at: Timestamp::from_millis(i64::from_be_bytes(*at)),
            room_id: RoomId::new(Uuid::from_bytes(*id)),
            seq: i64::try_from(seq).is_ok().then_some(Seq::new(seq))?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::Cursor;
    use engine::domain::{RoomId, Seq, Timestamp};
    use engine::history::listings::{NamePlace, TimePlace};
    use uuid::Uuid;

    #[test]
    fn a_place_comes_back_as_it_was() {
        let name = NamePlace {
            folded: "tea & leaves é".to_owned(),
            room_id: RoomId::new(Uuid::from_u128(7)),
        };
        assert_eq!(NamePlace::parse("after", &name.text()), Ok(name));
        let time = TimePlace {
            at: Timestamp::from_millis(1_700_000_000_000),
            room_id: RoomId::new(Uuid::from_u128(7)),
            seq: Seq::new(1 << 40),
        };
        assert_eq!(TimePlace::parse("before", &time.text()), Ok(time));
    }

    #[test]
    fn what_is_no_place_is_refused() {
        let long = NamePlace {
            folded: "a".repeat(500),
            room_id: RoomId::general(),
        };
        let nul = NamePlace {
            folded: "a\0b".to_owned(),
            room_id: RoomId::general(),
        };
        for text in [
            "",
            "a",
            "!!!",
            "AAAA",
            "é",
            &"A".repeat(4_000),
            &long.text(),
            &nul.text(),
        ] {
            assert!(NamePlace::parse("after", text).is_err(), "{text}");
            assert!(TimePlace::parse("before", text).is_err(), "{text}");
        }
    }
}
