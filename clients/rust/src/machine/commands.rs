//! Commands that have no outcome yet.

use super::{Effect, Failure, RETRY_MILLIS, Ticket};
use crate::protocol::Refusal;
use serde_json::{Value, json};
use std::collections::VecDeque;
use uuid::Uuid;

/// Sent and unanswered at once, of the 64 that the server lets wait; the rest is for subscriptions, a token, a leave.
pub(super) const MOST_SENT: usize = 44;

/// Without outcome at once, sent or not.
const MOST_WAITING: usize = 10_000;

#[derive(Debug)]
struct Command {
    ticket: Ticket,
    name: &'static str,
    body: Value,
    /// Of a write: its room. It is sent again when its outcome is unknown.
    room: Option<Uuid>,
    /// Whether `since` was chosen: it is once, before the first try.
    tried: bool,
    state: State,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Waiting,
    Sent(u64),
    PutOff,
}

/// In the order they were asked for.
#[derive(Debug, Default)]
pub(super) struct Commands {
    queue: VecDeque<Command>,
    sent: usize,
}

impl Commands {
    pub(super) fn add(
        &mut self,
        ticket: Ticket,
        name: &'static str,
        body: Value,
        room: Option<Uuid>,
        effects: &mut Vec<Effect>,
    ) {
        if self.queue.len() >= MOST_WAITING {
            effects.push(Effect::Complete(ticket, Err(Failure::Full)));
            return;
        }
        self.queue.push_back(Command {
            ticket,
            name,
            body,
            room,
            tried: false,
            state: State::Waiting,
        });
    }

    /// The next frame to send, which then has this id. A command that was put off holds back all after it: the order
    /// in which a person said things must not change. `head_of` says what head of a room is seen now, if one is.
    pub(super) fn next(&mut self, id: u64, head_of: impl Fn(Uuid) -> Option<u64>) -> Option<String> {
        if self.sent >= MOST_SENT {
            return None;
        }
        let command = self
            .queue
            .iter_mut()
            .find(|command| !matches!(command.state, State::Sent(_)))?;
        if command.state == State::PutOff {
            return None;
        }
        if let (false, Some(head)) = (command.tried, command.room.and_then(head_of)) {
            command.body["since"] = json!(head);
        }
        command.tried = true;
        command.state = State::Sent(id);
        self.sent += 1;
        let mut frame = json!({ "id": id });
        frame[command.name] = command.body.clone();
        Some(frame.to_string())
    }

    pub(super) fn reply(&mut self, id: u64, answer: Result<Value, Refusal>, effects: &mut Vec<Effect>) {
        let Some(at) = self.queue.iter().position(|command| command.state == State::Sent(id)) else {
            return;
        };
        self.sent -= 1;
        match answer {
            Err(refusal) if refusal.retryable && self.queue[at].room.is_some() => {
                self.queue[at].state = State::PutOff;
                effects.push(Effect::RetryAfter {
                    millis: refusal.retry_after_ms.unwrap_or(RETRY_MILLIS),
                });
            }
            answer => {
                let ticket = self.queue.remove(at).expect("just found").ticket;
                effects.push(Effect::Complete(ticket, answer.map_err(Failure::Refused)));
            }
        }
    }

    /// The oldest frame that awaits an answer.
    pub(super) fn oldest_sent(&self) -> Option<u64> {
        let frame = |command: &Command| match command.state {
            State::Sent(frame) => Some(frame),
            State::Waiting | State::PutOff => None,
        };
        self.queue.iter().filter_map(frame).min()
    }

    pub(super) fn retry(&mut self) {
        for command in self.queue.iter_mut().filter(|command| command.state == State::PutOff) {
            command.state = State::Waiting;
        }
    }

    pub(super) fn disconnected(&mut self, effects: &mut Vec<Effect>) {
        self.sent = 0;
        self.queue.retain_mut(|command| {
            let lost = matches!(command.state, State::Sent(_)) && command.room.is_none();
            if lost {
                effects.push(Effect::Complete(command.ticket, Err(Failure::Disconnected)));
            }
            command.state = State::Waiting;
            !lost
        });
    }

    pub(super) fn fail_all(&mut self, effects: &mut Vec<Effect>) {
        self.sent = 0;
        for command in self.queue.drain(..) {
            effects.push(Effect::Complete(command.ticket, Err(Failure::Closed)));
        }
    }
}
