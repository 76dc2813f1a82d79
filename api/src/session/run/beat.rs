//! A session's time: who it is must be said in time, pings go out, something comes back, tokens run out.

use super::Session;
use crate::config::millis;
use crate::protocol::close::Code;
use crate::protocol::reply;
use std::time::Duration;
use tokio::time::Instant;

/// While the store of people is away, a session whose token ran out lives on for so long.
const EXPIRY_GRACE: Duration = Duration::from_secs(60 * 60);

/// What the timer waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Beat {
    /// It must be known who this is.
    Auth,
    /// The next ping is due.
    Ping,
    /// Something must have come since the ping.
    Pong,
}

impl Session {
    /// What the time asks for; a code when the session must end.
    pub(super) fn tick(&mut self) -> Option<Code> {
        let alive = std::mem::take(&mut self.heard) | self.socket.take_progress();
        match self.beat {
            Beat::Auth => return Some(Code::AuthTimeout),
            Beat::Pong if !alive => return Some(Code::NoPong),
            Beat::Pong => {
                let rest = self
                    .door
                    .config
                    .ping_interval_ms
                    .saturating_sub(self.door.config.pong_timeout_ms);
                self.set_timer(Beat::Ping, millis(rest));
            }
            Beat::Ping => {
                self.outbox.control(reply::PING);
                self.set_timer(Beat::Pong, millis(self.door.config.pong_timeout_ms));
                self.give_back();
                self.check_expiry();
            }
        }
        None
    }

    /// A session that does nothing keeps nothing.
    fn give_back(&mut self) {
        if self.waiting() == 0 {
            self.commands = None;
        }
    }

    fn check_expiry(&mut self) {
        let Some(who) = &self.who else { return };
        let over = self.door.now().as_millis() - who.expires_at.as_millis();
        if over < 0 {
            return;
        }
        if over > i64::try_from(EXPIRY_GRACE.as_millis()).unwrap_or(i64::MAX) {
            self.outbox.close(Code::TokenExpired.into());
            return;
        }
        let door = self.door.clone();
        self.start(async move { door.expired().await });
    }

    pub(super) fn set_timer(&mut self, beat: Beat, after: Duration) {
        self.beat = beat;
        self.timer.as_mut().reset(Instant::now() + after);
    }
}
