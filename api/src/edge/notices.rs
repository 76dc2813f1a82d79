//! What became of accounts, told from edge to edge by the signals topic.
//!
//! It is told for haste alone: whoever misses one finds it in people's store. Nothing here waits.

use super::core::Core;
use super::presence;
use bytes::Bytes;
use engine::codec::signal::Signal;
use engine::domain::{Timestamp, UserId};
use std::sync::Arc;
use uuid::Uuid;

/// Logins named in one record.
const LOGINS: usize = 1_000;

/// Something became of an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Notice {
    /// Logins were signed out or revoked.
    LoginsEnded {
        /// Whose.
        user_id: UserId,
        /// Which.
        logins: Vec<Uuid>,
    },
    /// It was disabled or enabled.
    Disabled {
        /// Whose.
        user_id: UserId,
        /// Which of the two.
        disabled: bool,
        /// When, by the clock of the edge that did it, if that is known.
        at: Option<Timestamp>,
    },
    /// It was erased.
    Erased {
        /// Whose.
        user_id: UserId,
        /// Whether their texts are to be empty.
        texts: bool,
    },
}

/// Who is told, at once, on the tail's own thread: it must not wait.
pub trait Hears: Send + Sync + 'static {
    /// Something became of an account, on this edge or another.
    fn hear(&self, notice: &Notice);
}

impl Notice {
    /// The notice in a signal, if there is one.
    pub(super) fn of(signal: Signal) -> Option<Self> {
        match signal {
            Signal::LoginsEnded { user_id, logins } => Some(Self::LoginsEnded { user_id, logins }),
            Signal::PersonDisabled { user_id, disabled, at } => Some(Self::Disabled { user_id, disabled, at }),
            Signal::Erased { user_id, texts } => Some(Self::Erased { user_id, texts }),
            Signal::Presence { .. } | Signal::Typing { .. } | Signal::ReadMarked { .. } | Signal::RoomClosed { .. } => {
                None
            }
        }
    }

    const fn user_id(&self) -> UserId {
        match self {
            Self::LoginsEnded { user_id, .. } | Self::Disabled { user_id, .. } | Self::Erased { user_id, .. } => {
                *user_id
            }
        }
    }

    fn signals(&self) -> Vec<Signal> {
        match self {
            Self::LoginsEnded { user_id, logins } => {
                let some = |logins: &[Uuid]| Signal::LoginsEnded {
                    user_id: *user_id,
                    logins: logins.to_vec(),
                };
                logins.chunks(LOGINS).map(some).collect()
            }
            Self::Disabled { user_id, disabled, at } => vec![Signal::PersonDisabled {
                user_id: *user_id,
                disabled: *disabled,
                at: *at,
            }],
            Self::Erased { user_id, texts } => vec![Signal::Erased {
                user_id: *user_id,
                texts: *texts,
            }],
        }
    }
}

/// Hears it here and tells the others, in the background: a log that is away holds nobody up.
pub(super) fn tell(core: &Arc<Core>, notice: &Notice) {
    hear(core, notice);
    let core = core.clone();
    let (user_id, signals) = (notice.user_id(), notice.signals());
    core.tasks.clone().spawn(async move {
        let key = Bytes::from(user_id.to_string());
        let partition = core.parts.log.partition_of(&key);
        for signal in signals {
            presence::append(&core, partition, key.clone(), &signal).await;
        }
    });
}

/// Something became of an account.
pub(super) fn hear(core: &Core, notice: &Notice) {
    if matches!(notice, Notice::Erased { .. }) {
        core.erased.notify_one();
    }
    core.parts.accounts.hear(notice);
}
