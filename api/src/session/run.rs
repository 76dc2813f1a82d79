//! A session's life: one task that reads frames, lets their commands run, writes what waits and watches the time.
//!
//! What must hold: the task owns everything of the session and no buffer it does not need; frames are taken in order,
//! and a command's future is first polled in that order, so that what a session writes to one room is handed over in
//! the order of its frames; nothing here waits for one command while another could go on.

mod beat;

use self::beat::Beat;
use super::commands::{self, Done};
use super::socket::{Inward as Came, Socket};
use super::{Door, Who};
use crate::config::millis;
use crate::edge::outbox::{Close, Outbox};
use crate::error::{Error, Name};
use crate::metrics::doors::{self, Asked};
use crate::protocol::close::Code;
use crate::protocol::{Command, Frame, reply};
use crate::trace::Trace;
use engine::telemetry::within;
use futures_util::Stream as _;
use futures_util::future::BoxFuture;
use futures_util::stream::FuturesUnordered;
use std::future::{Future as _, poll_fn};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use tokio::time::Sleep;
use tokio_tungstenite::tungstenite::Utf8Bytes;
use uuid::Uuid;

type Running = FuturesUnordered<BoxFuture<'static, Done>>;

pub(super) struct Session {
    door: Arc<Door>,
    id: Uuid,
    socket: Socket,
    outbox: Arc<Outbox>,
    who: Option<Box<Who>>,
    /// A message that is being taken apart, and how far.
    message: Option<(Utf8Bytes, usize)>,
    commands: Option<Box<Running>>,
    /// An `auth` is being looked at: frames behind it wait.
    authenticating: bool,
    beat: Beat,
    timer: Pin<Box<Sleep>>,
    heard: bool,
    /// Nothing more is read: the session is about to end.
    deaf: bool,
    /// Nothing is read until less waits.
    held_back: bool,
    /// Refusals in a row, for asking too often.
    too_often: u32,
    inward: Option<(Arc<Inward>, Waker)>,
}

/// Wakes the session for whatever is not its outbox: only then are its socket, its commands and its timer looked at.
/// A push wakes it past this, and costs no more than the write.
struct Inward {
    due: AtomicBool,
    task: Waker,
}

impl Wake for Inward {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.due.store(true, Ordering::Release);
        self.task.wake_by_ref();
    }
}

/// How a session ends.
enum End {
    /// With a `bye`.
    Close(Close),
    /// The peer is gone.
    Gone,
}

/// What came of looking for a frame.
enum Taken {
    Something,
    Gone,
}

impl Session {
    pub(super) fn new(door: Arc<Door>, socket: Socket) -> Self {
        let timer = Box::pin(tokio::time::sleep(millis(door.config.auth_timeout_ms)));
        Self {
            id: Uuid::new_v4(),
            outbox: door.edge.outbox(socket.sink()),
            door,
            socket,
            who: None,
            message: None,
            commands: None,
            authenticating: false,
            beat: Beat::Auth,
            timer,
            heard: true,
            deaf: false,
            held_back: false,
            too_often: 0,
            inward: None,
        }
    }

    /// Lives until it ends.
    pub(super) async fn run(mut self) {
        let end = poll_fn(|cx| self.poll(cx)).await;
        if let Some(who) = self.who.take() {
            self.door.registry.remove(who.caller.user_id, self.id);
        }
        match end {
            End::Gone => doors::session_gone(),
            End::Close(close) => {
                doors::session_closed(close.code);
                let bye = reply::bye(close.code, &close.reason, self.door.comeback_ms(close.code));
                self.socket.close(&bye, close.code, &close.reason).await;
            }
        }
    }

    /// Starts as somebody: says hello.
    pub(super) fn begin(&mut self, identity: super::Identity) {
        let (user, login) = (identity.caller.user_id, identity.login);
        let hello = self.door.hello(self.id, &identity);
        self.door.registry.add(user, self.id, login, &self.outbox);
        match self.door.still_good(user, login) {
            Ok(()) => self.outbox.reply(hello),
            Err(code) => self.end(code),
        }
        self.who = Some(Box::new(self.door.enter(identity, self.outbox.clone())));
        let interval = millis(self.door.config.ping_interval_ms);
        self.set_timer(Beat::Ping, interval.mul_f64(rand::random_range(0.0..=1.0)));
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<End> {
        let (due, waker) = self.inward(cx);
        let mut inward = Context::from_waker(&waker);
        if due && self.poll_inward(&mut inward).is_ready() {
            return Poll::Ready(End::Gone);
        }
        match self.socket.poll_write(cx, &self.outbox) {
            // Whoever is sent elsewhere still hears what became of the commands under way.
            Poll::Ready(Ok(close)) if close.code == Code::Draining.code() && self.waiting() > 0 => self.deaf = true,
            Poll::Ready(Ok(close)) => return Poll::Ready(End::Close(close)),
            Poll::Ready(Err(_)) => return Poll::Ready(End::Gone),
            Poll::Pending => {}
        }
        if self.held_back && !self.is_full() {
            waker.wake_by_ref();
        }
        while due && self.timer.as_mut().poll(&mut inward).is_ready() {
            if let Some(code) = self.tick() {
                return Poll::Ready(End::Close(code.into()));
            }
            // The ping itself leaves with the next turn.
            waker.wake_by_ref();
        }
        Poll::Pending
    }

    /// Whether anything but the outbox may have something, and the waker to give to it.
    fn inward(&mut self, cx: &Context<'_>) -> (bool, Waker) {
        match &self.inward {
            Some((inward, waker)) if inward.task.will_wake(cx.waker()) => {
                (inward.due.swap(false, Ordering::AcqRel), waker.clone())
            }
            _ => {
                let task = cx.waker().clone();
                let due = AtomicBool::new(false);
                let inward = Arc::new(Inward { due, task });
                let waker = Waker::from(inward.clone());
                self.inward = Some((inward, waker.clone()));
                (true, waker)
            }
        }
    }

    /// Takes what the socket and the commands have; ready when the peer is gone.
    fn poll_inward(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        self.held_back = false;
        loop {
            // All frames that are there before any command: so the bound on waiting commands is exact, and commands are
            // first polled in the order of their frames.
            while let Poll::Ready(taken) = self.poll_frames(cx) {
                if matches!(taken, Taken::Gone) {
                    return Poll::Ready(());
                }
            }
            if !self.poll_commands(cx) {
                break;
            }
        }
        Poll::Pending
    }

    /// Takes the answers that are there; false when there is none.
    fn poll_commands(&mut self, cx: &mut Context<'_>) -> bool {
        let mut any = false;
        while let Some(commands) = &mut self.commands {
            match Pin::new(commands.as_mut()).poll_next(cx) {
                Poll::Ready(Some(Done::Reply(frame))) => self.outbox.reply(frame),
                Poll::Ready(Some(Done::Silent)) => {}
                Poll::Ready(Some(Done::Auth { id, trace, result })) => self.authenticated(id, &trace, result),
                Poll::Ready(Some(Done::Expired)) => self.outbox.close(Code::TokenExpired.into()),
                Poll::Ready(None) | Poll::Pending => break,
            }
            any = true;
        }
        any
    }

    /// The peer does not read what it asked for: then it is not asked what else it wants.
    fn is_full(&self) -> bool {
        self.socket.is_stuck() || self.outbox.waiting().0 > self.door.config.max_reply_bytes
    }

    /// Takes the next frames: those of the message at hand, else of the next one. Pending when nothing more can be
    /// taken now.
    fn poll_frames(&mut self, cx: &mut Context<'_>) -> Poll<Taken> {
        if self.deaf || self.authenticating {
            return Poll::Pending;
        }
        if self.is_full() {
            self.held_back = true;
            return Poll::Pending;
        }
        if let Some((message, from)) = self.message.take() {
            self.take_frame(message, from);
            return Poll::Ready(Taken::Something);
        }
        match self.socket.poll_read(cx) {
            Poll::Pending => return Poll::Pending,
            Poll::Ready(Came::Text(text)) => self.message = Some((text, 0)),
            Poll::Ready(Came::Alive) => {}
            Poll::Ready(Came::Bad) => self.end(Code::BadFrame),
            Poll::Ready(Came::Gone) => return Poll::Ready(Taken::Gone),
        }
        self.heard = true;
        Poll::Ready(Taken::Something)
    }

    /// Hears nothing more; ends once what waits is written.
    pub(super) fn end(&mut self, code: Code) {
        self.deaf = true;
        self.outbox.close(code.into());
    }

    fn take_frame(&mut self, message: Utf8Bytes, from: usize) {
        let rest = &message[from..];
        let (line, next) = match rest.split_once('\n') {
            Some((line, _)) => (line, Some(from + line.len() + 1)),
            None => (rest, None),
        };
        if !line.trim_ascii().is_empty() {
            match Frame::parse(line) {
                Ok(frame) => self.take(frame),
                Err(_) => return self.end(Code::BadFrame),
            }
        }
        self.message = next.map(|next| (message, next));
    }

    fn take(&mut self, frame: Frame) {
        let Frame::Command {
            id,
            verb,
            trace,
            command,
        } = frame
        else {
            return;
        };
        let trace = Trace::of_command(verb, trace);
        let command = match &self.who {
            // What is wrong with a command makes it no cheaper.
            Some(who) => self.door.people.check(who.caller.user_id).and(command),
            None => command,
        };
        self.too_often = match &command {
            Err(error) if error.name == Name::RateLimited => self.too_often + 1,
            _ => 0,
        };
        match (command, &self.who) {
            (Ok(Command::Auth { token }), _) => {
                self.authenticating = true;
                let door = self.door.clone();
                self.start(async move { door.authenticate(id, trace, &token).await });
            }
            (_, None) => {
                self.refuse(
                    id,
                    &trace,
                    &Error::new(Name::Unauthenticated, "the first frame must be auth"),
                );
                self.end(Code::Unauthenticated);
            }
            (Err(error), Some(_)) => {
                self.refuse(id, &trace, &error);
                if self.too_often > self.door.refusals_before_close {
                    self.end(Code::RateLimited);
                }
            }
            (Ok(_), Some(_)) if self.waiting() >= self.door.config.max_commands => {
                let most = self.door.config.max_commands;
                let error = Error::new(
                    Name::Overloaded,
                    format!("{most} commands of this session are waiting already"),
                );
                self.refuse(id, &trace, &error);
            }
            (Ok(command), Some(who)) => {
                let (span, context) = (trace.span().clone(), trace.context().clone());
                match commands::begin(who, id, command, trace, Asked::begin(verb)) {
                    commands::Begun::Done(frame) => self.outbox.reply(frame),
                    commands::Begun::Running(future) => self.start(within(&context, span, future)),
                }
            }
        }
    }

    fn waiting(&self) -> usize {
        self.commands.as_ref().map_or(0, |commands| commands.len())
    }

    fn start(&mut self, command: impl Future<Output = Done> + Send + 'static) {
        self.commands.get_or_insert_default().push(Box::pin(command));
    }

    fn refuse(&self, id: u64, trace: &Trace, error: &Error) {
        doors::refused(error.name);
        self.outbox.reply(reply::error(id, error, &trace.id()));
    }

    fn authenticated(&mut self, id: u64, trace: &Trace, result: Result<super::Identity, super::Refused>) {
        self.authenticating = false;
        match (result, &mut self.who) {
            (Err(refused), who) => {
                self.outbox.reply(reply::error(id, &refused.error, &trace.id()));
                if who.is_none() {
                    self.end(refused.code);
                }
            }
            (Ok(identity), None) => {
                self.begin(identity);
                self.outbox.reply(commands::empty(id));
            }
            (Ok(identity), Some(who)) if who.caller.user_id == identity.caller.user_id => {
                let (user, login) = (identity.caller.user_id, identity.login);
                who.expires_at = identity.expires_at;
                // They may be called otherwise by now.
                who.caller = identity.caller;
                self.door.registry.replace_login(user, self.id, login);
                self.outbox.reply(commands::empty(id));
                if let Err(code) = self.door.still_good(user, login) {
                    self.end(code);
                }
            }
            (Ok(_), Some(_)) => {
                let error = Error::bad_field("token", "the token is somebody else's");
                self.refuse(id, trace, &error);
            }
        }
    }
}
