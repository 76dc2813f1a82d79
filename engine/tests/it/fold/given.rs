//! Tests as given / when / then on events.

use super::words::{Step, moment, user};
use engine::domain::{Applied, Offset, Partition, Position, Reason, Recent, Room, Seq, Verdict};

/// A room, its recent messages, and how far its log went.
#[derive(Clone, Debug)]
pub(crate) struct World {
    pub(crate) room: Room,
    pub(crate) recent: Recent,
    /// Records so far.
    appended: u64,
    /// Append time of the last one, seconds after the test began.
    now: i64,
}

/// What followed from one more event.
#[derive(Debug)]
pub(crate) struct Outcome {
    before: Room,
    applied: Applied,
    pub(crate) world: World,
}

/// A log whose first event creates the room; all of it must be accepted.
pub(crate) fn given(steps: impl IntoIterator<Item = Step>) -> World {
    let mut steps = steps.into_iter();
    let first = steps.next().expect("a log begins with a creation");
    World::of(first.room.expect("a creation says which room"))
        .and([first])
        .and(steps)
}

impl World {
    /// A room that nothing happened in.
    pub(crate) fn of(room: engine::domain::RoomId) -> Self {
        Self {
            room: Room::new(room),
            recent: Recent::default(),
            appended: 0,
            now: 0,
        }
    }

    /// More of the log, all of which must be accepted.
    pub(crate) fn and(mut self, steps: impl IntoIterator<Item = Step>) -> Self {
        for step in steps {
            let said = format!("{step:?}");
            let outcome = self.when(step);
            assert!(
                matches!(outcome.applied.verdict, Verdict::Accepted { .. }),
                "{:?} for {said}",
                outcome.applied.verdict
            );
            self = outcome.world;
        }
        self
    }

    /// Appends one more event.
    pub(crate) fn when(&self, step: Step) -> Outcome {
        let mut world = self.clone();
        world.appended += 1;
        world.now = step.at.unwrap_or(world.now + 1);
        let event = step.event(world.room.id(), world.appended);
        let at = Position {
            partition: Partition::new(3),
            offset: Offset::new(world.appended * 10),
            appended_at: moment(world.now),
        };
        let judged = world.room.judge(&event, at.appended_at);
        let applied = world.room.apply(&event, &world.appended.to_be_bytes(), at);
        match applied.verdict {
            Verdict::Accepted { seq, digest } => {
                assert_eq!(judged, Ok(()));
                assert_eq!((seq, digest), (self.room.head().next(), world.room.digest()));
                assert_eq!(seq, world.room.head());
                let ordinal = world.room.messages();
                world.recent.apply(&event, seq, ordinal, at.appended_at);
            }
            Verdict::Ignored { reason } => assert_eq!(judged, Err(reason)),
        }
        Outcome {
            before: self.room.clone(),
            applied,
            world,
        }
    }

    /// Whether a person may read, some seconds after the test began.
    pub(crate) fn reads(&self, who: &str, at: i64) -> Result<(), Reason> {
        let judged = self.room.judge_read(user(who), moment(at));
        assert_eq!(self.room.may_read(user(who), moment(at)), judged.is_ok());
        judged
    }
}

impl Outcome {
    pub(crate) fn then_accepted(self) -> World {
        let Verdict::Accepted { seq, digest } = self.applied.verdict else {
            panic!("not accepted: {:?}", self.applied);
        };
        assert_eq!(seq, self.before.head().next());
        assert_ne!(digest, self.before.digest());
        self.world
    }

    /// It changed nobody's standing.
    pub(crate) fn then_announced(self) -> World {
        assert_eq!(self.applied.changes, []);
        assert!(self.before.changes().eq(self.world.room.changes()));
        self.then_accepted()
    }

    /// It had no effect at all.
    pub(crate) fn then_ignored(self, reason: Reason) -> World {
        assert_eq!(self.applied.verdict, Verdict::Ignored { reason });
        assert_eq!(self.applied.changes, []);
        if reason != Reason::UnsupportedRules {
            assert_eq!(self.before, self.world.room);
        }
        self.world
    }

    /// It is the event at `seq`, sent again.
    pub(crate) fn then_duplicate_of(self, seq: u64) -> World {
        let Verdict::Ignored {
            reason: Reason::Duplicate(original),
        } = self.applied.verdict
        else {
            panic!("no duplicate: {:?}", self.applied);
        };
        assert_eq!(original.seq, Seq::new(seq));
        assert_eq!(self.before, self.world.room);
        self.world
    }

    pub(crate) fn verdict(&self) -> Verdict {
        self.applied.verdict
    }
}
