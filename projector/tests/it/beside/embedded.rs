//! History made anew in SQLite, with nobody else there.

use super::{another_epoch, is_at_end, make, only};
use crate::model::Model;
use crate::place::{History, Kept, Place};
use crate::reads::marks;
use crate::speech::{Speech, user};
use engine::beside::{Beside as _, How};
use engine::history::sqlite::beside::{SqliteBeside, drop_old, swap_back};
use projector::rebuild::{Error, Finish, Outcome, Store};
use sqlx::{Connection as _, Executor as _, Row as _, SqliteConnection};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A log that history has read to its end; nobody has its file open.
async fn told(seed: u64) -> (Place, PathBuf) {
    let place = Place::embedded().await;
    let mut speech = Speech::new(&place, seed);
    speech.begin().await;
    let projector = place.project_history();
    speech.go_on(300).await;
    marks(&place, speech.room(), user(1), 2).await;
    is_at_end(&place).await;
    projector.stop().await;
    place.history.close().await;
    let Kept::Sqlite(path, _) = &place.history.kept else {
        panic!("it is embedded");
    };
    let folder = path.parent().unwrap().to_owned();
    (place, folder)
}

async fn rebuild(place: &Place, folder: &Path, finish: Finish) -> Result<Outcome, Error> {
    let beside = SqliteBeside::open(folder, place.log.epoch(), false).await?;
    let store = Arc::new(beside.store());
    let store = Store::History {
        reader: store.clone(),
        writer: store,
    };
    make(place, store, Box::new(beside), finish).await
}

async fn files(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<String> = names.filter(|name| name.starts_with("history")).collect();
    names.sort();
    names
}

async fn order(folder: &Path, order: &str) {
    let url = format!("sqlite://{}", folder.join("history.db").display());
    let mut connection = SqliteConnection::connect(&url).await.unwrap();
    connection.execute(order).await.unwrap();
    connection.close().await.unwrap();
}

/// History is what the log says, whatever was done to its file.
async fn is_sound(place: &Place, folder: &Path) {
    let history = History::sqlite(folder.join("history.db")).await;
    Model::of(&*place.log).await.is_in_history(&history).await;
    history.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_takes_the_others_place() {
    let (place, folder) = told(51).await;
    let outcome = rebuild(&place, &folder, Finish::Swap).await.unwrap();
    assert!(outcome.swapped && outcome.is_equal(), "{outcome:?}");
    assert_eq!(files(&folder).await, ["history.db", "history.old.db"]);
    is_sound(&place, &folder).await;
    let mut connection = SqliteConnection::connect(&format!("sqlite://{}", folder.join("history.db").display()))
        .await
        .unwrap();
    let left = "SELECT count(*) FROM sqlite_master WHERE name LIKE 'rebuild%'";
    assert_eq!(connection.fetch_one(left).await.unwrap().get::<i64, _>(0), 0);
    let indexes = "SELECT count(*) FROM sqlite_master WHERE type = 'index' AND name = 'rooms_by_name'";
    assert_eq!(connection.fetch_one(indexes).await.unwrap().get::<i64, _>(0), 1);
    connection.close().await.unwrap();

    let again = rebuild(&place, &folder, Finish::Swap).await.unwrap_err();
    assert!(again.to_string().contains("--drop-old"), "{again}");
    swap_back(&folder).await.unwrap();
    is_sound(&place, &folder).await;
    assert!(drop_old(&folder).unwrap());
    assert!(!drop_old(&folder).unwrap());
    assert!(rebuild(&place, &folder, Finish::Swap).await.unwrap().swapped);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_damaged_is_found_and_a_shadow_leaves_it() {
    let (place, folder) = told(52).await;
    let damage = "UPDATE messages SET text = 'not what was said'
                  WHERE number = (SELECT min(number) FROM messages WHERE deleted = 0)";
    order(&folder, damage).await;
    for finish in [Finish::Discard, Finish::Swap] {
        let outcome = rebuild(&place, &folder, finish).await.unwrap();
        assert!(!outcome.swapped);
        let (difference, key) = only(&outcome);
        assert_eq!(difference.at.part, "messages");
        assert!(key.starts_with("seq="), "{key}");
        assert_eq!(difference.rows[0].how, How::Fields(vec!["text".into()]));
        let left = files(&folder).await;
        assert_eq!(
            left.contains(&"history.next.db".to_owned()),
            finish == Finish::Swap,
            "{left:?}"
        );
    }
    let outcome = rebuild(&place, &folder, Finish::SwapAnyway).await.unwrap();
    assert!(outcome.swapped && !outcome.is_equal());
    is_sound(&place, &folder).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_that_can_not_be_read_is_replaced() {
    let (place, folder) = told(53).await;
    std::fs::write(folder.join("history.db"), vec![7_u8; 8_192]).unwrap();
    let outcome = rebuild(&place, &folder, Finish::Swap).await.unwrap();
    assert!(
        !outcome.swapped && outcome.notes[0].contains("can't be read"),
        "{outcome:?}"
    );
    assert!(rebuild(&place, &folder, Finish::SwapAnyway).await.unwrap().swapped);
    is_sound(&place, &folder).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_belongs_to_another_log_is_said() {
    let (place, folder) = told(54).await;
    let of_another = SqliteBeside::open(&folder, another_epoch(), false).await.unwrap();
    Box::new(of_another).close().await;
    let refused = rebuild(&place, &folder, Finish::Swap).await.unwrap_err();
    assert!(refused.to_string().contains("--anew"), "{refused}");
    Box::new(SqliteBeside::open(&folder, place.log.epoch(), true).await.unwrap())
        .close()
        .await;
    assert!(rebuild(&place, &folder, Finish::Swap).await.unwrap().swapped);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_a_kill_left_between_two_names_is_mended() {
    let (place, folder) = told(55).await;
    let (file, old, away) = (
        folder.join("history.db"),
        folder.join("history.old.db"),
        folder.join("history.away.db"),
    );
    // A swap that had kept the old one, and not renamed the new one.
    std::fs::hard_link(&file, &old).unwrap();
    assert!(rebuild(&place, &folder, Finish::Swap).await.unwrap().swapped);
    // A swap back that had put the old one into its place, and not kept the other.
    std::fs::rename(&file, &away).unwrap();
    std::fs::rename(&old, &file).unwrap();
    swap_back(&folder).await.unwrap();
    assert_eq!(files(&folder).await, ["history.db", "history.old.db"]);
    // One that had done nothing but to give it another name.
    std::fs::hard_link(&file, &away).unwrap();
    assert!(drop_old(&folder).unwrap());
    assert_eq!(files(&folder).await, ["history.db"]);
    is_sound(&place, &folder).await;
}
