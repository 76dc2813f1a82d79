//! History in SQLite: the shared suite, and what is its own.

use crate::disk::Disk;
use crate::history_model::{Chaos, Model, epoch};
use crate::history_suite::{Place, claim, history_suite, stands_as_folded};
use engine::domain::{Offset, Partition};
use engine::history::sqlite::Sqlite;
use engine::history::{Error, Reader, Writer};
use std::sync::Arc;

async fn open() -> Place {
    let folder = tempfile::tempdir().unwrap();
    let store = Sqlite::open(&folder.path().join("history.db")).await.unwrap();
    Place {
        store: Arc::new(store),
        _keep: Box::new(folder),
    }
}

history_suite!(open);

#[tokio::test]
async fn what_was_written_is_there_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("history.db");
    let store = Sqlite::open(&path).await.unwrap();
    let owner = claim(&store).await;
    let mut model = Model::new();
    Chaos::new(3).begin(&mut model);
    store.write(&model.batch(owner)).await.unwrap();
    store.close().await;
    let store = Sqlite::open(&path).await.unwrap();
    for id in model.rooms.keys() {
        stands_as_folded(&store, &model, *id).await;
    }
}

#[tokio::test]
async fn a_deleted_file_begins_anew() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("history.db");
    let store = Sqlite::open(&path).await.unwrap();
    claim(&store).await;
    store.close().await;
    std::fs::remove_file(&path).unwrap();
    let store = Sqlite::open(&path).await.unwrap();
    assert!(store.checkpoints().await.unwrap().is_empty());
    let (_, next) = store.claim(epoch(), Partition::new(0)).await.unwrap();
    assert_eq!(next, Offset::ZERO);
}

#[tokio::test]
async fn a_file_that_is_none_of_ours_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("history.db");
    std::fs::write(&path, vec![b'x'; 8_192]).unwrap();
    let error = Sqlite::open(&path).await.unwrap_err();
    assert!(matches!(error, Error::Corrupt(_)), "{error}");
    let error = Sqlite::open(&folder.path().join("no/such/folder/history.db"))
        .await
        .unwrap_err();
    assert!(
        matches!(&error, Error::Unavailable(why) if why.contains("no/such/folder")),
        "{error}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_stops_it_until_there_is_room() {
    let Some(disk) = Disk::of_its_own("history_sqlite::a_full_disk_stops_it_until_there_is_room") else {
        return;
    };
    let store = Sqlite::open(&disk.path().join("history.db")).await.unwrap();
    let mut owner = claim(&store).await;
    let mut model = Model::new();
    let mut chaos = Chaos::new(5);
    chaos.begin(&mut model);
    store.write(&model.batch(owner)).await.unwrap();
    for _ in 0..3 {
        disk.fill();
        let batch = loop {
            for _ in 0..50 {
                chaos.step(&mut model);
            }
            let batch = model.batch(owner);
            match store.write(&batch).await {
                Ok(()) => {}
                Err(error) => {
                    assert!(error.retryable(), "{error}");
                    break batch;
                }
            }
        };
        assert!(store.write(&batch).await.unwrap_err().retryable());
        disk.make_room();
        store.write(&batch).await.unwrap();
        for id in model.rooms.keys() {
            stands_as_folded(&store, &model, *id).await;
        }
        owner = claim(&store).await;
    }
}
