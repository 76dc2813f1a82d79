//! How a process is told to stop: once, and it ends in stages; twice, and it hurries.

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// What the process was told.
pub(super) struct Shutdown {
    /// SIGTERM or SIGINT came: end in stages.
    pub(super) stop: CancellationToken,
    /// It came again: wait for nobody.
    pub(super) hurry: CancellationToken,
    /// The process has ended all else.
    pub(super) ended: CancellationToken,
    listening: JoinHandle<()>,
}

impl Shutdown {
    /// Listens from now on.
    pub(super) fn listen() -> Self {
        let (stop, hurry, ended) = (
            CancellationToken::new(),
            CancellationToken::new(),
            CancellationToken::new(),
        );
        let tokens = [stop.clone(), hurry.clone()];
        let until = ended.clone();
        let listening = tokio::spawn(async move {
            // Nobody waits for the answer: that nothing can be heard is said in `hear`.
            let _ = until.run_until_cancelled(hear(tokens)).await;
        });
        Self {
            stop,
            hurry,
            ended,
            listening,
        }
    }

    /// Nothing is listened for any more.
    pub(super) async fn end(self) {
        self.ended.cancel();
        // That it panicked would have been seen in the log.
        let _ = self.listening.await;
    }
}

async fn hear(tokens: [CancellationToken; 2]) {
    let signals = (signal(SignalKind::terminate()), signal(SignalKind::interrupt()));
    let (Ok(mut terminate), Ok(mut interrupt)) = signals else {
        tracing::error!("signals can't be listened for: this process can only be killed");
        return;
    };
    for token in tokens {
        next(&mut terminate, &mut interrupt).await;
        tracing::info!("told to stop");
        token.cancel();
    }
}

async fn next(terminate: &mut Signal, interrupt: &mut Signal) {
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
}
