//! What a command tells on stdout, piece by piece. Whoever closed the pipe has heard enough: that is no failure.

use super::Error;
use std::io::{ErrorKind, Write as _};
use std::ops::ControlFlow;

/// Bytes that are gathered before they are written.
const FULL: usize = 64 << 10;

/// Standard output.
#[derive(Default)]
pub(super) struct Output {
    waiting: Vec<u8>,
}

impl Output {
    /// Where the next bytes go.
    pub(super) fn buffer(&mut self) -> &mut Vec<u8> {
        &mut self.waiting
    }

    /// Writes what waits, if it is much; `Break`: nobody reads any more.
    pub(super) fn drain(&mut self) -> Result<ControlFlow<()>, Error> {
        if self.waiting.len() < FULL {
            return Ok(ControlFlow::Continue(()));
        }
        self.flush()
    }

    /// Writes what waits; `Break`: nobody reads any more.
    ///
    /// # Errors
    /// When it can't be written otherwise: a disk that is full.
    pub(super) fn flush(&mut self) -> Result<ControlFlow<()>, Error> {
        let mut stdout = std::io::stdout().lock();
        let written = stdout.write_all(&self.waiting).and_then(|()| stdout.flush());
        self.waiting.clear();
        match written {
            Ok(()) => Ok(ControlFlow::Continue(())),
            Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(ControlFlow::Break(())),
            Err(error) => Err(Error::Impossible(format!("cannot write: {error}"))),
        }
    }
}
