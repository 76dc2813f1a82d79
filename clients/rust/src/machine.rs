//! The client without its socket: what comes in (connections, frames, wishes) and what is to be done about it, as data.
//!
//! What must hold: a room's events are handed on once each, in order of seq, or the break is told as a [`Violation`];
//! a command keeps its cid and its `since` over every try; commands of a room are sent in the order they were asked for.

mod commands;
mod rooms;
#[cfg(test)]
mod tests;

use crate::protocol::{Ack, Bye, Comeback, Event, Frame, Refusal, Subscribed};
use commands::Commands;
use rooms::Rooms;
use serde_json::{Value, json};
use uuid::Uuid;

/// The frame that says who we are has this id; all others come after it.
const AUTH_ID: u64 = 1;

/// Where a subscription begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Start {
    /// With what is said from now on.
    Now,
    /// After this seq; 0 means all of it.
    After(u64),
}

/// What a subscriber is told.
#[derive(Clone, Debug, PartialEq)]
pub enum Update {
    /// The subscription stands at this place; what lies before it does not come.
    Snapshot(Box<Subscribed>),
    /// The next event.
    Event(Box<Event>),
    /// All that was missed has come.
    CaughtUp(u64),
    /// Who is there, as the server said it.
    Presence(Value),
    /// Who is typing, as the server said it.
    Typing(Value),
    /// It has ended: the reason is the server's.
    Ended(String),
}

/// A promise that the server broke.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Violation {
    /// An event that had come already, with the seq that was due.
    Repeat {
        /// Where.
        room: Uuid,
        /// What came.
        seq: u64,
        /// What was due.
        due: u64,
    },
    /// An event that came too early.
    Gap {
        /// Where.
        room: Uuid,
        /// What came.
        seq: u64,
        /// What was due.
        due: u64,
    },
    /// A frame that is not the protocol's.
    Unreadable,
}

/// What a command came to.
pub type Outcome = Result<Value, Failure>;

/// Why a command has no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// The server said no.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The connection ended before the answer, and the command is not one that is sent again.
    #[error("the connection ended before the answer")]
    Disconnected,
    /// The client was closed, or the server told it not to come back.
    #[error("the client is closed")]
    Closed,
    /// More commands wait than may.
    #[error("too many commands are waiting")]
    Full,
}

/// Names a command until it has its outcome.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Ticket(pub u64);

/// What the driver is to do.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    /// Send this frame.
    Send(String),
    /// Hand this on to the room's subscriber.
    Tell(Uuid, Update),
    /// The command is done.
    Complete(Ticket, Outcome),
    /// Note that a promise was broken.
    Note(Violation),
    /// Send the commands that wait again after this long.
    RetryAfter {
        /// Milliseconds.
        millis: u64,
    },
    /// Drop the connection; it is worth nothing any more.
    Drop,
}

/// What must not be printed.
struct Secret(String);

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("…")
    }
}

/// The state of one client.
#[derive(Debug)]
pub struct Machine {
    token: Secret,
    connected: bool,
    next_id: u64,
    epoch: Option<Uuid>,
    rooms: Rooms,
    commands: Commands,
    bye: Option<Bye>,
    /// Why the server does not want us back.
    turned_away: Option<String>,
    /// Frames below this one had been sent when [`Machine::tick`] last came.
    tick_at: u64,
    effects: Vec<Effect>,
}

impl Machine {
    /// A client that says who it is with this access token.
    #[must_use]
    pub fn new(token: String) -> Self {
        Self {
            token: Secret(token),
            connected: false,
            next_id: AUTH_ID + 1,
            epoch: None,
            rooms: Rooms::default(),
            commands: Commands::default(),
            bye: None,
            turned_away: None,
            tick_at: AUTH_ID,
            effects: Vec::new(),
        }
    }

    /// What is to be done, in order.
    pub fn effects(&mut self) -> Vec<Effect> {
        std::mem::take(&mut self.effects)
    }

    /// A socket is open: say who we are.
    pub fn opened(&mut self) {
        self.next_id = AUTH_ID + 1;
        self.tick_at = AUTH_ID;
        self.bye = None;
        let token = &self.token.0;
        self.effects.push(Effect::Send(
            json!({ "id": AUTH_ID, "auth": { "token": token } }).to_string(),
        ));
    }

    /// A newer access token, for this connection and those to come.
    pub fn set_token(&mut self, token: String) {
        self.token = Secret(token);
        if self.connected {
            let id = self.take_id();
            let token = &self.token.0;
            self.effects.push(Effect::Send(
                json!({ "id": id, "auth": { "token": token } }).to_string(),
            ));
        }
    }

    /// The socket is gone. Answers when to come back, and how long the server asked to wait.
    pub fn closed(&mut self, code: Option<u16>) -> (Comeback, Option<u64>) {
        self.connected = false;
        self.rooms.disconnected();
        self.commands.disconnected(&mut self.effects);
        let bye = self.bye.take();
        let code = bye.as_ref().map(|bye| bye.code).or(code);
        let comeback = code.map_or(Comeback::Later, Comeback::of_code);
        let (reason, retry_after_ms) = bye.map_or((None, None), |bye| (Some(bye.reason), bye.retry_after_ms));
        if comeback == Comeback::Never {
            self.turned_away = reason;
        }
        (comeback, retry_after_ms)
    }

    /// It is over: every command fails, every subscription ends, with the server's reason if it was the server's wish.
    pub fn shut(&mut self) {
        self.commands.fail_all(&mut self.effects);
        let reason = self.turned_away.as_deref().unwrap_or("closed");
        self.rooms.end_all(reason, &mut self.effects);
    }

    /// Somebody wants to hear a room.
    pub fn subscribe(&mut self, room: Uuid, start: Start) {
        self.rooms.want(room, start);
        self.send_waiting();
    }

    /// They no longer do.
    pub fn unsubscribe(&mut self, room: Uuid) {
        if self.rooms.forget(room) && self.connected {
            let id = self.take_id();
            self.effects.push(Effect::Send(
                json!({ "id": id, "unsubscribe": { "room": room } }).to_string(),
            ));
        }
    }

    /// A command that the log will hold: sent again with the same cid until its outcome is known.
    pub fn write(&mut self, ticket: Ticket, name: &'static str, room: Uuid, cid: Uuid, mut body: Value) {
        body["room"] = json!(room);
        body["cid"] = json!(cid);
        self.commands.add(ticket, name, body, Some(room), &mut self.effects);
        self.send_waiting();
    }

    /// A command that leaves no trace: tried once.
    pub fn ask(&mut self, ticket: Ticket, name: &'static str, body: Value) {
        self.commands.add(ticket, name, body, None, &mut self.effects);
        self.send_waiting();
    }

    /// Commands that were put off are due again.
    pub fn retry(&mut self) {
        self.commands.retry();
        self.rooms.retry();
        self.send_waiting();
    }

    /// Some time has passed, the same from tick to tick: a frame that is without an answer over a whole one will have
    /// none, and the connection is given up, so that commands are sent again on another.
    pub fn tick(&mut self) {
        let greeting = (!self.connected).then_some(AUTH_ID);
        let oldest = [greeting, self.rooms.oldest_asked(), self.commands.oldest_sent()];
        if oldest
            .into_iter()
            .flatten()
            .min()
            .is_some_and(|frame| frame < self.tick_at)
        {
            self.effects.push(Effect::Drop);
        }
        self.tick_at = self.next_id;
    }

    /// A text message came: one frame a line.
    pub fn message(&mut self, text: &str) {
        for line in text.split('\n').filter(|line| !line.is_empty()) {
            match serde_json::from_str(line) {
                Ok(frame) => self.frame(frame),
                Err(_) => self.effects.push(Effect::Note(Violation::Unreadable)),
            }
        }
    }

    fn frame(&mut self, frame: Frame) {
        if let Some(id) = frame.id {
            let answer = match (frame.ok, frame.error) {
                (_, Some(refusal)) => Err(refusal),
                (ok, None) => Ok(ok.unwrap_or_default()),
            };
            self.reply(id, answer);
        } else if let Some(event) = frame.event {
            match self.rooms.event(event, &mut self.effects) {
                Ok(()) => self.send_waiting(),
                Err(_) => self.effects.push(Effect::Drop),
            }
        } else if frame.ping.is_some() {
            self.effects.push(Effect::Send(r#"{"pong":{}}"#.to_owned()));
        } else if let Some(hello) = frame.hello {
            self.epoch = Some(hello.epoch);
            self.greeted();
        } else if let Some(mark) = frame.caught_up {
            self.rooms.caught_up(mark.room, mark.seq, &mut self.effects);
        } else if let Some(mark) = frame.lagged {
            self.rooms.again(mark.room);
            self.send_waiting();
        } else if let Some(gone) = frame.gone {
            self.rooms.ended(gone.room, &gone.reason, &mut self.effects);
        } else if let Some(bye) = frame.bye {
            self.bye = Some(bye);
        } else if let Some(presence) = frame.presence {
            self.tell_soft(presence, Update::Presence);
        } else if let Some(typing) = frame.typing {
            self.tell_soft(typing, Update::Typing);
        }
    }

    fn tell_soft(&mut self, push: Value, update: fn(Value) -> Update) {
        if let Some(room) = push["room"].as_str().and_then(|room| room.parse().ok()) {
            self.effects.push(Effect::Tell(room, update(push)));
        }
    }

    fn greeted(&mut self) {
        self.connected = true;
        self.send_waiting();
    }

    fn reply(&mut self, id: u64, answer: Result<Value, Refusal>) {
        if let Some((room, current)) = self.rooms.answered(id) {
            match answer {
                _ if !current => {}
                Ok(ok) => self.rooms.subscribed(room, ok, &mut self.effects),
                Err(refusal) if refusal.retryable => {
                    let millis = refusal.retry_after_ms.unwrap_or(RETRY_MILLIS);
                    self.rooms.put_off(room);
                    self.effects.push(Effect::RetryAfter { millis });
                }
                Err(refusal) => self.rooms.ended(room, &refusal.name, &mut self.effects),
            }
        } else {
            self.commands.reply(id, answer, &mut self.effects);
        }
        self.send_waiting();
    }

    fn send_waiting(&mut self) {
        if !self.connected {
            return;
        }
        while let Some(frame) = self.rooms.ask(self.next_id, self.epoch) {
            self.next_id += 1;
            self.effects.push(Effect::Send(frame));
        }
        while let Some(frame) = self.commands.next(self.next_id, |room| self.rooms.head(room)) {
            self.next_id += 1;
            self.effects.push(Effect::Send(frame));
        }
    }

    fn take_id(&mut self) -> u64 {
        self.next_id += 1;
        self.next_id - 1
    }
}

/// How long a retryable refusal that names no time is put off, milliseconds.
const RETRY_MILLIS: u64 = 250;

/// Reads a write's receipt.
///
/// # Errors
/// When the server's answer is none.
pub fn ack(value: Value) -> Result<Ack, serde_json::Error> {
    serde_json::from_value(value)
}
