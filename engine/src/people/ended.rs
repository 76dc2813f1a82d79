//! What has ended while access tokens that speak for it are still good: logins, people who are disabled or erased.
//!
//! It is fed as things end here and as signals tell of them elsewhere, and made whole by a look at the store now and then.
//! With the store away, the last that was known is in force. What must hold: what was noted while a look was under way
//! survives that look.

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

#[derive(Debug)]
struct State {
    /// When each was noted here.
    logins: Bounded<Uuid, Timestamp>,
    people: Bounded<UserId, (Why, Timestamp)>,
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

    pub(super) fn person(&self, user_id: UserId, why: Why, now: Timestamp) {
        let mut state = self.state.write();
        let erased = matches!(state.people.get(&user_id), Some((Why::Erased, _)));
        if !erased {
            state.people.insert(user_id, (why, now), |(_, noted)| noted.as_millis());
        }
    }

    /// Somebody was enabled again.
    pub(super) fn enabled(&self, user_id: UserId) {
        let mut state = self.state.write();
        if matches!(state.people.get(&user_id), Some((Why::Disabled, _))) {
            state.people.remove(&user_id);
        }
    }

    /// Whether a token of this person, and of this login where it has one, is still good.
    pub(super) fn judge(&self, user_id: UserId, login: Option<Uuid>) -> Result<(), Error> {
        let state = self.state.read();
        match state.people.get(&user_id) {
            Some((Why::Disabled, _)) => return Err(Error::Disabled),
            Some((Why::Erased, _)) => return Err(Error::Erased),
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
            if state.people.get(&user_id).is_none_or(|(known, _)| *known != why) {
                news.push(News::Person { user_id, why });
            }
            state.people.insert(user_id, (why, now), |(_, noted)| noted.as_millis());
        }
        for login in &list.logins {
            if state.logins.get(&login.id).is_none() {
                logins.entry(login.user_id).or_default().push(login.id);
                state.logins.insert(login.id, now, |noted| noted.as_millis());
            }
        }
        // No token of a login can be good any more that ended so long ago. Who is not listed was enabled, or is disabled
        // for longer than any token is good.
        state.logins.retain(|_, noted| *noted >= forget);
        state.people.retain(|_, (_, noted)| *noted >= asked);
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
        ended.person(user(2), Why::Disabled, at(5));
        ended.take(&EndedLately::default(), at(5), at(6), at(0));
        assert!(ended.judge(user(1), Some(login)).is_err());
        assert!(ended.judge(user(2), None).is_err());
    }

    #[test]
    fn the_erased_stay_erased() {
        let ended = Ended::new(10);
        ended.person(user(1), Why::Erased, at(0));
        ended.person(user(1), Why::Disabled, at(1));
        ended.enabled(user(1));
        assert!(matches!(ended.judge(user(1), None), Err(Error::Erased)));
        ended.person(user(2), Why::Disabled, at(0));
        ended.enabled(user(2));
        assert!(ended.judge(user(2), None).is_ok());
    }
}
