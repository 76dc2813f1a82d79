//! Stores with a clock beside them: whatever is asked of history, live views or people is counted by name, by what became
//! of it, and by how long it took, whichever adapter answers.
//!
//! What must hold: a question is passed on as it is, and its answer back as it is. What is given up before its answer is
//! not counted. A snapshot or an audit is counted when it is begun; what is read of it is not.

use crate::domain::{Cid, Epoch, Header, Message, Offset, Partition, PersonName, RoomId, Seq, Timestamp, UserId};
use crate::history::listings::{Discover, Found, Hit, Invitation, Invitations, MyRoom, MyRooms, Search, Thread};
use crate::history::{
    self, Audit, Checkpoint, JournalEntry, Nearest, Owner, Page, ReadMark, Snapshot, StoredRoom, Upto,
};
use crate::live::{self, Filling, PresenceClaim, PresenceView};
use crate::metrics as of;
use crate::people::{self, Act, ActFilter, EndedLately, Listing, Login, Person, SigningKey, Username};
use async_trait::async_trait;
use metrics::{Counter, Histogram};
use std::sync::{Arc, LazyLock};
use std::time::Instant;
use uuid::Uuid;

/// A store that is measured.
pub struct Measured<T>(Arc<T>);

impl<T> Measured<T> {
    /// The same store.
    #[must_use]
    pub const fn new(store: Arc<T>) -> Self {
        Self(store)
    }
}

/// What became of an operation.
#[derive(Clone, Copy)]
enum Outcome {
    Ok,
    Unavailable,
    Refused,
    Corrupt,
}

impl Outcome {
    /// In the order of the variants.
    const NAMES: [&str; 4] = ["ok", "unavailable", "refused", "corrupt"];
}

impl From<&history::Error> for Outcome {
    fn from(error: &history::Error) -> Self {
        use history::Error as E;
        match error {
            E::Unavailable(_) => Self::Unavailable,
            E::Fenced { .. } | E::OtherEpoch { .. } | E::Rejected(_) => Self::Refused,
            E::Corrupt(_) => Self::Corrupt,
        }
    }
}

impl From<&live::Error> for Outcome {
    fn from(error: &live::Error) -> Self {
        use live::Error as E;
        match error {
            E::Unavailable(_) => Self::Unavailable,
            E::Watermark { .. } => Self::Refused,
            E::Corrupt(_) => Self::Corrupt,
        }
    }
}

impl From<&people::Error> for Outcome {
    fn from(error: &people::Error) -> Self {
        use people::Error as E;
        match error {
            E::Unavailable(_) => Self::Unavailable,
            E::Taken => Self::Refused,
            E::Corrupt(_) => Self::Corrupt,
        }
    }
}

/// The metrics of one operation, made when it is asked for first.
struct Operation {
    seconds: Histogram,
    /// In the order of [`Outcome::NAMES`].
    outcomes: [Counter; 4],
}

impl Operation {
    fn of(store: &'static str, name: &'static str) -> Self {
        Self {
            seconds: of::STORE_SECONDS.histogram_of([store, name]),
            outcomes: Outcome::NAMES.map(|outcome| of::STORE_OPERATIONS.counter_of([store, name, outcome])),
        }
    }

    async fn told<A, E>(&self, work: impl Future<Output = Result<A, E>>) -> Result<A, E>
    where
        for<'e> Outcome: From<&'e E>,
    {
        let begun = Instant::now();
        let answer = work.await;
        self.seconds.record(begun.elapsed());
        let outcome = answer.as_ref().err().map_or(Outcome::Ok, Outcome::from);
        self.outcomes[outcome as usize].increment(1);
        answer
    }
}

/// A port, measured: its operations as the trait has them, with the answer that comes where there is no error.
macro_rules! measured {
    ($store:literal, $error:ty, $port:path { $($operation:ident($($name:ident: $kind:ty),*) -> $answer:ty;)+ }) => {
        #[async_trait]
        impl<T: $port> $port for Measured<T> {
            $(async fn $operation(&self, $($name: $kind),*) -> Result<$answer, $error> {
                static OPERATION: LazyLock<Operation> =
                    LazyLock::new(|| Operation::of($store, stringify!($operation)));
                OPERATION.told(self.0.$operation($($name),*)).await
            })+
        }
    };
}

measured!("history", history::Error, history::Listings {
    my_rooms(asked: &MyRooms<'_>) -> Vec<MyRoom>;
    invitations(asked: &Invitations) -> Vec<Invitation>;
    discover(asked: &Discover) -> Vec<Found>;
    every_room(after: Option<RoomId>, limit: usize) -> Vec<(RoomId, Header)>;
    thread(room: RoomId, seq: Seq, after: Seq, limit: usize) -> Option<Thread>;
    search(asked: &Search) -> Vec<Hit>;
});

measured!("history", history::Error, history::Reader {
    room(room: RoomId, partition: Partition) -> Result<StoredRoom, Offset>;
    journal(room: RoomId, partition: Partition, after: Seq, limit: usize) -> (Vec<JournalEntry>, Offset);
    kept(room: RoomId, partition: Partition, upto: Upto) -> Nearest;
    find(room: RoomId, partition: Partition, author: UserId, cid: Cid) -> (Option<JournalEntry>, Offset);
    message(room: RoomId, seq: Seq) -> Option<Message>;
    deleted(room: RoomId, partition: Partition, seqs: &[Seq]) -> (Vec<Seq>, Offset);
    page(room: RoomId, page: Page, limit: usize) -> Vec<Message>;
    read_marker(room: RoomId, user: UserId) -> Seq;
    read_markers(room: RoomId, from: Seq, after: Option<UserId>, limit: usize) -> Vec<(UserId, Seq)>;
    checkpoints() -> Vec<Checkpoint>;
    rooms(partition: Partition, after: Option<RoomId>, limit: usize) -> (Vec<(RoomId, StoredRoom)>, Offset);
    snapshot(partition: Partition) -> Box<dyn Snapshot>;
    audit(partition: Partition) -> Box<dyn Audit>;
    ping() -> ();
});

measured!("history", history::Error, history::Writer {
    claim(epoch: Epoch, partition: Partition) -> (Owner, Offset);
    write(batch: &history::Batch) -> ();
    write_reads(
        epoch: Epoch, partition: Partition, owner: Owner, from: Offset, to: Offset, reads: &[ReadMark]
    ) -> ();
    owns(partition: Partition, owner: Owner) -> bool;
    owns_reads(partition: Partition, owner: Owner) -> bool;
    claim_reads(epoch: Epoch, partition: Partition) -> (Owner, Offset);
});

measured!("live", live::Error, live::Reader {
    room(room: RoomId, partition: Partition) -> Option<StoredRoom>;
    presence(room: RoomId, users: usize) -> PresenceView;
    ping() -> ();
});

measured!("live", live::Error, live::Writer {
    watermark(epoch: Epoch, partition: Partition) -> Option<Offset>;
    reset(epoch: Epoch, partition: Partition, next: Offset) -> Filling;
    put_rooms(filling: &Filling, rooms: &[(RoomId, StoredRoom)]) -> ();
    refilled(filling: &Filling) -> ();
    write(batch: &live::Batch) -> ();
    write_presence(claims: &[PresenceClaim]) -> ();
});

measured!("people", people::Error, people::Users {
    add(person: &Person, password: Option<&str>, at: Timestamp) -> ();
    meet(person: &Person, at: Timestamp) -> Person;
    person(id: UserId) -> Option<Person>;
    people(ids: &[UserId]) -> Vec<Person>;
    by_username(username: &Username) -> Option<(Person, String)>;
    named(usernames: &[Username]) -> Vec<(Username, UserId)>;
    list(listing: &Listing, limit: usize) -> Vec<Person>;
    password(id: UserId) -> Option<String>;
    password_is(id: UserId, hash: &str) -> bool;
    rename(id: UserId, name: &PersonName) -> bool;
    replace_password(id: UserId, from: &str, to: &str, keep: Option<Uuid>, at: Timestamp) -> Option<Vec<Uuid>>;
    set_disabled(id: UserId, disabled: bool, act: &Act) -> bool;
    make_admin(id: UserId, act: &Act) -> bool;
    erase(id: UserId, texts: bool, at: Timestamp) -> bool;
    erased() -> Vec<(UserId, bool)>;
});

measured!("people", people::Error, people::Logins {
    add_login(login: &Login, most: usize) -> ();
    login(id: Uuid) -> Option<Login>;
    logins_of(user: UserId, now: Timestamp, limit: usize) -> Vec<Login>;
    rotate(from: [u8; 32], next: &Login) -> bool;
    end_login(id: Uuid, user: Option<UserId>, at: Timestamp) -> bool;
    end_logins(user: UserId, keep: Option<Uuid>, at: Timestamp) -> Vec<Uuid>;
    sweep_logins(before: Timestamp, most: usize) -> u64;
    ended(logins_since: Timestamp, people_since: Timestamp, most: usize) -> EndedLately;
});

measured!("people", people::Error, people::Acts {
    audit(act: &Act) -> ();
    acts(filter: &ActFilter, before: Option<Uuid>, limit: usize) -> Vec<Act>;
    close_room(room: RoomId, act: &Act) -> bool;
    closed_rooms() -> Vec<RoomId>;
});

measured!("people", people::Error, people::People {
    signing_keys(make: &(dyn Fn() -> SigningKey + Send + Sync)) -> Vec<SigningKey>;
    ping() -> ();
});
