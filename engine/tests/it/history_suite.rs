//! What every history must do, whatever it is made of.

mod audit;
mod listings;
mod mentions;
mod messages;
mod reading;
mod searching;
mod snapshots;
mod writing;

pub(crate) use audit::*;
pub(crate) use listings::*;
pub(crate) use mentions::*;
pub(crate) use messages::*;
pub(crate) use reading::*;
pub(crate) use searching::*;
pub(crate) use snapshots::*;
pub(crate) use writing::*;

use crate::history_model::{Model, PARTITION, epoch};
use engine::domain::{Message, Room, RoomId, Seq};
use engine::history::{Owner, Page, Reader, Writer};
use std::any::Any;
use std::sync::Arc;

/// Both halves of an adapter.
pub(crate) trait Store: Reader + Writer {}

impl<T: Reader + Writer> Store for T {}

/// A history of a test's own, and whatever must live as long.
pub(crate) struct Place {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) _keep: Box<dyn Any + Send>,
}

/// One test per behaviour, over the adapter that `open` opens.
macro_rules! history_suite {
    ($open:path: $($name:ident),* $(,)?) => {
        $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $name() {
            let place = $open().await;
            crate::history_suite::$name(place.store.as_ref()).await;
        })*
    };
    ($open:path) => {
        history_suite!($open:
            random_events_stand_as_folded,
            a_message_changed_in_its_own_batch_is_written_once,
            the_bounds_of_reactions_hold_across_batches,
            the_window_is_the_last_1024,
            an_older_owner_is_fenced,
            a_batch_from_elsewhere_is_fenced,
            another_life_of_the_log_is_refused,
            refused_data_is_told_apart_and_leaves_nothing,
            an_empty_batch_moves_the_checkpoint,
            an_unknown_room_is_known_to_be_unknown,
            pages_go_both_ways,
            the_journal_is_read_on_and_searched,
            rooms_come_page_by_page,
            a_snapshot_stands_while_others_write,
            snapshots_are_rooms_as_they_stood,
            a_snapshot_that_cant_be_read_is_passed_over,
            a_refused_event_keeps_its_journal_row_and_its_place,
            a_person_finds_their_rooms,
            open_rooms_are_had_by_those_who_read_them,
            unread_is_a_difference_of_ordinals,
            mentions_follow_edits_and_deletions,
            mentions_of_random_events_are_those_of_the_messages,
            a_direct_room_names_the_other,
            invitations_are_listed_until_they_are_used_up,
            rooms_are_found_by_the_beginning_of_their_name,
            a_thread_is_a_message_and_its_replies,
            messages_are_found_by_their_words,
            whatever_is_typed_is_no_error,
            what_is_found_follows_edits_and_deletions,
            nobody_finds_what_they_may_not_read,
            a_search_is_narrowed_and_goes_on_where_it_ended,
            what_is_far_back_is_found_too,
            a_search_that_takes_too_long_is_ended,
            read_markers_go_forwards,
            read_markers_of_a_room_are_listed_in_order,
            checkpoints_are_those_of_the_events,
            an_audit_tells_the_rows_of_the_fold,
            an_audit_tells_read_markers_where_they_stand,
            calls_that_are_given_up_harm_nobody,
        );
    };
}

pub(crate) use history_suite;

pub(crate) async fn claim(store: &dyn Store) -> Owner {
    store.claim(epoch(), PARTITION).await.unwrap().0
}

async fn put(store: &dyn Store, model: &mut Model, owner: Owner) {
    store.write(&model.batch(owner)).await.unwrap();
}

/// Everything that can be read of a room is what the fold says.
pub(crate) async fn stands_as_folded(store: &dyn Store, model: &Model, id: RoomId) {
    let expected = &model.rooms[&id];
    let stored = store.room(id, PARTITION).await.unwrap().expect("the room is there");
    assert_eq!(stored.next, model.next);
    assert_eq!(&stored.header, expected.room.header().unwrap());
    let restored = Room::restore(id, stored.header, stored.changes, stored.window).unwrap();
    assert_eq!(restored, expected.room);
    let recent: Vec<Message> = expected.recent.latest(usize::MAX).cloned().collect();
    assert_eq!(stored.recent, recent);
    let all: Vec<Message> = expected.messages.values().cloned().collect();
    assert_eq!(store.page(id, Page::After(Seq::ZERO), usize::MAX).await.unwrap(), all);
    let seqs: Vec<Seq> = (0..=expected.room.head().get() + 1).map(Seq::new).collect();
    let (mut deleted, next) = store.deleted(id, PARTITION, &seqs).await.unwrap();
    deleted.sort_unstable();
    let wanted: Vec<Seq> = all
        .iter()
        .filter(|message| message.deleted)
        .map(|message| message.seq)
        .collect();
    assert_eq!((deleted, next), (wanted, model.next));
    let (journal, next) = store.journal(id, PARTITION, Seq::ZERO, usize::MAX).await.unwrap();
    assert_eq!(next, model.next);
    let wanted: Vec<_> = expected.journal.iter().map(|new| &new.entry).collect();
    assert_eq!(format!("{journal:?}"), format!("{wanted:?}"));
}
