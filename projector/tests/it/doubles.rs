//! Faults that no real store can be made to have at the right moment.

use async_trait::async_trait;
use engine::domain::{Epoch, Offset, Partition};
use engine::history::{Batch, Error, Owner, ReadMark, Writer};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use tokio::sync::Semaphore;

/// A writer whose process can be frozen just before a write, as a paused virtual machine is, and that counts what it
/// wrote. Everything else is the real writer's.
pub(crate) struct Freezing {
    real: Arc<dyn Writer>,
    armed: AtomicBool,
    /// Batches that were written.
    pub(crate) writes: AtomicUsize,
    /// Permits to go on.
    thaw: Semaphore,
    /// Permits of writes that stand still.
    frozen: Semaphore,
}

impl Freezing {
    pub(crate) fn before(real: Arc<dyn Writer>) -> Arc<Self> {
        Arc::new(Self {
            real,
            armed: AtomicBool::new(false),
            writes: AtomicUsize::new(0),
            thaw: Semaphore::new(0),
            frozen: Semaphore::new(0),
        })
    }

    /// The next write stands still.
    pub(crate) fn freeze(&self) {
        self.armed.store(true, Ordering::SeqCst);
    }

    /// Waits until a write stands still.
    pub(crate) async fn frozen(&self) {
        self.frozen.acquire().await.unwrap().forget();
    }

    /// The write goes on.
    pub(crate) fn thaw(&self) {
        self.thaw.add_permits(1);
    }
}

#[async_trait]
impl Writer for Freezing {
    async fn claim(&self, epoch: Epoch, partition: Partition) -> Result<(Owner, Offset), Error> {
        self.real.claim(epoch, partition).await
    }

    async fn owns(&self, partition: Partition, owner: Owner) -> Result<bool, Error> {
        self.real.owns(partition, owner).await
    }

    async fn owns_reads(&self, partition: Partition, owner: Owner) -> Result<bool, Error> {
        self.real.owns_reads(partition, owner).await
    }

    async fn write(&self, batch: &Batch) -> Result<(), Error> {
        if self.armed.swap(false, Ordering::SeqCst) {
            self.frozen.add_permits(1);
            self.thaw.acquire().await.unwrap().forget();
        }
        self.real.write(batch).await?;
        self.writes.fetch_add(1, Ordering::SeqCst);
        Ok(())
    }

    async fn write_reads(
        &self,
        epoch: Epoch,
        partition: Partition,
        owner: Owner,
        from: Offset,
        to: Offset,
        reads: &[ReadMark],
    ) -> Result<(), Error> {
        self.real.write_reads(epoch, partition, owner, from, to, reads).await
    }

    async fn claim_reads(&self, epoch: Epoch, partition: Partition) -> Result<(Owner, Offset), Error> {
        self.real.claim_reads(epoch, partition).await
    }
}
