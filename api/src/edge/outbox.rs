//! What waits to be written to one session: frames of JSON text, bounded in bytes, none of them copied.
//!
//! What must hold: order is kept; a reply is never dropped; when the bound is reached, typing and presence go
//! first, then the caller is told that the event did not fit ([`Full`]) so that it pauses the room; nothing is
//! allocated while nothing waits. It knows no rooms, and of its socket only that it can be written to.
//!
//! Whoever takes the waker owes the session a write or a wake-up: so what was queued is never left lying, and nobody is
//! woken twice for it.

use super::metrics;
use super::traces::Delivery;
use bytes::Bytes;
use parking_lot::Mutex;
use std::borrow::Cow;
use std::collections::VecDeque;
use std::fmt::Debug;
use std::future::poll_fn;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

/// Why a session must end, as its `bye` will say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Close {
    /// 4000 to 4999.
    pub code: u16,
    /// A word for people.
    pub reason: Cow<'static, str>,
}

impl Close {
    /// The session reads too slowly to be told even that.
    pub const TOO_SLOW: Self = Self {
        code: 4202,
        reason: Cow::Borrowed("too slow"),
    };
}

/// What a frame is, and so what becomes of it when the session is slow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Class {
    /// Never dropped; counted apart.
    Reply,
    /// Not dropped once it is in.
    Event,
    /// Dropped first.
    Ephemeral,
}

#[derive(Debug)]
struct Entry {
    frame: Bytes,
    class: Class,
    /// Where its trace is recorded.
    delivery: Option<Box<Delivery>>,
}

/// An event did not fit: the session must be told that it lags, in the room of that event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Full;

/// What [`Outbox::take`] has moved out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Taken {
    /// Bytes of the frames.
    pub bytes: usize,
    /// How many of them are replies, events (and what is never dropped like them), ephemerals.
    pub kinds: [usize; 3],
    /// Whether more is waiting.
    pub more: bool,
    /// Set once the session must end; frames that were taken are still to be written before the `bye`.
    pub close: Option<Close>,
}

/// Where a session's frames go. Many may flush, one at a time.
pub trait Sink: Debug + Send + Sync {
    /// Writes what waits, without waiting itself. False when the session's own task must go on: the other side takes
    /// no more for now, or the session is over.
    fn flush(&self, outbox: &Outbox) -> bool;
}

/// One session's queue. Many push; its frames are taken in order.
#[derive(Debug)]
pub struct Outbox {
    bound: usize,
    reserve: usize,
    sink: Option<Arc<dyn Sink>>,
    queue: Mutex<Queue>,
}

/// Frames that wait for whoever holds this, and for nobody else, to have them written.
#[must_use = "what waits is written by nobody else"]
#[derive(Debug)]
pub struct Due {
    outbox: Arc<Outbox>,
    waker: Waker,
}

impl Due {
    /// Writes what waits; wakes the session's own task where that can't be done at once.
    pub fn write(self) {
        let Self { outbox, waker } = self;
        let Some(sink) = &outbox.sink else {
            return waker.wake();
        };
        let mut waker = Some(waker);
        while sink.flush(&outbox) {
            if outbox.rest(&mut waker) {
                return;
            }
        }
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    /// Leaves the writing to the session's own task.
    pub fn wake(self) {
        self.waker.wake();
    }
}

/// The first frame has a place of its own: a session that keeps up never allocates.
#[derive(Debug, Default)]
struct Queue {
    first: Option<Entry>,
    rest: VecDeque<Entry>,
    reply_bytes: usize,
    push_bytes: usize,
    close: Option<Close>,
    waker: Option<Waker>,
    /// Who waits for the pushes to go down to so many bytes.
    low: Vec<(usize, Waker)>,
    abandoned: bool,
}

/// The session has ended: nothing will be taken any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Abandoned;

impl Outbox {
    /// An outbox in which `bound` bytes of pushes may wait, and `reserve` more for telling that it is full.
    #[must_use]
    pub fn new(bound: usize, reserve: usize) -> Self {
        Self {
            bound,
            reserve,
            sink: None,
            queue: Mutex::default(),
        }
    }

    /// Lets others than the session's own task write to its socket.
    #[must_use]
    pub fn with_sink(mut self, sink: Arc<dyn Sink>) -> Self {
        self.sink = Some(sink);
        self
    }

    /// Queues a reply, whatever waits: its caller bounds how many commands a session may have waiting.
    pub fn reply(&self, frame: Bytes) {
        self.with(|queue| queue.put(frame, Class::Reply));
    }

    /// Queues an event, throwing typing and presence away if there is no room for it otherwise.
    ///
    /// # Errors
    /// [`Full`] when it does not fit even then; it was not queued.
    pub fn event(&self, frame: Bytes) -> Result<(), Full> {
        self.with(|queue| queue.put_event(frame, None, self.bound))
    }

    /// Queues typing or presence if there is room.
    pub fn ephemeral(&self, frame: Bytes) {
        self.with(|queue| queue.put_ephemeral(frame, self.bound));
    }

    /// As [`Outbox::event`], but wakes nobody: the caller gets the duty, unless somebody has it already. `delivery` goes
    /// with the frame.
    ///
    /// # Errors
    /// [`Full`], as [`Outbox::event`].
    pub fn post_event(self: &Arc<Self>, frame: Bytes, delivery: Option<Box<Delivery>>) -> Result<Option<Due>, Full> {
        let (put, waker) = self.change(|queue| queue.put_event(frame, delivery, self.bound));
        put.map(|()| self.due(waker))
    }

    /// As [`Outbox::ephemeral`], but wakes nobody: the caller gets the duty, unless somebody has it already.
    pub fn post_ephemeral(self: &Arc<Self>, frame: Bytes) -> Option<Due> {
        let ((), waker) = self.change(|queue| queue.put_ephemeral(frame, self.bound));
        self.due(waker)
    }

    fn due(self: &Arc<Self>, waker: Option<Waker>) -> Option<Due> {
        let outbox = self.clone();
        waker.map(|waker| Due { outbox, waker })
    }

    /// Queues what a session must hear even when it is slow (`lagged`, `gone`, `bye`); if even the reserve is used
    /// up, the session is closed as too slow.
    pub fn control(&self, frame: Bytes) {
        self.with(|queue| {
            if queue.push_bytes + frame.len() > self.bound + self.reserve {
                queue.close.get_or_insert(Close::TOO_SLOW);
            } else {
                queue.put(frame, Class::Event);
            }
        });
    }

    /// Ends the session once what waits is written. The first reason stands.
    pub fn close(&self, close: Close) {
        self.with(|queue| {
            queue.close.get_or_insert(close);
        });
    }

    /// Moves what waits into `frames`, in order, until at least `most_bytes` are there, and what goes with some of them
    /// into `deliveries`.
    pub fn take(&self, frames: &mut Vec<Bytes>, deliveries: &mut Vec<Delivery>, most_bytes: usize) -> Taken {
        let mut queue = self.queue.lock();
        let (mut bytes, mut kinds) = (0, [0; 3]);
        while bytes < most_bytes {
            let Some(entry) = queue.pop() else { break };
            kinds[entry.class as usize] += 1;
            bytes += entry.frame.len();
            frames.push(entry.frame);
            deliveries.extend(entry.delivery.map(|delivery| *delivery));
        }
        let more = queue.first.is_some();
        if !more {
            queue.rest = VecDeque::new();
        }
        let taken = Taken {
            bytes,
            kinds,
            more,
            close: if more { None } else { queue.close.clone() },
        };
        let low = queue.lowered();
        drop(queue);
        low.into_iter().for_each(|(_, waker)| waker.wake());
        taken
    }

    /// Waits until at most `level` bytes of pushes wait. Cancel-safe.
    ///
    /// # Errors
    /// [`Abandoned`] when the session has ended.
    pub async fn low(&self, level: usize) -> Result<(), Abandoned> {
        poll_fn(|cx| {
            let mut queue = self.queue.lock();
            if queue.abandoned {
                Poll::Ready(Err(Abandoned))
            } else if queue.push_bytes <= level {
                Poll::Ready(Ok(()))
            } else {
                let waits = |(there, waker): &(usize, Waker)| *there == level && waker.will_wake(cx.waker());
                if !queue.low.iter().any(waits) {
                    queue.low.push((level, cx.waker().clone()));
                }
                Poll::Pending
            }
        })
        .await
    }

    /// Nothing will be taken any more: what waits is thrown away, and what comes, too.
    pub fn abandon(&self) {
        let low = {
            let mut queue = self.queue.lock();
            queue.abandoned = true;
            queue.first = None;
            queue.rest = VecDeque::new();
            (queue.reply_bytes, queue.push_bytes) = (0, 0);
            std::mem::take(&mut queue.low)
        };
        low.into_iter().for_each(|(_, waker)| waker.wake());
    }

    /// Ready when something waits or the session must end. One task may wait at a time: the last one that asked.
    pub fn poll_ready(&self, cx: &mut Context<'_>) -> Poll<()> {
        let mut queue = self.queue.lock();
        if queue.due() {
            return Poll::Ready(());
        }
        match &mut queue.waker {
            Some(waker) => waker.clone_from(cx.waker()),
            none => *none = Some(cx.waker().clone()),
        }
        Poll::Pending
    }

    /// Waits until something waits. Cancel-safe.
    pub async fn ready(&self) {
        poll_fn(|cx| self.poll_ready(cx)).await;
    }

    /// Bytes that wait: replies, then pushes.
    #[must_use]
    pub fn waiting(&self) -> (usize, usize) {
        let queue = self.queue.lock();
        (queue.reply_bytes, queue.push_bytes)
    }

    /// Puts the waker back, if nothing waits.
    fn rest(&self, waker: &mut Option<Waker>) -> bool {
        let mut queue = self.queue.lock();
        if queue.due() {
            return false;
        }
        if queue.waker.is_none() {
            queue.waker = waker.take();
        }
        true
    }

    fn with<R>(&self, change: impl FnOnce(&mut Queue) -> R) -> R {
        let (result, waker) = self.change(change);
        if let Some(waker) = waker {
            waker.wake();
        }
        result
    }

    /// Changes the queue; with something waiting then, the waker is the caller's, unless somebody has it already.
    fn change<R>(&self, change: impl FnOnce(&mut Queue) -> R) -> (R, Option<Waker>) {
        let mut queue = self.queue.lock();
        let result = change(&mut queue);
        let waker = if queue.due() { queue.waker.take() } else { None };
        (result, waker)
    }
}

impl Queue {
    /// Whether there is something to write, or to end.
    const fn due(&self) -> bool {
        self.first.is_some() || self.close.is_some()
    }

    /// Those who waited for as little as there is now.
    fn lowered(&mut self) -> Vec<(usize, Waker)> {
        if self.low.is_empty() {
            return Vec::new();
        }
        let pushes = self.push_bytes;
        let waiting = std::mem::take(&mut self.low);
        let (woken, waiting) = waiting.into_iter().partition(|(level, _)| pushes <= *level);
        self.low = waiting;
        woken
    }

    fn put_event(&mut self, frame: Bytes, delivery: Option<Box<Delivery>>, bound: usize) -> Result<(), Full> {
        if self.push_bytes + frame.len() > bound {
            self.drop_ephemeral();
        }
        if self.push_bytes + frame.len() > bound {
            return Err(Full);
        }
        let class = Class::Event;
        self.put_entry(Entry { frame, class, delivery });
        Ok(())
    }

    fn put_ephemeral(&mut self, frame: Bytes, bound: usize) {
        if self.push_bytes + frame.len() <= bound {
            self.put(frame, Class::Ephemeral);
        } else {
            metrics::dropped(1);
        }
    }

    fn put(&mut self, frame: Bytes, class: Class) {
        let delivery = None;
        self.put_entry(Entry { frame, class, delivery });
    }

    fn put_entry(&mut self, entry: Entry) {
        if self.abandoned {
            return;
        }
        *self.count(entry.class) += entry.frame.len();
        if self.first.is_none() {
            self.first = Some(entry);
        } else {
            self.rest.push_back(entry);
        }
    }

    fn pop(&mut self) -> Option<Entry> {
        let entry = self.first.take()?;
        self.first = self.rest.pop_front();
        *self.count(entry.class) -= entry.frame.len();
        Some(entry)
    }

    fn drop_ephemeral(&mut self) {
        let mut kept = Self {
            close: self.close.take(),
            waker: self.waker.take(),
            low: std::mem::take(&mut self.low),
            abandoned: self.abandoned,
            ..Self::default()
        };
        let mut dropped = 0;
        while let Some(entry) = self.pop() {
            if entry.class == Class::Ephemeral {
                dropped += 1;
            } else {
                kept.put_entry(entry);
            }
        }
        metrics::dropped(dropped);
        *self = kept;
    }

    fn count(&mut self, class: Class) -> &mut usize {
        match class {
            Class::Reply => &mut self.reply_bytes,
            Class::Event | Class::Ephemeral => &mut self.push_bytes,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(text: &'static str) -> Bytes {
        Bytes::from_static(text.as_bytes())
    }

    fn taken(outbox: &Outbox) -> Vec<Bytes> {
        let mut frames = Vec::new();
        outbox.take(&mut frames, &mut Vec::new(), usize::MAX);
        frames
    }

    #[test]
    fn frames_leave_in_order() {
        let outbox = Outbox::new(100, 10);
        outbox.reply(frame("one"));
        outbox.event(frame("two")).expect("room enough");
        outbox.ephemeral(frame("three"));
        assert_eq!(taken(&outbox), ["one", "two", "three"]);
        assert_eq!(outbox.waiting(), (0, 0));
    }

    #[test]
    fn typing_and_presence_go_first_then_the_room() {
        let outbox = Outbox::new(10, 5);
        outbox.event(frame("aaaa")).expect("room enough");
        outbox.ephemeral(frame("tttt"));
        outbox.event(frame("bbbb")).expect("what was ephemeral makes room");
        assert_eq!(outbox.event(frame("cccc")), Err(Full));
        outbox.control(frame("lag"));
        assert_eq!(taken(&outbox), ["aaaa", "bbbb", "lag"]);
    }

    #[test]
    fn replies_are_never_dropped_and_take_no_room_from_pushes() {
        let outbox = Outbox::new(4, 0);
        outbox.event(frame("full")).expect("room enough");
        outbox.reply(frame("a long reply"));
        assert_eq!(taken(&outbox), ["full", "a long reply"]);
    }

    #[test]
    fn without_room_even_for_lagged_the_session_ends() {
        let outbox = Outbox::new(4, 2);
        outbox.event(frame("full")).expect("room enough");
        outbox.control(frame("lagged"));
        let mut frames = Vec::new();
        assert_eq!(
            outbox.take(&mut frames, &mut Vec::new(), usize::MAX).close,
            Some(Close::TOO_SLOW)
        );
        assert_eq!(frames, ["full"], "what was promised is still written");
    }

    #[test]
    fn taking_stops_at_the_bound_and_says_that_more_waits() {
        let outbox = Outbox::new(100, 0);
        for _ in 0..3 {
            outbox.event(frame("12345")).expect("room enough");
        }
        outbox.close(Close::TOO_SLOW);
        let mut frames = Vec::new();
        let first = outbox.take(&mut frames, &mut Vec::new(), 10);
        assert_eq!((first.bytes, first.more, first.close), (10, true, None));
        assert!(outbox.take(&mut frames, &mut Vec::new(), 10).close.is_some());
        assert_eq!(frames.len(), 3);
    }

    /// Writes everything, or nothing.
    #[derive(Debug, Default)]
    struct Recorder {
        stuck: std::sync::atomic::AtomicBool,
        written: Mutex<Vec<Bytes>>,
        /// Comes while the writing is under way.
        late: Mutex<Option<Bytes>>,
    }

    impl Sink for Recorder {
        fn flush(&self, outbox: &Outbox) -> bool {
            if self.stuck.load(std::sync::atomic::Ordering::Relaxed) {
                return false;
            }
            let closing = outbox
                .take(&mut self.written.lock(), &mut Vec::new(), usize::MAX)
                .close
                .is_some();
            if let Some(late) = self.late.lock().take() {
                outbox.event(late).expect("room enough");
            }
            !closing
        }
    }

    /// A session's task that counts how often it is woken.
    #[derive(Default)]
    struct Task(std::sync::atomic::AtomicUsize);

    impl std::task::Wake for Task {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        }
    }

    fn attended(sink: &Arc<Recorder>) -> (Arc<Outbox>, Arc<Task>) {
        let outbox = Arc::new(Outbox::new(100, 10).with_sink(sink.clone()));
        let task = Arc::new(Task::default());
        let waker = Waker::from(task.clone());
        assert!(outbox.poll_ready(&mut Context::from_waker(&waker)).is_pending());
        (outbox, task)
    }

    fn woken(task: &Task) -> usize {
        task.0.load(std::sync::atomic::Ordering::Relaxed)
    }

    #[test]
    fn whoever_posts_writes_and_wakes_nobody() {
        let sink = Arc::new(Recorder::default());
        let (outbox, task) = attended(&sink);
        let due = outbox
            .post_event(frame("one"), None)
            .expect("room enough")
            .expect("a duty");
        assert!(
            outbox.post_event(frame("two"), None).expect("room enough").is_none(),
            "somebody has it"
        );
        assert!(outbox.post_ephemeral(frame("three")).is_none(), "somebody has it");
        *sink.late.lock() = Some(frame("late"));
        due.write();
        assert_eq!(*sink.written.lock(), ["one", "two", "three", "late"]);
        assert_eq!(woken(&task), 0);
        outbox.reply(frame("reply"));
        assert_eq!(woken(&task), 1, "the waker was put back");
    }

    #[test]
    fn a_session_whose_socket_is_full_or_that_is_to_end_is_woken() {
        let sink = Arc::new(Recorder::default());
        let (outbox, task) = attended(&sink);
        sink.stuck.store(true, std::sync::atomic::Ordering::Relaxed);
        let due = outbox
            .post_event(frame("one"), None)
            .expect("room enough")
            .expect("a duty");
        due.write();
        assert_eq!((woken(&task), sink.written.lock().len()), (1, 0));

        sink.stuck.store(false, std::sync::atomic::Ordering::Relaxed);
        let (outbox, task) = attended(&sink);
        let due = outbox
            .post_event(frame("two"), None)
            .expect("room enough")
            .expect("a duty");
        outbox.close(Close::TOO_SLOW);
        assert_eq!(woken(&task), 0, "the duty is somebody's");
        due.write();
        assert_eq!((woken(&task), sink.written.lock().len()), (1, 1));
    }
}
