//! When a client that lost all brokers is given its bootstrap servers again: every few seconds, until something works.
//!
//! Why it needs them, [`super::native::bootstrap_again`] says.

use super::native::bootstrap_again;
use rdkafka::client::{Client, ClientContext};
use rdkafka::error::RDKafkaErrorCode;
use std::time::{Duration, Instant};

const EVERY: Duration = Duration::from_secs(3);

/// Of one client.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Comeback {
    /// When all brokers were lost, or, since then, their names given.
    lost: Option<Instant>,
    given: bool,
}

impl Comeback {
    /// Something failed.
    pub(super) fn failed(&mut self, code: RDKafkaErrorCode, now: Instant) {
        if code == RDKafkaErrorCode::AllBrokersDown {
            self.lost.get_or_insert(now);
        }
    }

    /// Something came from a broker. What comes before the first help may have been on its way when the brokers were lost.
    pub(super) const fn found(&mut self) {
        if self.given {
            *self = Self {
                lost: None,
                given: false,
            };
        }
    }

    fn is_due(&mut self, now: Instant) -> bool {
        let due = self.lost.is_some_and(|lost| now.duration_since(lost) >= EVERY);
        if due {
            *self = Self {
                lost: Some(now),
                given: true,
            };
        }
        due
    }

    /// Gives them where it is time.
    pub(super) fn help<C: ClientContext>(&mut self, client: &Client<C>, brokers: &str) {
        if self.is_due(Instant::now()) {
            bootstrap_again(client, brokers);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Comeback, EVERY};
    use rdkafka::error::RDKafkaErrorCode as Code;
    use std::time::{Duration, Instant};

    #[test]
    fn who_lost_all_brokers_is_helped_again_and_again_until_something_comes() {
        let (mut comeback, start) = (Comeback::default(), Instant::now());
        let at = |times: u32| start + EVERY * times;
        comeback.failed(Code::BrokerTransportFailure, start);
        assert!(!comeback.is_due(at(9)), "one broker may be another's loss");
        comeback.failed(Code::AllBrokersDown, at(9));
        comeback.failed(Code::AllBrokersDown, at(10) - Duration::from_millis(1));
        assert!(!comeback.is_due(at(10) - Duration::from_millis(1)));
        comeback.found();
        assert!(comeback.is_due(at(10)));
        assert!(!comeback.is_due(at(10)), "once each time");
        assert!(comeback.is_due(at(11)));
        comeback.found();
        assert!(!comeback.is_due(at(20)));
    }
}
