//! What a dead letter says of the record that it copies: in headers beside its key and value.

/// The headers of a dead letter as they are on the log. Of those that repeat, the first counts.
#[derive(Clone, Copy, Debug, Default)]
pub struct Origin<'a> {
    topic: Option<&'a [u8]>,
    partition: Option<&'a [u8]>,
    offset: Option<&'a [u8]>,
    reason: Option<&'a [u8]>,
}

/// A dead letter's own word on what it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Letter {
    /// The topic that the record stands in, by its whole name.
    pub topic: String,
    /// Its partition.
    pub partition: u16,
    /// Its offset.
    pub offset: u64,
    /// What is wrong with it: one word.
    pub reason: String,
}

impl Letter {
    /// The header of its topic.
    pub const TOPIC: &str = "origin_topic";
    /// The header of its partition.
    pub const PARTITION: &str = "origin_partition";
    /// The header of its offset.
    pub const OFFSET: &str = "origin_offset";
    /// The header of what is wrong with it.
    pub const REASON: &str = "reason";
}

impl<'a> Origin<'a> {
    /// Takes note of a header, if it is one of a dead letter's.
    pub(super) fn add(&mut self, name: &[u8], value: Option<&'a [u8]>) {
        let seen = if name == Letter::TOPIC.as_bytes() {
            &mut self.topic
        } else if name == Letter::PARTITION.as_bytes() {
            &mut self.partition
        } else if name == Letter::OFFSET.as_bytes() {
            &mut self.offset
        } else if name == Letter::REASON.as_bytes() {
            &mut self.reason
        } else {
            return;
        };
        *seen = seen.or(value);
    }

    /// What it says, if it says all of it and can be read: whoever else writes into the topic may say anything.
    #[must_use]
    pub fn letter(&self) -> Option<Letter> {
        let text = |bytes: Option<&[u8]>| std::str::from_utf8(bytes?).ok().map(str::to_owned);
        Some(Letter {
            topic: text(self.topic)?,
            partition: text(self.partition)?.parse().ok()?,
            offset: text(self.offset)?.parse().ok()?,
            reason: text(self.reason)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{Letter, Origin};

    fn of(headers: &[(&str, &'static str)]) -> Option<Letter> {
        let mut origin = Origin::default();
        for (name, value) in headers {
            origin.add(name.as_bytes(), Some(value.as_bytes()));
        }
        origin.letter()
    }

    #[test]
    fn a_letter_says_all_of_it_or_nothing() {
        let whole = [
            ("origin_topic", "roomlog.events"),
            ("origin_partition", "3"),
            ("reason", "datum"),
            ("origin_offset", "41"),
            ("reason", "another"),
        ];
        let letter = of(&whole).expect("a letter");
        assert_eq!((letter.topic.as_str(), letter.partition), ("roomlog.events", 3));
        assert_eq!((letter.offset, letter.reason.as_str()), (41, "datum"));
        assert_eq!(of(&whole[..3]), None);
        assert_eq!(of(&[("origin_partition", "x"), whole[0], whole[2], whole[3]]), None);
        assert_eq!(of(&[]), None);
    }
}
