//! The commands, in one table: parsing, its tests and the documents read it.

/// One field of a command.
#[derive(Clone, Copy, Debug)]
pub struct Spec {
    /// Its name.
    pub name: &'static str,
    /// What it holds, in words.
    pub holds: &'static str,
    /// Whether the command is refused without it.
    pub required: bool,
}

const fn must(name: &'static str, holds: &'static str) -> Spec {
    Spec {
        name,
        holds,
        required: true,
    }
}

const fn may(name: &'static str, holds: &'static str) -> Spec {
    Spec {
        name,
        holds,
        required: false,
    }
}

const ROOM: Spec = must("room", "the room's id");
const CID: Spec = must("cid", "a UUID, the command's own: the same in every retry");
const SINCE: Spec = may("since", "the head seq you last saw when you first tried");
const SEQ: Spec = must("seq", "the message's seq");
const TEXT: Spec = must("text", "1 to 4,096 characters");
const MENTIONS: Spec = may(
    "mentions",
    "ids of the people named, at most 100; whoever is named in the text as `@username` is added, who is not in the room dropped",
);
const EMOJI: Spec = must("emoji", "one line of 1 to 32 characters");
const RECEIPT: &str = "`cid, seq, pos {epoch, partition, offset}, at, digest, duplicate, trace_id`";

macro_rules! verbs {
    ($($(#[$doc:meta])* $verb:ident = $name:literal, [$($field:expr),*], $ok:expr, $about:literal;)*) => {
        /// What a command asks.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[allow(missing_docs, reason = "each says what it does in its own table row")]
        pub enum Verb {
            $($verb,)*
        }

        /// Every command there is.
        pub const VERBS: &[Verb] = &[$(Verb::$verb,)*];

        impl Verb {
            /// Their names, in the same order.
            pub const NAMES: &'static [&'static str] = &[$($name,)*];

            /// Its name in a frame.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$verb => $name,)* }
            }

            /// The command of a name.
            #[must_use]
            pub fn named(name: &str) -> Option<Self> {
                match name { $($name => Some(Self::$verb),)* _ => None }
            }

            /// Its fields.
            #[must_use]
            pub const fn fields(self) -> &'static [Spec] {
                match self { $(Self::$verb => const { &[$($field),*] },)* }
            }

            /// What its `ok` carries.
            #[must_use]
            pub const fn ok(self) -> &'static str {
                match self { $(Self::$verb => $ok,)* }
            }

            /// What it does, in a sentence.
            #[must_use]
            pub const fn about(self) -> &'static str {
                match self { $(Self::$verb => $about,)* }
            }
        }
    };
}

verbs! {
    Auth = "auth", [must("token", "an access token")], "",
        "Says who you are, or replaces a token that is about to expire.";
    Subscribe = "subscribe", [
            ROOM,
            may("resume", "`{epoch, seq}`: the last event you have"),
            may("recent", "0 to 100 messages, 50 if absent")
        ],
        "`room {…}, epoch, seq, digest, recovered, reason?, recent[], presence {count, users[≤100]}, read_seq, role`",
        "Hears a room from the instant of the answer on.";
    Unsubscribe = "unsubscribe", [ROOM], "", "Hears it no more.";
    Send = "send", [ROOM, CID, TEXT, may("reply_to", "the seq of the message it answers"), MENTIONS, SINCE], RECEIPT,
        "Says something.";
    Edit = "edit", [ROOM, CID, SEQ, TEXT, MENTIONS, SINCE], RECEIPT, "Says it otherwise.";
    Delete = "delete", [ROOM, CID, SEQ, SINCE], RECEIPT, "Takes it back; a tombstone stays.";
    React = "react", [ROOM, CID, SEQ, EMOJI, SINCE], RECEIPT, "Reacts to a message.";
    Unreact = "unreact", [ROOM, CID, SEQ, EMOJI, SINCE], RECEIPT, "Takes a reaction back.";
    Join = "join", [ROOM, CID, SINCE], RECEIPT, "Becomes a member.";
    Leave = "leave", [ROOM, CID, SINCE], RECEIPT, "Stops being one.";
    Read = "read", [ROOM, must("seq", "how far, at most the head")], "`read_seq`",
        "Moves your read marker, forwards only.";
    Typing = "typing", [ROOM], "", "Tells the room that you are writing.";
    Recent = "recent", [ROOM, may("limit", "0 to 100, 50 if absent")], "`recent[]`",
        "The latest messages as they stand.";
    Presence = "presence", [ROOM], "`count, users[≤100]`", "Who is there.";
    Replay = "replay", [
            ROOM,
            must("from", "`{offset}`, `{time}` or `{seq}`: the first record; beside it `epoch` and `partition`, where an offset was kept with them"),
            may("to", "`{offset}`, the one before it, `{time}` or `{seq}`: the last record; the log's end as it is now if absent"),
            may("window", "how many events may come before you ask for `more`: 1 to 10,000, 256 if absent"),
            may("datum", "whether each event comes with its Avro bytes, base64")
        ],
        "`replay, epoch, partition, from, to`",
        "Reads a room's events from the log itself, as they happened.";
    More = "more", [must("replay", "the replay's number"), must("window", "how many more events may come")], "",
        "Gives credit for a replay's next events; its end, `done`, comes as soon as there is credit for what would come next.";
    Cancel = "cancel", [must("replay", "the replay's number")], "", "Ends a replay: nothing of it comes after the answer.";
    Ping = "ping", [], "`time`", "Asks whether the edge still answers; `time` is its clock.";
}
