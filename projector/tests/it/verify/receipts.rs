//! A receipt is held against the log alone: what it says must be so, and what is not so is named.

use super::{Heard, bounds, parts};
use crate::place::{Place, over_both};
use crate::speech::{Speech, said, user};
use engine::domain::{Cid, Digest, Epoch, Offset, Partition, RoomId, Seq, Timestamp};
use projector::verify::receipt::{Judged, Receipt, check};
use uuid::Uuid;

over_both!(
    a_true_receipt_is_well,
    whatever_a_receipt_says_wrong_is_named,
    a_receipt_of_what_never_counted_says_so,
);

/// A receipt as the edge makes it, of the last message in a room with others around it.
async fn receipt(place: &Place) -> (Receipt, RoomId) {
    let mut speech = Speech::new(place, 61);
    speech.begin().await;
    speech.go_on(120).await;
    let room = speech.room();
    let at = speech.says(room, user(0), said("something to sign for")).await;
    let cid = speech.last_cid();
    let digest = speech.digest(room);
    let seq = speech.head(room);
    speech.go_on(20).await;
    let receipt = Receipt {
        room: None,
        cid,
        seq,
        epoch: place.log.epoch(),
        partition: at.partition,
        offset: at.offset,
        at: Some(at.appended_at),
        digest: Some(digest),
    };
    (receipt, room)
}

async fn judged(place: &Place, receipt: &Receipt) -> Judged {
    check(&bounds(), &parts(place), receipt, &Heard::default())
        .await
        .unwrap()
}

fn fields(judged: &Judged) -> Vec<&'static str> {
    assert_eq!(judged.well, judged.differences.is_empty());
    judged.differences.iter().map(|wrong| wrong.field).collect()
}

async fn a_true_receipt_is_well(place: Place) {
    let (receipt, room) = receipt(&place).await;
    let well = judged(&place, &receipt).await;
    assert!(well.well, "{well:?}");
    assert_eq!(well.room, Some(room));
    let named = Receipt {
        room: Some(room),
        at: None,
        digest: None,
        ..receipt
    };
    assert!(judged(&place, &named).await.well);
}

async fn whatever_a_receipt_says_wrong_is_named(place: Place) {
    let (receipt, room) = receipt(&place).await;
    let nobody = Uuid::from_u128(1);
    let later = Timestamp::from_millis(receipt.at.unwrap().as_millis() + 1);
    let next_partition = Partition::new((receipt.partition.get() + 1) % place.log.partitions());
    for (wrong, named) in [
        (
            Receipt {
                digest: Some(Digest::of_room(room)),
                ..receipt
            },
            vec!["digest"],
        ),
        (
            Receipt {
                seq: receipt.seq.next(),
                ..receipt
            },
            vec!["seq"],
        ),
        (
            Receipt {
                cid: Cid::new(nobody),
                ..receipt
            },
            vec!["cid"],
        ),
        (
            Receipt {
                at: Some(later),
                ..receipt
            },
            vec!["at"],
        ),
        (
            Receipt {
                room: Some(RoomId::new(nobody)),
                ..receipt
            },
            vec!["room"],
        ),
        (
            Receipt {
                epoch: Epoch::new(nobody),
                ..receipt
            },
            vec!["pos.epoch"],
        ),
        (
            Receipt {
                partition: Partition::new(99),
                ..receipt
            },
            vec!["pos.partition"],
        ),
        (
            Receipt {
                offset: Offset::new(1_000_000),
                ..receipt
            },
            vec!["pos.offset"],
        ),
        (
            Receipt {
                digest: Some(Digest::of_room(room)),
                seq: Seq::new(1),
                cid: Cid::new(nobody),
                ..receipt
            },
            vec!["cid", "seq", "digest"],
        ),
    ] {
        assert_eq!(fields(&judged(&place, &wrong).await), named, "{wrong:?}");
    }
    // At another offset and in another partition stands something else.
    let elsewhere = Receipt {
        offset: Offset::ZERO,
        ..receipt
    };
    assert!(fields(&judged(&place, &elsewhere).await).contains(&"cid"));
    let elsewhere = Receipt {
        partition: next_partition,
        offset: Offset::ZERO,
        ..receipt
    };
    assert!(!judged(&place, &elsewhere).await.well);
}

async fn a_receipt_of_what_never_counted_says_so(place: Place) {
    let (receipt, room) = receipt(&place).await;
    let mut speech = Speech::new(&place, 62);
    let stranger = user(77);
    let at = speech
        .says(RoomId::new(Uuid::from_u128(0x999)), stranger, said("nobody hears this"))
        .await;
    let forged = Receipt {
        cid: speech.last_cid(),
        partition: at.partition,
        offset: at.offset,
        at: None,
        digest: None,
        ..receipt
    };
    let judged = judged(&place, &forged).await;
    assert_eq!(fields(&judged), ["seq"]);
    assert!(
        judged.differences[0].expected.contains("ignored (not_found)"),
        "{judged:?}"
    );
    assert_ne!(judged.room, Some(room));
}
