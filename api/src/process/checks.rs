//! What /readyz asks of a process: each thing that it needs, by name.

use super::projectors::Projectors;
use super::stores::Stores;
use crate::edge::Edge;
use crate::rest::Check;
use async_trait::async_trait;
use engine::log::Log;
use engine::people::People;
use engine::{history, live};
use std::sync::Arc;

type Checks = Vec<Box<dyn Check>>;

/// A check is a name and a question.
struct Asked<T: ?Sized>(&'static str, Arc<T>);

/// A named check whose question is one expression.
macro_rules! asks {
    ($of:ty, $what:ident => $answer:expr) => {
        #[async_trait]
        impl Check for Asked<$of> {
            fn name(&self) -> &'static str {
                self.0
            }

            async fn check(&self) -> Result<(), String> {
                let $what = &self.1;
                $answer
            }
        }
    };
}

asks!(dyn Log, log => log.ping().await.map_err(|error| error.to_string()));
asks!(dyn history::Reader, history => history.ping().await.map_err(|error| error.to_string()));
asks!(dyn live::Reader, live => live.ping().await.map_err(|error| error.to_string()));
asks!(dyn People, people => people.ping().await.map_err(|error| error.to_string()));
asks!(projector::Status, status => status.ready());
asks!(Edge, edge => if edge.is_whole() {
    Ok(())
} else {
    Err("the log was cut or made anew under this edge: restart it".to_owned())
});

/// Of a process without an edge.
pub(super) fn projectors(stores: &Stores, projectors: &Projectors) -> Checks {
    let mut checks: Checks = vec![
        Box::new(Asked("log", stores.log.clone())),
        Box::new(Asked("history", stores.history_reader.clone())),
        Box::new(Asked("live", stores.live_reader.clone())),
    ];
    for (name, status) in projectors.statuses() {
        checks.push(Box::new(Asked(name, Arc::new(status))));
    }
    checks
}

/// Of a process with one.
pub(super) fn edge(stores: &Stores, with: &Projectors, edge: &Arc<Edge>, people: &Arc<dyn People>) -> Checks {
    let mut checks = projectors(stores, with);
    checks.push(Box::new(Asked("people", people.clone())));
    checks.push(Box::new(Asked("tail", edge.clone())));
    checks
}
