//! The chain of a room's digests, computed again from what was replayed.

use base64::Engine as _;
use engine::domain::{Digest, RoomId, Seq};
use serde_json::Value;

/// The chain computed again from the bytes of what was accepted; panics where it breaks.
pub(crate) fn check_chain(room: &str, events: &[Value]) -> (u64, Digest) {
    let room: RoomId = room.parse().expect("an id");
    let (mut head, mut digest) = (0, Digest::of_room(room));
    for event in events.iter().filter(|event| event["verdict"] == "accepted") {
        head += 1;
        assert_eq!(event["seq"], head, "no gap: {event}");
        let datum = event["datum"].as_str().expect("its bytes");
        let datum = base64::engine::general_purpose::STANDARD.decode(datum).expect("base64");
        digest = digest.then(Seq::new(head), &datum);
        assert_eq!(event["digest"], digest.to_string(), "{event}");
    }
    (head, digest)
}
