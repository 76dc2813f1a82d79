//! Every limit and interval of an edge, by name, with its default.

use serde::{Deserialize, Serialize};

/// Limits and intervals of one edge. Times are milliseconds, sizes bytes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Records of each partition of events that the tail keeps, so that a room can be opened without reading the log.
    pub ring_records: usize,
    /// Bytes of each partition's ring.
    pub ring_bytes: usize,
    /// Rooms held at once; above it, idle ones go, then new ones are refused as `overloaded`.
    pub max_rooms: usize,
    /// Rooms being opened at the same time.
    pub max_opening: usize,
    /// Records of the log an opening may read before it gives up as `unavailable`: the projections are that far behind.
    pub max_fold_on: u64,
    /// A room that nobody here listens to and no command waits in is let go after this.
    pub idle_release_ms: u64,
    /// Encoded events that a held room keeps for resumes.
    pub room_events: usize,
    /// Bytes of encoded events that all held rooms keep together.
    pub room_events_bytes: usize,
    /// Bytes of encoded journal chunks kept for resumes from further back.
    pub journal_cache_bytes: usize,
    /// A resume that misses more events than this is `too_far`.
    pub resume_events: u64,
    /// Commands on their way through the log at once.
    pub max_pending: usize,
    /// How long a command waits for its verdict before it answers `timeout`.
    pub command_timeout_ms: u64,
    /// How long a look-up in history may take before a command does without.
    pub lookup_timeout_ms: u64,
    /// How long a read waits for `min_seq` before it answers `behind`, and a refusal for what is not there until this edge has
    /// caught up with the log.
    pub min_seq_timeout_ms: u64,
    /// Searches at once; further ones wait as long as one may take, then they are `overloaded`.
    pub max_searches: usize,
    /// How long one may take.
    pub search_timeout_ms: u64,
    /// Rooms folded at once as they once stood; further askers wait as long as one may take, then they are `overloaded`.
    pub max_travels: usize,
    /// How long one may take before it is `timeout`.
    pub travel_timeout_ms: u64,
    /// Usernames whose people are remembered, for mentions in texts.
    pub mention_names: usize,
    /// How long they are.
    pub mention_names_ms: u64,
    /// Bytes that may wait for one session.
    pub outbox_bytes: usize,
    /// Bytes beyond it that are kept for telling a slow session that it is slow.
    pub outbox_reserve_bytes: usize,
    /// Recipients of an event whose deliveries have spans of their own, where its trace is recorded.
    pub traced_recipients: usize,
    /// Tasks that write what a room's listeners are told; more of them than cores are of no use.
    pub delivery_tasks: usize,
    /// Rooms of one session.
    pub session_rooms: usize,
    /// At most one read marker per person and room is appended in this time, the last of them.
    pub read_interval_ms: u64,
    /// Read markers that are kept for answering at once.
    pub max_read_markers: usize,
    /// Presence changes of this edge's own are gathered this long before they are told.
    pub presence_gather_ms: u64,
    /// This edge's whole presence is repeated once in this time, spread over it.
    pub presence_repeat_ms: u64,
    /// Presence that was not repeated for so long, by the signals' own append time, is forgotten.
    pub presence_expiry_ms: u64,
    /// Presence pushes of one room are at least this far apart.
    pub presence_push_ms: u64,
    /// At most one typing signal per person and room in this time.
    pub typing_interval_ms: u64,
    /// The list of erased people is read again after this, besides when a signal says so.
    pub erasure_refresh_ms: u64,
    /// Replays under way at once on this edge; further ones are refused as `overloaded`.
    pub replays: usize,
    /// Replays of one person under way at once; further ones are refused as `rate_limited`.
    pub replays_per_person: usize,
    /// Readers of the log that replays have at once; those that walk through the same part of a partition share one.
    pub replay_readers: usize,
    /// Most records that a replay reads at once.
    pub replay_chunk_records: usize,
    /// Most bytes of records that a replay reads at once, give or take one record.
    pub replay_chunk_bytes: u32,
    /// Bytes of records that all readers together keep for replays that come behind.
    pub replay_kept_bytes: usize,
    /// Bytes of records a second that all replays of this edge together may read while nobody chats; 0 is no limit.
    pub replay_bytes_per_second: u32,
    /// The same while people chat: within a second of an event in a room that is held here.
    pub replay_busy_bytes_per_second: u32,
    /// Most bytes of records that a replay reads at once while people chat, give or take one record.
    pub replay_busy_chunk_bytes: u32,
    /// Threads that replays work on; they stand back behind everything else.
    pub replay_threads: usize,
    /// Most events of a replay over a socket that a client may ask for ahead.
    pub replay_window: u64,
    /// A replay of which nothing is asked for, or taken, for so long is ended.
    pub replay_idle_ms: u64,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            ring_records: 4_096,
            ring_bytes: 4 << 20,
            max_rooms: 20_000,
            max_opening: 32,
            max_fold_on: 500_000,
            idle_release_ms: 5 * 60_000,
            room_events: 1_024,
            room_events_bytes: 128 << 20,
            journal_cache_bytes: 32 << 20,
            resume_events: 10_000,
            max_pending: 16_384,
            command_timeout_ms: 10_000,
            lookup_timeout_ms: 1_000,
            min_seq_timeout_ms: 2_000,
            max_searches: 3,
            search_timeout_ms: 5_000,
            max_travels: 2,
            travel_timeout_ms: 10_000,
            mention_names: 10_000,
            mention_names_ms: 30_000,
            outbox_bytes: 1 << 20,
            outbox_reserve_bytes: 128 << 10,
            traced_recipients: 8,
            delivery_tasks: 4,
            session_rooms: 1_000,
            read_interval_ms: 2_000,
            max_read_markers: 100_000,
            presence_gather_ms: 50,
            presence_repeat_ms: 30_000,
            presence_expiry_ms: 75_000,
            presence_push_ms: 500,
            typing_interval_ms: 2_000,
            erasure_refresh_ms: 60_000,
            replays: 64,
            replays_per_person: 4,
            replay_readers: 16,
            replay_chunk_records: 2_048,
            replay_chunk_bytes: 1 << 20,
            replay_kept_bytes: 32 << 20,
            replay_bytes_per_second: 512 << 20,
            replay_busy_bytes_per_second: 4 << 20,
            replay_busy_chunk_bytes: 128 << 10,
            replay_threads: 1,
            replay_window: 10_000,
            replay_idle_ms: 60_000,
        }
    }
}
