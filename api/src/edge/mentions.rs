//! Whom a message mentions: those whom the client names, and everyone whose `@username` stands in its text.
//!
//! What must hold: a text without `@` is not looked at twice; no more names are looked up than a message may mention;
//! whoever is not in the room is not mentioned (in an open room everyone is in it), so a private room tells nobody of
//! itself. With people away or slow the message goes on without those who had to be looked up.

use super::core::Core;
use super::metrics;
use engine::domain::{MENTIONS, Room, UserId};
use engine::people::Username;
use parking_lot::Mutex;
use rustc_hash::FxHashMap;
use std::time::{Duration, Instant};
use tokio::time::timeout;

/// Names that were looked up lately, those too that nobody has.
#[derive(Debug)]
pub(super) struct Names {
    most: usize,
    keep: Duration,
    known: Mutex<FxHashMap<Username, (Option<UserId>, Instant)>>,
}

impl Names {
    pub(super) fn new(most: usize, keep_ms: u64) -> Self {
        Self {
            most,
            keep: Duration::from_millis(keep_ms),
            known: Mutex::default(),
        }
    }

    /// Whose the name is, if it was looked up lately.
    fn known(&self, name: &Username) -> Option<Option<UserId>> {
        let known = self.known.lock();
        let (user, at) = known.get(name)?;
        (at.elapsed() < self.keep).then_some(*user)
    }

    fn learn(&self, name: Username, user: Option<UserId>) {
        let mut known = self.known.lock();
        if known.len() >= self.most && !known.contains_key(&name) {
            known.retain(|_, (_, at)| at.elapsed() < self.keep);
            if known.len() >= self.most {
                known.clear();
            }
        }
        known.insert(name, (user, Instant::now()));
    }
}

/// The people named in a text, in its order.
pub(super) async fn named(core: &Core, text: &str) -> Vec<UserId> {
    let names = names(text);
    let mut people: FxHashMap<Username, Option<UserId>> = names
        .iter()
        .filter_map(|name| Some((name.clone(), core.names.known(name)?)))
        .collect();
    let unknown: Vec<Username> = names
        .iter()
        .filter(|name| !people.contains_key(name))
        .cloned()
        .collect();
    if !unknown.is_empty() {
        // Who is not known then is not mentioned.
        people.extend(look_up(core, unknown).await);
    }
    names.iter().filter_map(|name| people.get(name).copied()?).collect()
}

/// Whose the names are; none of them while people can't say.
async fn look_up(core: &Core, names: Vec<Username>) -> Vec<(Username, Option<UserId>)> {
    match timeout(core.lookup_timeout(), core.parts.people.named(&names)).await {
        Ok(Ok(found)) => {
            let found: FxHashMap<Username, UserId> = found.into_iter().collect();
            let whose = names.into_iter().map(|name| {
                let user = found.get(&name).copied();
                metrics::name_looked_up(if user.is_some() { "somebody" } else { "nobody" });
                core.names.learn(name.clone(), user);
                (name, user)
            });
            whose.collect()
        }
        answer => {
            metrics::name_looked_up("failed");
            let error = match answer {
                Ok(Err(error)) => error.to_string(),
                _ => "no answer in time".to_owned(),
            };
            tracing::debug!(%error, "whom a message mentions can't be looked up");
            Vec::new()
        }
    }
}

/// Of those whom the client names and those named in the text the ones who are in the room, each once.
pub(super) fn present(room: &Room, explicit: &[UserId], named: &[UserId]) -> Vec<UserId> {
    let mut present = Vec::new();
    for user in explicit.iter().chain(named) {
        if present.len() < MENTIONS && room.is_member(*user) && !present.contains(user) {
            present.push(*user);
        }
    }
    present
}

/// The different names behind an `@` that no letter or digit stands before, as in an address. A `.` or `-` at the end
/// belongs to the sentence.
fn names(text: &str) -> Vec<Username> {
    let mut names = Vec::new();
    for (place, at) in text.match_indices('@') {
        if names.len() == MENTIONS {
            break;
        }
        let before = text[..place].chars().next_back();
        let rest = &text[place + at.len()..];
        let end = rest.find(|c: char| !belongs(c)).unwrap_or(rest.len());
        let after = rest[end..].chars().next();
        if before.is_some_and(char::is_alphanumeric) || after.is_some_and(char::is_alphanumeric) {
            continue;
        }
        let name = rest[..end].trim_end_matches(['.', '-']).to_ascii_lowercase();
        if let Some(name) = Username::new(&name)
            && !names.contains(&name)
        {
            names.push(name);
        }
    }
    names
}

const fn belongs(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-')
}

#[cfg(test)]
mod tests {
    use super::{MENTIONS, Names, names};
    use engine::domain::UserId;
    use engine::people::Username;
    use uuid::Uuid;

    fn found(text: &str) -> Vec<String> {
        names(text).iter().map(|name| name.as_str().to_owned()).collect()
    }

    #[test]
    fn names_are_those_behind_an_at() {
        assert_eq!(found("@ann and @Ben_2, (@eve.x-y)."), ["ann", "ben_2", "eve.x-y"]);
        assert_eq!(
            found("thanks @ann. @ann! @ann-"),
            ["ann"],
            "each once, without the sentence's end"
        );
        assert_eq!(found("write to ann@example.org"), [""; 0]);
        assert_eq!(found("é@ann @annü @ @ab @@ann"), ["ann"]);
        assert_eq!(found(&format!("@{}", "a".repeat(33))), [""; 0]);
    }

    #[test]
    fn no_more_names_than_a_message_may_mention() {
        let text: String = (0..2 * MENTIONS).map(|number| format!("@name{number} ")).collect();
        assert_eq!(found(&text).len(), MENTIONS);
    }

    #[test]
    fn names_are_kept_for_a_time_and_within_bounds() {
        let name = |number: usize| Username::new(&format!("name{number}")).expect("a name");
        let ann = Some(UserId::new(Uuid::from_u128(1)));
        let kept = Names::new(3, 60_000);
        kept.learn(name(0), ann);
        kept.learn(name(1), None);
        assert_eq!((kept.known(&name(0)), kept.known(&name(1))), (Some(ann), Some(None)));
        assert_eq!(kept.known(&name(2)), None);
        for number in 2..20 {
            kept.learn(name(number), ann);
            assert!(kept.known.lock().len() <= 3);
        }
        let forgetful = Names::new(3, 0);
        forgetful.learn(name(0), ann);
        assert_eq!(forgetful.known(&name(0)), None);
    }
}
