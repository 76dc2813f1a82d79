//! What the fold of a partition is run for: the projector that follows the log, or a rebuild that walks it. The fold itself
//! is the same for both; they differ in what becomes of damaged records and in who hears that a batch was written.

use crate::dead_letters::{self, Letter};
use crate::feed::Feed;
use crate::halt::Halt;
use crate::metrics::Written;
use async_trait::async_trait;
use engine::domain::Offset;
use engine::log::Topic;

#[async_trait]
pub(crate) trait Course: Send {
    /// Records of `topic` that can't be projected: told before the checkpoint passes them.
    async fn tell(&mut self, topic: Topic, letters: &[Letter<'_>]) -> Result<(), Halt>;

    /// A batch was written: the partition stands at `next`.
    fn written(&mut self, next: Offset, batch: Written<'_>);

    /// Whether what is written belongs to the traces of its events: it does where they are written for the first time.
    fn is_traced(&self) -> bool;
}

#[async_trait]
impl Course for Feed {
    async fn tell(&mut self, topic: Topic, letters: &[Letter<'_>]) -> Result<(), Halt> {
        dead_letters::write(&*self.common.log, topic, letters).await
    }

    fn written(&mut self, next: Offset, batch: Written<'_>) {
        Feed::written(self, next, batch);
    }

    fn is_traced(&self) -> bool {
        true
    }
}
