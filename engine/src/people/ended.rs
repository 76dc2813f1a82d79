//! What has ended while access tokens that speak for it are still good: logins, people who are disabled or erased.
//!
//! It is fed as things end here and as signals tell of them elsewhere, and made whole by a look at the store now and then.
//! With the store away, the last that was known is in force. What must hold: what was noted while a look was under way
//! survives that look; and news that comes late, an echo of what was done here among it, does not undo what was done since.

use super::bounded::Bounded;
use super::{EndedLately, accounts::Error};
use crate::domain::{Timestamp, UserId};
use parking_lot::RwLock;
use rustc_hash::FxHashMap;
use uuid::Uuid;

/// Why nothing of a person's is good any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// Disabled, until they are enabled again.
    Disabled,
    /// Erased, for ever.
    Erased,
}

/// What a look at the store brought that was not known here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum News {
    /// Logins have ended.
    Logins {
        /// Whose.
        user_id: UserId,
        /// Which.
        logins: Vec<Uuid>,
    },
    /// Nothing of a person's is good any more.
    Person {
        /// Who.
        user_id: UserId,
        /// Why.
        why: Why,
    },
}

/// How somebody stands, as far as is known here.
#[derive(Clone, Copy, Debug)]
struct Stands {
    /// Why nothing of theirs is good; `None`: it was, and is no longer so.
    why: Option<Why>,
    /// When they came to stand so, by the clock of the edge that did it.
    since: Timestamp,
    /// When it was noted here.
    noted: Timestamp,
}

#[derive(Debug)]
struct State {
    /// When each was noted here.
    logins: Bounded<Uuid, Timestamp>,
    people: Bounded<UserId, Stands>,
}

impl State {
    fn note(&mut self, user_id: UserId, stands: Stands) {
        self.people.insert(user_id, stands, |stands| stands.noted.as_millis());
    }
}

/// What has ended.
#[derive(Debug)]
pub(super) struct Ended {
    state: RwLock<State>,
}

impl Ended {
    /// Keeps at most so many of each kind; past that, what was noted first goes.
    pub(super) fn new(most: usize) -> Self {
        Self {
            state: RwLock::new(State {
                logins: Bounded::new(most),
                people: Bounded::new(most),
            }),
        }
    }

    pub(super) fn logins(&self, logins: &[Uuid], now: Timestamp) {
        let mut state = self.state.write();
        for login in logins {
            state.logins.insert(*login, now, |noted| noted.as_millis());
        }
    }

    /// The store was told here, just now, that somebody stands so.
    pub(super) fn person(&self, user_id: UserId, why: Option<Why>, now: Timestamp) {
        let stands = Stands {
            why,
            since: now,
            noted: now,
        };
        let mut state = self.state.write();
        let erased = state.people.get(&user_id).and_then(|known| known.why) == Some(Why::Erased);
        if !erased {
            state.note(user_id, stands);
        }
    }

    /// The log says that somebody stands so since `since`; of who was known to stand otherwise later, or at that very time,
    /// it says nothing new. Clocks of edges differ: what is held back for that alone, the next look brings.
    pub(super) fn heard(&self, user_id: UserId, why: Option<Why>, since: Timestamp, now: Timestamp) {
        let stands = Stands { why, since, noted: now };
        let mut state = self.state.write();
        let newer = state.people.get(&user_id).is_none_or(|known| match (known.why, why) {
            (Some(Why::Erased), _) => false,
            (_, Some(Why::Erased)) => true,
            _ => known.since < since,
        });
        if newer {
            state.note(user_id, stands);
        }
    }

    /// Whether a token of this person, and of this login where it has one, is still good.
    pub(super) fn judge(&self, user_id: UserId, login: Option<Uuid>) -> Result<(), Error> {
        let state = self.state.read();
        match state.people.get(&user_id).and_then(|stands| stands.why) {
            Some(Why::Disabled) => return Err(Error::Disabled),
            Some(Why::Erased) => return Err(Error::Erased),
            None => {}
        }
        if login.is_some_and(|login| state.logins.get(&login).is_some()) {
            return Err(Error::LoginEnded);
        }
        Ok(())
    }

    /// Takes what the store says, asked at `asked`: its logins beside those that are known (what was noted before
    /// `forget` is forgotten), its people in the place of those that were noted before. Answers what is new.
    pub(super) fn take(&self, list: &EndedLately, asked: Timestamp, now: Timestamp, forget: Timestamp) -> Vec<News> {
        let disabled = list.disabled.iter().map(|id| (*id, Why::Disabled));
        let people = disabled.chain(list.erased.iter().map(|id| (*id, Why::Erased)));
        let mut news = Vec::new();
        let mut logins: FxHashMap<UserId, Vec<Uuid>> = FxHashMap::default();
        let mut state = self.state.write();
        for (user_id, why) in people {
            let known = state.people.get(&user_id).copied();
            if known.is_some_and(|known| known.why.is_none() && known.noted >= asked && why == Why::Disabled) {
                // Enabled after the store was asked.
                continue;
            }
            let same = known.filter(|known| known.why == Some(why));
            if same.is_none() {
                news.push(News::Person { user_id, why });
            }
            let stands = Stands {
                why: Some(why),
                since: same.map_or(asked, |known| known.since),
                noted: now,
            };
            state.note(user_id, stands);
        }
        for login in &list.logins {
            if state.logins.get(&login.id).is_none() {
                logins.entry(login.user_id).or_default().push(login.id);
                state.logins.insert(login.id, now, |noted| noted.as_millis());
            }
        }
        // No token of a login can be good any more that ended so long ago. Who is not listed was enabled, or is disabled
        // for longer than any token is good. That somebody was enabled is kept as long, for news that comes late.
        state.logins.retain(|_, noted| *noted >= forget);
        state
            .people
            .retain(|_, stands| stands.noted >= if stands.why.is_some() { asked } else { forget });
        drop(state);
        let logins = logins.into_iter();
        news.extend(logins.map(|(user_id, logins)| News::Logins { user_id, logins }));
        news
    }
}

#[cfg(test)]
mod tests {
    use super::{Ended, News, Why};
    use crate::domain::{Timestamp, UserId};
    use crate::people::accounts::Error;
    use crate::people::{EndedLately, EndedLogin};
    use uuid::Uuid;

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_millis(millis)
    }

    fn user(number: u128) -> UserId {
        UserId::new(Uuid::from_u128(number))
    }

    #[test]
    fn a_look_at_the_store_tells_what_is_new_once() {
        let (ended, login) = (Ended::new(10), Uuid::from_u128(7));
        let list = EndedLately {
            logins: vec![EndedLogin {
                id: login,
                user_id: user(1),
            }],
            disabled: vec![user(2)],
            erased: vec![user(3)],
        };
        let news = ended.take(&list, at(0), at(1), at(0));
        assert_eq!(news.len(), 3, "{news:?}");
        assert!(news.contains(&News::Logins {
            user_id: user(1),
            logins: vec![login]
        }));
        assert_eq!(ended.take(&list, at(10), at(11), at(0)), []);
        assert!(matches!(ended.judge(user(1), Some(login)), Err(Error::LoginEnded)));
        assert!(ended.judge(user(1), Some(Uuid::from_u128(8))).is_ok());
        assert!(matches!(ended.judge(user(2), None), Err(Error::Disabled)));
        assert!(matches!(ended.judge(user(3), None), Err(Error::Erased)));
        assert_eq!(ended.take(&EndedLately::default(), at(20), at(21), at(1)), []);
        assert!(
            ended.judge(user(1), Some(login)).is_err(),
            "a login does not begin again"
        );
        assert!(ended.judge(user(2), None).is_ok(), "enabled meanwhile");
        assert_eq!(ended.take(&EndedLately::default(), at(30), at(31), at(2)), []);
        assert!(ended.judge(user(1), Some(login)).is_ok(), "no token of it is left");
    }

    #[test]
    fn what_is_told_during_a_look_survives_it() {
        let (ended, login) = (Ended::new(10), Uuid::from_u128(7));
        ended.logins(&[login], at(5));
        ended.person(user(2), Some(Why::Disabled), at(5));
        ended.take(&EndedLately::default(), at(5), at(6), at(0));
        assert!(ended.judge(user(1), Some(login)).is_err());
        assert!(ended.judge(user(2), None).is_err());
        let before = EndedLately {
            disabled: vec![user(2)],
            ..EndedLately::default()
        };
        ended.person(user(2), None, at(7));
        assert_eq!(ended.take(&before, at(7), at(8), at(0)), []);
        assert!(ended.judge(user(2), None).is_ok(), "enabled after the store was asked");
        let disabled = News::Person {
            user_id: user(2),
            why: Why::Disabled,
        };
        assert_eq!(
            ended.take(&before, at(9), at(10), at(0)),
            [disabled],
            "and disabled again"
        );
        assert!(ended.judge(user(2), None).is_err());
    }

    #[test]
    fn news_that_comes_late_undoes_nothing() {
        let ended = Ended::new(10);
        let stands = |is_good: bool, why: &str| assert_eq!(ended.judge(user(1), None).is_ok(), is_good, "{why}");
        ended.person(user(1), Some(Why::Disabled), at(1));
        ended.person(user(1), None, at(3));
        ended.heard(user(1), Some(Why::Disabled), at(1), at(4));
        stands(true, "the echo of what was undone since");
        ended.take(&EndedLately::default(), at(5), at(6), at(0));
        ended.heard(user(1), Some(Why::Disabled), at(1), at(7));
        stands(true, "also after a look");
        ended.heard(user(1), Some(Why::Disabled), at(8), at(9));
        stands(false, "disabled elsewhere, later");
        ended.heard(user(1), None, at(3), at(10));
        stands(false, "the echo of when they were enabled before");
        ended.heard(user(1), None, at(8), at(10));
        stands(false, "of two at the same time, the first that was heard");
        ended.heard(user(1), None, at(9), at(10));
        stands(true, "enabled elsewhere, later");
        ended.take(&EndedLately::default(), at(30), at(31), at(20));
        ended.heard(user(1), Some(Why::Disabled), at(8), at(32));
        stands(false, "what was forgotten comes anew, until the next look");
        ended.take(&EndedLately::default(), at(33), at(34), at(20));
        stands(true, "which mends it");
    }

    #[test]
    fn the_erased_stay_erased() {
        let ended = Ended::new(10);
        ended.person(user(1), Some(Why::Erased), at(0));
        ended.person(user(1), Some(Why::Disabled), at(1));
        ended.person(user(1), None, at(2));
        ended.heard(user(1), None, at(3), at(3));
        assert!(matches!(ended.judge(user(1), None), Err(Error::Erased)));
        ended.person(user(2), None, at(5));
        ended.heard(user(2), Some(Why::Erased), at(4), at(6));
        assert!(
            matches!(ended.judge(user(2), None), Err(Error::Erased)),
            "for ever, so at any time"
        );
    }
}
