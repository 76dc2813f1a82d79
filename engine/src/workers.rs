//! Threads for work that can wait: few, and behind all others where processor time is short, so that those who chat
//! notice neither a storm of sign-ins nor a replay of years.

use std::io;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};

/// A piece of work. It must not panic: the thread would be lost.
pub type Job = Box<dyn FnOnce() + Send>;

/// Ended, and waited for, when dropped.
#[derive(Debug)]
pub struct Workers {
    /// `None` only while it is dropped.
    jobs: Option<SyncSender<Job>>,
    threads: Vec<JoinHandle<()>>,
}

impl Workers {
    /// So many threads, called `name` and a number; `places` jobs may wait for one.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub fn start(name: &str, threads: usize, places: usize, niceness: i32) -> io::Result<Self> {
        let (jobs, queue) = sync_channel(places);
        let queue = Arc::new(Mutex::new(queue));
        let threads = (0..threads).map(|number| {
            let queue = queue.clone();
            let builder = thread::Builder::new().name(format!("{name}-{number}"));
            builder.spawn(move || work(&queue, niceness))
        });
        Ok(Self {
            threads: threads.collect::<io::Result<_>>()?,
            jobs: Some(jobs),
        })
    }

    /// Hands a job over; false when no place is left.
    #[must_use]
    pub fn give(&self, job: Job) -> bool {
        self.jobs.as_ref().is_some_and(|jobs| jobs.try_send(job).is_ok())
    }
}

impl Drop for Workers {
    fn drop(&mut self) {
        self.jobs = None;
        for thread in self.threads.drain(..) {
            // A panic was told of when it happened.
            let _ = thread.join();
        }
    }
}

fn work(queue: &Mutex<Receiver<Job>>, niceness: i32) {
    stand_back(niceness);
    loop {
        // Whoever waits for a job holds the lock, the others wait for it: one is as good as another.
        let job = queue.lock().unwrap_or_else(PoisonError::into_inner).recv();
        match job {
            Ok(job) => job(),
            Err(_) => return,
        }
    }
}

/// On Linux a niceness is a thread's own (setpriority(2), "C library/kernel differences").
#[cfg(target_os = "linux")]
fn stand_back(niceness: i32) {
    if let Err(error) = rustix::process::setpriority_process(None, niceness) {
        tracing::warn!(%error, niceness, "a thread for work that can wait can't stand back");
    }
}

#[cfg(not(target_os = "linux"))]
fn stand_back(_niceness: i32) {}

#[cfg(test)]
mod tests {
    use super::Workers;
    use std::sync::mpsc::channel;

    #[test]
    fn jobs_are_done_and_the_end_waits_for_them() {
        let workers = Workers::start("test", 2, 8, 1).expect("threads");
        let (tell, told) = channel();
        for number in 0..6 {
            let tell = tell.clone();
            assert!(workers.give(Box::new(move || tell.send(number).expect("heard"))));
        }
        drop((workers, tell));
        let mut done: Vec<i32> = told.try_iter().collect();
        done.sort_unstable();
        assert_eq!(done, [0, 1, 2, 3, 4, 5]);
    }

    #[test]
    fn what_finds_no_place_is_refused() {
        let workers = Workers::start("test", 1, 1, 1).expect("a thread");
        let (hold, held) = channel::<()>();
        let (begun, has_begun) = channel();
        let blocking = Box::new(move || {
            begun.send(()).expect("heard");
            let _ = held.recv();
        });
        assert!(workers.give(blocking));
        has_begun.recv().expect("it runs");
        assert!(workers.give(Box::new(|| {})), "one waits");
        assert!(!workers.give(Box::new(|| {})), "no place is left");
        drop(hold);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn they_stand_back() {
        let workers = Workers::start("test", 1, 1, 7).expect("a thread");
        let (tell, told) = channel();
        assert!(workers.give(Box::new(move || {
            tell.send(rustix::process::getpriority_process(None)).expect("heard");
        })));
        assert_eq!(told.recv().expect("told"), Ok(7));
    }
}
