//! Who is erased: what leaves the edge passes this list.
//!
//! With people's store away the last known list is in force.

use engine::domain::{Actor, Message, UserId};
use parking_lot::RwLock;
use rustc_hash::FxHashMap;
use std::borrow::Cow;
use std::sync::Arc;

/// What an erased person is called.
pub(super) const ERASED_NAME: &str = "deleted user";

/// The list: who, and whether their texts are empty too.
pub(super) type List = FxHashMap<UserId, bool>;

/// The list in force.
#[derive(Debug, Default)]
pub(super) struct Erasures {
    list: RwLock<Arc<List>>,
}

impl Erasures {
    /// The list as it is now.
    pub(super) fn list(&self) -> Arc<List> {
        self.list.read().clone()
    }

    /// Puts a new list in force; says whether it differs.
    pub(super) fn replace(&self, list: List) -> bool {
        let mut current = self.list.write();
        if **current == list {
            return false;
        }
        *current = Arc::new(list);
        true
    }
}

/// What a person is called now.
pub(super) fn name<'a>(list: &List, actor: &'a Actor) -> &'a str {
    if list.contains_key(&actor.id) {
        ERASED_NAME
    } else {
        actor.name.as_str()
    }
}

/// Whether the person is erased.
pub(super) fn is_erased(list: &List, user: UserId) -> bool {
    list.contains_key(&user)
}

/// Whether the person's texts are to be empty.
pub(super) fn without_text(list: &List, user: UserId) -> bool {
    list.get(&user).copied().unwrap_or(false)
}

/// A message as it may be shown.
pub(super) fn message(list: &List, message: Cow<'_, Message>) -> Message {
    let mut message = message.into_owned();
    if let Some(&texts) = list.get(&message.from.id) {
        message.from.name = engine::domain::PersonName::new(ERASED_NAME).expect("a name within bounds");
        if texts {
            message.text.clear();
        }
    }
    message
}
