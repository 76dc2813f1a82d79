//! What somebody types to find messages: words, "phrases", -exclusions and `or`, as web searches have it.
//!
//! What must hold: anything within bounds that holds a word is a query, never a syntax error; both stores are asked the
//! same, and what is highlighted is what they found. A word is letters and digits, in whatever case.

use std::fmt::Write as _;

/// What is looked for: messages with all that is wanted and nothing of what is not, of any of these.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Query {
    any: Vec<All>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct All {
    /// Never empty.
    wanted: Vec<Phrase>,
    unwanted: Vec<Phrase>,
}

/// Words that follow one another, in lower case; never none.
type Phrase = Vec<String>;

/// Why a text is no query.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadQuery {
    /// There is no word in it that is to be found.
    #[error("must hold a word to look for")]
    NoWord,
    /// It has more code points than it may.
    #[error("must have at most {most} characters")]
    TooLong {
        /// Most code points allowed.
        most: usize,
    },
    /// It holds a control character.
    #[error("must not hold control characters")]
    Control,
}

/// One piece of a query's text.
enum Piece {
    Or,
    Wanted(Phrase),
    Unwanted(Phrase),
}

impl Query {
    /// Most code points of a query.
    pub const MOST: usize = 256;

    /// Reads what somebody typed. An alternative that only excludes is passed over.
    ///
    /// # Errors
    /// [`BadQuery`] says what is wrong.
    pub fn new(text: &str) -> Result<Self, BadQuery> {
        if text.chars().count() > Self::MOST {
            return Err(BadQuery::TooLong { most: Self::MOST });
        }
        if text.chars().any(|c| c.is_control() && !c.is_whitespace()) {
            return Err(BadQuery::Control);
        }
        let pieces = pieces(text);
        let mut any = vec![All::default()];
        for (place, piece) in pieces.iter().enumerate() {
            let all = any.last_mut().expect("it began with one");
            match piece {
                Piece::Or if divides(&pieces, place) => any.push(All::default()),
                Piece::Or => all.wanted.push(vec!["or".to_owned()]),
                Piece::Wanted(phrase) => all.wanted.push(phrase.clone()),
                Piece::Unwanted(phrase) => all.unwanted.push(phrase.clone()),
            }
        }
        any.retain(|all| !all.wanted.is_empty());
        if any.is_empty() {
            return Err(BadQuery::NoWord);
        }
        Ok(Self { any })
    }

    /// As PostgreSQL's `websearch_to_tsquery` reads it.
    pub(in crate::history) fn websearch(&self) -> String {
        let alternatives = self.any.iter().map(|all| {
            let wanted = all.wanted.iter().map(|phrase| quoted(phrase));
            let unwanted = all.unwanted.iter().map(|phrase| format!("-{}", quoted(phrase)));
            wanted.chain(unwanted).collect::<Vec<_>>().join(" ")
        });
        alternatives.collect::<Vec<_>>().join(" or ")
    }

    /// As SQLite's FTS5 reads it.
    pub(in crate::history) fn fts5(&self) -> String {
        let joined = |phrases: &[Phrase], by: &str| {
            let phrases: Vec<String> = phrases.iter().map(|phrase| quoted(phrase)).collect();
            format!("({})", phrases.join(by))
        };
        let alternatives = self.any.iter().map(|all| {
            let mut one = joined(&all.wanted, " AND ");
            if !all.unwanted.is_empty() {
                write!(one, " NOT {}", joined(&all.unwanted, " OR ")).expect("writing to a string cannot fail");
            }
            format!("({one})")
        });
        alternatives.collect::<Vec<_>>().join(" OR ")
    }

    /// What was found in a text: ranges of its code points, each from its first to before its last, in order and apart.
    #[must_use]
    pub fn highlights(&self, text: &str) -> Vec<[usize; 2]> {
        let words = words(text);
        let mut ranges = Vec::new();
        for phrase in self.any.iter().flat_map(|all| &all.wanted) {
            for there in words.windows(phrase.len()) {
                if there.iter().map(|word| &word.text).eq(phrase) {
                    ranges.push([there[0].start, there[phrase.len() - 1].end]);
                }
            }
        }
        ranges.sort_unstable();
        let mut apart: Vec<[usize; 2]> = Vec::with_capacity(ranges.len());
        for [start, end] in ranges {
            match apart.last_mut() {
                Some(last) if start < last[1] => last[1] = last[1].max(end),
                _ => apart.push([start, end]),
            }
        }
        apart
    }
}

/// Whether an `or` stands between two things that it can divide; else it is a word as any other.
fn divides(pieces: &[Piece], place: usize) -> bool {
    let is_term = |piece: Option<&Piece>| piece.is_some_and(|piece| !matches!(piece, Piece::Or));
    is_term(place.checked_sub(1).and_then(|before| pieces.get(before))) && is_term(pieces.get(place + 1))
}

fn quoted(phrase: &[String]) -> String {
    format!("\"{}\"", phrase.join(" "))
}

fn pieces(text: &str) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        let excludes = first == '-';
        if excludes {
            rest = &rest[1..];
        }
        let (piece, after) = if let Some(inside) = rest.strip_prefix('"') {
            inside.split_once('"').unwrap_or((inside, ""))
        } else {
            let end = rest.find(|c: char| c.is_whitespace() || c == '"').unwrap_or(rest.len());
            rest.split_at(end)
        };
        let bare = !excludes && !rest.starts_with('"');
        if bare && piece.eq_ignore_ascii_case("or") {
            pieces.push(Piece::Or);
        } else {
            let phrase: Phrase = words(piece).into_iter().map(|word| word.text).collect();
            if !phrase.is_empty() {
                pieces.push(if excludes {
                    Piece::Unwanted(phrase)
                } else {
                    Piece::Wanted(phrase)
                });
            }
        }
        rest = after.trim_start();
    }
    pieces
}

/// A word of a text, in lower case, and where it stands: code points.
struct Word {
    text: String,
    start: usize,
    end: usize,
}

fn words(text: &str) -> Vec<Word> {
    let mut words: Vec<Word> = Vec::new();
    for (place, c) in text.chars().enumerate() {
        if !c.is_alphanumeric() {
            continue;
        }
        match words.last_mut() {
            Some(word) if word.end == place => {
                word.text.extend(c.to_lowercase());
                word.end = place + 1;
            }
            _ => words.push(Word {
                text: c.to_lowercase().collect(),
                start: place,
                end: place + 1,
            }),
        }
    }
    words
}

#[cfg(test)]
mod tests {
    use super::{BadQuery, Query};

    fn query(text: &str) -> Query {
        Query::new(text).expect("a query")
    }

    #[test]
    fn words_phrases_exclusions_and_or_are_asked_alike_of_both_stores() {
        let asked = query(r#"Tea "green  leaves" -coffee or water"#);
        assert_eq!(asked.websearch(), r#""tea" "green leaves" -"coffee" or "water""#);
        assert_eq!(
            asked.fts5(),
            r#"(("tea" AND "green leaves") NOT ("coffee")) OR (("water"))"#
        );
    }

    #[test]
    fn what_is_written_together_is_a_phrase() {
        assert_eq!(query("see example.com/a_b").websearch(), r#""see" "example com a b""#);
        assert_eq!(query("don't").websearch(), r#""don t""#);
        assert_eq!(query(r#"no"space""#).websearch(), r#""no" "space""#);
    }

    #[test]
    fn an_or_with_nothing_to_divide_is_a_word() {
        assert_eq!(query("or").websearch(), r#""or""#);
        assert_eq!(query("or tea").websearch(), r#""or" "tea""#);
        assert_eq!(query("tea or").websearch(), r#""tea" "or""#);
        assert_eq!(query(r#""or" tea"#).websearch(), r#""or" "tea""#);
    }

    #[test]
    fn nothing_that_holds_a_word_is_a_syntax_error() {
        for text in [
            r#"a""#,
            r#"""a"#,
            "--a b",
            "a & | ! ( ) : * ' \\",
            "(a",
            "a:*",
            "NEAR(a b)",
            "text:a",
            "^a",
            "a-",
        ] {
            assert!(query(text).websearch().contains('a'), "{text}");
        }
    }

    #[test]
    fn a_query_without_a_word_to_find_is_refused() {
        for text in ["", "  ", "-", "\"\"", "-tea", "-\"green tea\"", "🦀", "& | !"] {
            assert_eq!(Query::new(text), Err(BadQuery::NoWord), "{text}");
        }
        assert_eq!(query("tea or -coffee").websearch(), r#""tea""#, "passed over");
        assert_eq!(Query::new("a\0b"), Err(BadQuery::Control));
        let most = Query::MOST;
        assert_eq!(Query::new(&"é".repeat(most + 1)), Err(BadQuery::TooLong { most }));
        assert!(Query::new(&"é".repeat(most)).is_ok());
    }

    #[test]
    fn highlights_are_ranges_of_code_points() {
        let asked = query(r#"tea "green leaves" -coffee"#);
        let text = "🦀 Tea: green, LEAVES; teapot tea";
        let found = asked.highlights(text);
        let shown: Vec<String> = found
            .iter()
            .map(|[start, end]| text.chars().skip(*start).take(end - start).collect())
            .collect();
        assert_eq!(shown, ["Tea", "green, LEAVES", "tea"]);
        assert_eq!(found[0], [2, 5]);
    }

    #[test]
    fn highlights_that_overlap_are_one() {
        assert_eq!(query(r#"a "a b" "b c""#).highlights("a b c d"), [[0, 5]]);
    }
}
