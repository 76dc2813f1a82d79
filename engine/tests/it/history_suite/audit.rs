//! An audit tells the rows as they are, in pages, all of one instant.

use super::{Store, claim, put};
use crate::history_model::{Chaos, Model, PARTITION, created, epoch, room, said, user};
use engine::domain::{Digest, Kind, Message, Offset, Partition, RoomId, Seq, UserId};
use engine::history::ReadMark;
use engine::history::audit::{Audit, MentionLine, MessageLine, PersonLine, ReactionKey, RoomLine};
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

/// Rows of a page: every page is met several times.
const PAGE: usize = 7;
/// Beyond every seq.
const ALL: Seq = Seq::new(u64::MAX);

pub(crate) async fn an_audit_tells_the_rows_of_the_fold(store: &dyn Store) {
    let owner = claim(store).await;
    let mut model = Model::new();
    let mut chaos = Chaos::new(11);
    chaos.begin(&mut model);
    for _ in 0..400 {
        chaos.step(&mut model);
    }
    put(store, &mut model, owner).await;
    let mut audit = store.audit(PARTITION).await.unwrap();
    assert_eq!((audit.next(), audit.reads_next()), (model.next, Offset::ZERO));
    // What comes later is not of this instant.
    model.happens(room(0), user(0), said("later"));
    put(store, &mut model, owner).await;
    rooms_are_told(audit.as_mut(), &model).await;
    let last = model.rooms[&room(0)].journal.len() - 1;
    let mut reactions = 0;
    for (id, expected) in &model.rooms {
        let journal = journal(audit.as_mut(), *id).await;
        let later = usize::from(*id == room(0));
        assert_eq!(journal, expected.journal.len() - later, "room {id}");
        let messages: Vec<&Message> = expected.messages.values().collect();
        let messages = &messages[..messages.len() - later];
        let told = told_messages(audit.as_mut(), *id).await;
        assert_eq!(told, messages.iter().map(|m| MessageLine::of(m)).collect::<Vec<_>>());
        reactions += reactions_are_told(audit.as_mut(), *id, messages).await;
    }
    assert!(last > 0 && reactions > 20, "the test must mean something");
    mentions_are_told(audit.as_mut(), &model).await;
    let mut elsewhere = store.audit(Partition::new(9)).await.unwrap();
    assert_eq!(elsewhere.next(), Offset::ZERO);
    assert_eq!(elsewhere.rooms(None, PAGE).await.unwrap(), []);
}

async fn rooms_are_told(audit: &mut dyn Audit, model: &Model) {
    let (mut after, mut found) = (None, Vec::new());
    loop {
        let page = audit.rooms(after, 2).await.unwrap();
        let Some((last, _, _)) = page.last() else { break };
        after = Some(*last);
        found.extend(page);
    }
    let told: Vec<RoomId> = found.iter().map(|(id, _, _)| *id).collect();
    assert!(told.iter().eq(model.rooms.keys()));
    for (id, line, mut people) in found {
        let (alone, _) = audit.room(id).await.unwrap().unwrap();
        assert_eq!(alone, line);
        let header = model.rooms[&id].room.header().unwrap();
        let wanted = RoomLine::of(header);
        // The event that came later is in the header, and not in the row.
        if id != room(0) {
            assert_eq!(line, wanted);
        }
        let mut expected: Vec<PersonLine> = model.rooms[&id]
            .room
            .changes()
            .filter_map(|c| PersonLine::of(&c))
            .collect();
        let key = |line: &PersonLine| (line.list, line.user_id);
        expected.sort_by_key(key);
        people.sort_by_key(key);
        assert_eq!(people, expected, "room {id}");
    }
    assert!(audit.room(room(99)).await.unwrap().is_none());
}

/// Checks the chain as the rows have it; how many there are.
async fn journal(audit: &mut dyn Audit, id: RoomId) -> usize {
    let (mut seq, mut digest) = (Seq::ZERO, Digest::of_room(id));
    loop {
        let page = audit.journal(id, seq, PAGE).await.unwrap();
        if page.is_empty() {
            return usize::try_from(seq.get()).unwrap();
        }
        for line in page {
            assert_eq!(line.seq, seq.next());
            digest = digest.then(line.seq, &line.datum);
            assert_eq!(line.digest(), Some(digest));
            let fingerprint = line.fingerprint.as_ref().try_into().unwrap();
            let event = engine::codec::decode_datum(fingerprint, &line.datum).unwrap();
            assert_eq!((event.actor.id, event.cid), (line.author_id, line.cid));
            seq = line.seq;
        }
    }
}

async fn told_messages(audit: &mut dyn Audit, id: RoomId) -> Vec<MessageLine> {
    let (mut all, mut after) = (Vec::new(), Seq::ZERO);
    loop {
        let page = audit.messages(id, after, PAGE).await.unwrap();
        let Some(last) = page.last() else { return all };
        after = last.seq;
        all.extend(page);
    }
}

async fn reactions_are_told(audit: &mut dyn Audit, id: RoomId, messages: &[&Message]) -> usize {
    let mut expected = BTreeSet::new();
    for message in messages {
        for reaction in &message.reactions {
            let keys = reaction
                .users
                .iter()
                .map(|user| ReactionKey::of(message.seq, &reaction.emoji, *user));
            expected.extend(keys);
        }
    }
    let mut after = ReactionKey {
        seq: Seq::ZERO,
        emoji: String::new(),
        user_id: UserId::new(Uuid::nil()),
    };
    let mut told = BTreeMap::new();
    loop {
        let page = audit.reactions(id, &after, PAGE).await.unwrap();
        let Some(last) = page.last() else { break };
        after = last.key.clone();
        told.extend(page.into_iter().map(|line| (line.key, (line.emoji_since, line.since))));
    }
    assert!(told.keys().eq(expected.iter()), "room {id}");
    assert!(
        told.values()
            .all(|(emoji_since, since)| emoji_since <= since && *since > Seq::ZERO)
    );
    told.len()
}

async fn mentions_are_told(audit: &mut dyn Audit, model: &Model) {
    let mut expected = BTreeSet::new();
    for (room_id, room) in &model.rooms {
        for message in room.messages.values() {
            let line = |user_id: &UserId| MentionLine {
                room_id: *room_id,
                seq: message.seq,
                user_id: *user_id,
            };
            expected.extend(message.mentions.iter().map(line));
        }
    }
    assert!(!expected.is_empty(), "the test must mean something");
    let rooms: Vec<RoomId> = model.rooms.keys().copied().collect();
    let told = audit.mentions(&rooms, Seq::ZERO, ALL, usize::MAX).await.unwrap();
    assert!(told.iter().eq(expected.iter()));
    let one = audit.mentions(&rooms, Seq::ZERO, ALL, 1).await.unwrap();
    assert!(one.iter().eq(expected.iter().take(1)));
    let (after, through) = (Seq::new(9), Seq::new(40));
    let some = audit.mentions(&rooms, after, through, usize::MAX).await.unwrap();
    let within = expected.iter().filter(|line| line.seq > after && line.seq <= through);
    assert!(some.iter().eq(within));
    assert_eq!(audit.mentions(&[room(99)], Seq::ZERO, ALL, 10).await.unwrap(), []);
}

pub(crate) async fn an_audit_tells_read_markers_where_they_stand(store: &dyn Store) {
    let owner = claim(store).await;
    let mut model = Model::new();
    model.happens(room(0), user(0), created(Kind::Open));
    put(store, &mut model, owner).await;
    let (owner, from) = store.claim_reads(epoch(), PARTITION).await.unwrap();
    let mark = |number, seq| ReadMark {
        room_id: room(0),
        user_id: user(number),
        seq: Seq::new(seq),
    };
    let marks: Vec<ReadMark> = (0..5)
        .map(|number| mark(number, 1 + u64::try_from(number).unwrap()))
        .collect();
    let to = Offset::new(12);
    store
        .write_reads(epoch(), PARTITION, owner, from, to, &marks)
        .await
        .unwrap();
    let mut audit = store.audit(PARTITION).await.unwrap();
    assert_eq!((audit.next(), audit.reads_next()), (model.next, to));
    let mut told = audit.reads(room(0), None, 3).await.unwrap();
    told.extend(audit.reads(room(0), Some(user(2)), 3).await.unwrap());
    assert_eq!(told, marks);
    assert_eq!(audit.reads(room(1), None, 3).await.unwrap(), []);
}
