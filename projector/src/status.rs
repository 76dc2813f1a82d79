//! Whether a projector gets on, for /readyz.

use engine::domain::Partition;
use parking_lot::Mutex;
use std::collections::BTreeMap;
use std::sync::Arc;

/// How the projections of this process do. Cheap to clone: all clones are one.
#[derive(Clone, Debug, Default)]
pub struct Status(Arc<Mutex<Parts>>);

#[derive(Debug, Default)]
struct Parts {
    projections: BTreeMap<&'static str, Part>,
    /// Stores that are away, whether anything is written to them or not.
    stores: BTreeMap<&'static str, String>,
}

/// One projection.
#[derive(Debug, Default)]
struct Part {
    joined: bool,
    /// What is away, by partition; `None`: for all of them.
    away: BTreeMap<Option<Partition>, String>,
}

impl Status {
    /// Whether every projection that was started takes part in its group and nothing that it needs is away.
    ///
    /// # Errors
    /// A sentence that names the projection and what is away.
    pub fn ready(&self) -> Result<(), String> {
        let parts = self.0.lock();
        if parts.projections.is_empty() {
            return Err("no projection was started yet".to_owned());
        }
        if let Some((store, why)) = parts.stores.iter().next() {
            return Err(format!("{store}: {why}"));
        }
        for (name, part) in &parts.projections {
            if let Some(why) = part.away.values().next() {
                return Err(format!("{name}: {why}"));
            }
            if !part.joined {
                return Err(format!("{name}: not in its group yet"));
            }
        }
        Ok(())
    }

    pub(crate) fn joining(&self, name: &'static str) {
        self.0.lock().projections.entry(name).or_default().joined = false;
    }

    pub(crate) fn joined(&self, name: &'static str) {
        let mut parts = self.0.lock();
        let part = parts.projections.entry(name).or_default();
        part.joined = true;
        part.away.clear();
    }

    pub(crate) fn away(&self, name: &'static str, partition: Option<Partition>, why: String) {
        let mut parts = self.0.lock();
        parts.projections.entry(name).or_default().away.insert(partition, why);
    }

    pub(crate) fn back(&self, name: &'static str, partition: Option<Partition>) {
        if let Some(part) = self.0.lock().projections.get_mut(name) {
            part.away.remove(&partition);
        }
    }

    /// Whether a store is away, and why.
    pub(crate) fn store(&self, name: &'static str, away: Option<String>) {
        let mut parts = self.0.lock();
        match away {
            Some(why) => parts.stores.insert(name, why),
            None => parts.stores.remove(name),
        };
    }
}

#[cfg(test)]
mod tests {
    use super::Status;
    use engine::domain::Partition;

    #[test]
    fn it_is_ready_when_all_have_joined_and_nothing_is_away() {
        let status = Status::default();
        assert!(status.ready().is_err());
        status.joining("history");
        assert_eq!(status.ready(), Err("history: not in its group yet".to_owned()));
        status.joined("history");
        assert_eq!(status.ready(), Ok(()));
        let partition = Some(Partition::new(3));
        status
            .clone()
            .away("history", partition, "PostgreSQL is away".to_owned());
        assert_eq!(status.ready(), Err("history: PostgreSQL is away".to_owned()));
        status.back("history", partition);
        assert_eq!(status.ready(), Ok(()));
        status.store("PostgreSQL", Some("no answer".to_owned()));
        // Nothing was written, so no projection has noticed.
        status.joined("history");
        assert_eq!(status.ready(), Err("PostgreSQL: no answer".to_owned()));
        status.store("PostgreSQL", None);
        assert_eq!(status.ready(), Ok(()));
    }
}
