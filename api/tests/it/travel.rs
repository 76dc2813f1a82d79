//! A room as it once stood, over REST: what it tells, to whom, and what it does not tell any more.

use crate::support::both::{Site, both};
use crate::support::contract::{Answer, Contract};
use crate::support::{Person, Server, cid, eventually, so};
use reqwest::Method;
use serde_json::{Value, json};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions as _, Executor as _};

both!(
    with [("ROOMLOG_PROJECTOR__SNAPSHOT_EVENTS", "20")] =>
    a_room_is_told_as_it_stood,
    what_was_deleted_does_not_come_back,
    who_is_erased_is_erased_in_the_past_too,
    each_wrong_point_is_refused_in_its_own_words,
    a_room_that_an_admin_deleted_has_no_past,
);

const PASSWORD: &str = "correct horse battery";

/// A room, and how it is asked of.
struct Story<'a> {
    server: &'a Server,
    contract: Contract,
    room: String,
}

impl<'a> Story<'a> {
    async fn begin(server: &'a Server, owner: &Person, kind: &str) -> Self {
        Self {
            server,
            contract: Contract::of(server).await,
            room: server.room(owner, kind).await,
        }
    }

    fn path(&self, tail: &str) -> String {
        format!("/v1/rooms/{}{tail}", self.room)
    }

    /// Does something; its receipt.
    async fn does(&self, who: &Person, tail: &str, body: Value) -> Value {
        self.server.done(who, &self.path(tail), body).await
    }

    async fn says(&self, who: &Person, text: &str) -> Value {
        self.does(who, "/messages", json!({ "text": text })).await
    }

    async fn asks(&self, method: Method, who: &Person, tail: &str, body: Option<&Value>) -> Answer {
        let path = self.path(tail);
        self.contract
            .ask(self.server, method, &path, Some(&who.token), body)
            .await
    }

    async fn takes_back(&self, who: &Person, message: &Value) -> Value {
        let tail = format!("/messages/{}", message["seq"]);
        let answer = self
            .asks(Method::DELETE, who, &tail, Some(&json!({ "cid": cid() })))
            .await;
        assert_eq!(answer.name(), "ok");
        answer.body
    }

    /// What an edge tells of the past.
    async fn asked(&self, edge: &Server, who: &Person, query: &str) -> Answer {
        let path = self.path(&format!("/at?{query}"));
        self.contract
            .ask(edge, Method::GET, &path, Some(&who.token), None)
            .await
    }

    async fn at(&self, edge: &Server, who: &Person, query: &str) -> Value {
        let answer = self.asked(edge, who, query).await;
        assert_eq!(answer.name(), "ok", "{query}: {}", answer.body);
        answer.body
    }
}

/// Seqs and texts.
fn said(past: &Value) -> Vec<(u64, String)> {
    let messages = past["recent"].as_array().expect("a list").iter();
    messages
        .map(|message| {
            let text = message["text"].as_str().expect("a text").to_owned();
            (message["seq"].as_u64().expect("a seq"), text)
        })
        .collect()
}

fn ids(list: &Value) -> Vec<&str> {
    let list = list.as_array().expect("a list").iter();
    list.map(|one| one["id"].as_str().expect("an id")).collect()
}

async fn a_room_is_told_as_it_stood(site: Site) {
    let server = site.edge();
    let (ann, ben) = (server.register("ann").await, server.register("ben").await);
    let (eve, max) = (server.register("eve").await, server.register("max").await);
    let story = Story::begin(server, &ann, "private").await;
    let begun = server.told(&ann, &story.path("")).await["head"]["pos"].clone();
    story.does(&ann, "/invite", json!({ "user": ben.id })).await;
    let invited = story.does(&ann, "/invite", json!({ "user": max.id })).await;
    story.does(&ben, "/join", json!({})).await;
    let first = story.says(&ann, "hello").await;
    let second = story.says(&ben, "hi").await;
    let reacted = story
        .does(
            &ben,
            &format!("/messages/{}/react", first["seq"]),
            json!({ "emoji": "👍" }),
        )
        .await;
    story
        .does(&ann, "/role", json!({ "user": ben.id, "role": "moderator" }))
        .await;
    let banned = story.does(&ben, "/ban", json!({ "user": eve.id })).await;
    let tail = format!("/messages/{}", first["seq"]);
    let edit = json!({ "text": "hello, all", "cid": cid() });
    let edited = story.asks(Method::PATCH, &ann, &tail, Some(&edit)).await.body;
    let renamed = json!({ "name": "another room", "topic": "of what", "cid": cid() });
    story.asks(Method::PATCH, &ann, "", Some(&renamed)).await;
    story.does(&ann, "/mute", json!({ "user": ben.id })).await;
    story.does(&ann, "/unban", json!({ "user": eve.id })).await;
    let gone = story.takes_back(&ben, &second).await;
    story.does(&ben, "/leave", json!({})).await;
    for number in 0..60 {
        story.says(&ann, &number.to_string()).await;
    }

    for edge in [server, site.other()] {
        let at = async |query: String| story.at(edge, &ann, &query).await;
        let past = at(format!("offset={}", begun["offset"])).await;
        assert_eq!((&past["name"], &past["seq"]), (&json!("a room"), &json!(1)));
        assert_eq!((&past["members_count"], &past["recent"]), (&json!(1), &json!([])));
        let past = at(format!("seq={}", invited["seq"])).await;
        assert_eq!(ids(&past["invitations"]).len(), 2);
        assert_eq!(past["invitations"][0]["by"], json!(ann.id));

        let mut past = at(format!("seq={}", reacted["seq"])).await;
        assert_eq!(said(&past), [(4 + 1, "hello".to_owned()), (6, "hi".to_owned())]);
        let reactions = json!([{ "emoji": "👍", "count": 1 }]);
        assert_eq!(past["recent"][0]["reactions"], reactions);
        assert_eq!(past["recent"][0]["edited_at"], Value::Null, "it was not edited yet");
        assert_eq!(past["invitations_count"], 1, "one was used up");
        let mut at_offset = at(format!("offset={}", reacted["pos"]["offset"])).await;
        // From where it was folded is another matter: history may have come up between the two.
        for told in [&mut past, &mut at_offset] {
            assert!(told.as_object_mut().and_then(|told| told.remove("folded")).is_some());
        }
        assert_eq!(at_offset, past, "the same point");
        assert_eq!((&past["position"], &past["at"]), (&reacted["pos"], &reacted["at"]));
        assert_eq!(past["digest"], reacted["digest"]);

        let past = at(format!("seq={}", banned["seq"])).await;
        assert_eq!(past["bans"], json!([{ "id": eve.id, "until": null }]));
        let roles = past["members"].as_array().expect("a list").iter();
        let roles: Vec<_> = roles.filter(|one| one["id"] == ben.id.as_str()).collect();
        assert_eq!(roles[0]["role"], "moderator");
        assert_eq!(past["mutes_count"], 0);

        let past = at(format!("seq={}", edited["seq"])).await;
        assert_eq!(past["recent"][0]["text"], "hello, all");
        assert_eq!(past["recent"][0]["edited_at"], edited["at"]);
        assert_eq!(past["name"], "a room", "it was renamed later");

        let past = at(format!("seq={}", gone["seq"])).await;
        assert_eq!(
            (&past["name"], &past["topic"]),
            (&json!("another room"), &json!("of what"))
        );
        assert_eq!((&past["bans_count"], &past["mutes_count"]), (&json!(0), &json!(1)));
        assert_eq!(past["recent"][1]["deleted"], true, "a tombstone by then");
        assert_eq!(past["recent"][1]["deleted_since"], Value::Null);

        let now = server.told(&ann, &story.path("")).await["head"].clone();
        let past = at(format!(
            "time={}&epoch={}",
            now_ms(),
            now["pos"]["epoch"].as_str().unwrap()
        ))
        .await;
        assert_eq!((&past["seq"], &past["digest"]), (&now["seq"], &now["digest"]));
        assert_eq!(past["members_count"], 1);
    }
    // From a snapshot, once history has what was said. Of the head, for a projector may take all of it at once, and keeps a
    // snapshot of where that ends.
    let head = server.told(&ann, &story.path("")).await["head"]["seq"].clone();
    let query = &format!("seq={head}");
    let from = eventually("a snapshot is near", async || {
        let past = story.at(server, &ann, query).await;
        let from = past["folded"]["from_seq"].as_u64().unwrap_or_default();
        so(from >= 20, past["folded"].clone()).map(|()| past)
    })
    .await;
    let counted = from["folded"]["from_seq"].as_u64().unwrap() + from["folded"]["events"].as_u64().unwrap();
    assert_eq!((Some(counted), &from["seq"]), (head.as_u64(), &head));
    // Who may not read the room now, is told nothing of when they could.
    assert_eq!(story.asked(server, &ben, query).await.name(), "not_found");
    assert_eq!(story.asked(server, &max, query).await.name(), "not_a_member");
}

fn now_ms() -> u128 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    since.expect("it is after 1970").as_millis()
}

async fn what_was_deleted_does_not_come_back(site: Site) {
    let server = site.edge();
    let (ann, ben) = (server.register("ann").await, server.register("ben").await);
    let (mia, tim) = (server.register("mia").await, server.register("tim").await);
    let story = Story::begin(server, &ann, "public").await;
    for person in [&ben, &mia, &tim] {
        story.does(person, "/join", json!({})).await;
    }
    story
        .does(&ann, "/role", json!({ "user": mia.id, "role": "moderator" }))
        .await;
    let secret = json!({ "text": "the secret", "mentions": [tim.id] });
    let secret = story.does(&ben, "/messages", secret).await;
    let kept = story.says(&ben, "no secret").await;
    let (far, near) = (format!("seq={}", kept["seq"]), 120);
    story.takes_back(&ben, &secret).await;
    // While it is among the recent ones, and when history alone knows.
    for round in 0..2 {
        for edge in [server, site.other()] {
            for (who, sees) in [(&ann, true), (&ben, true), (&mia, true), (&tim, false)] {
                let past = story.at(edge, who, &far).await;
                let text = if sees { "the secret" } else { "" };
                let what = format!("round {round}: {past}");
                let seqs = [secret["seq"].as_u64().unwrap(), kept["seq"].as_u64().unwrap()];
                assert_eq!(
                    said(&past),
                    [(seqs[0], text.to_owned()), (seqs[1], "no secret".to_owned())],
                    "{what}"
                );
                let message = &past["recent"][0];
                assert_eq!(message["deleted_since"], true, "{what}");
                assert_eq!(message["text_withheld"].as_bool().unwrap_or_default(), !sees, "{what}");
                assert_eq!(message["mentions"].is_null(), !sees, "{what}");
                assert_eq!(message["from"]["id"], ben.id.as_str());
                assert_eq!(past["recent"][1]["deleted_since"], Value::Null);
            }
        }
        for number in 0..if round == 0 { near } else { 0 } {
            story.says(&ann, &number.to_string()).await;
        }
    }
    // Rights are those of now.
    story
        .does(&ann, "/role", json!({ "user": mia.id, "role": "member" }))
        .await;
    eventually("mia is no moderator there either", async || {
        let past = story.at(site.other(), &mia, &far).await;
        so(past["recent"][0]["text_withheld"] == true, past)
    })
    .await;
}

async fn who_is_erased_is_erased_in_the_past_too(site: Site) {
    let server = site.edge();
    let (ann, ben) = (server.register("ann").await, server.register("ben").await);
    let story = Story::begin(server, &ann, "public").await;
    story.does(&ben, "/join", json!({})).await;
    let said_by_ben = story.says(&ben, "I was here").await;
    story.says(&ann, "so were you").await;
    let query = format!("seq={}", said_by_ben["seq"]);
    let past = story.at(server, &ann, &query).await;
    assert_eq!(past["recent"][0]["from"]["name"], "ben");
    let body = json!({ "password": PASSWORD, "texts": true });
    let gone = story
        .contract
        .ask(server, Method::DELETE, "/v1/me", Some(&ben.token), Some(&body))
        .await;
    assert_eq!(gone.status, 204);
    for edge in [server, site.other()] {
        eventually("he is erased", async || {
            let past = story.at(edge, &ann, &query).await;
            let message = &past["recent"][0];
            so(
                message["from"]["name"] == "deleted user" && message["text"] == "",
                message,
            )
        })
        .await;
    }
}

async fn each_wrong_point_is_refused_in_its_own_words(site: Site) {
    let server = site.edge();
    let ann = server.register("ann").await;
    let story = Story::begin(server, &ann, "open").await;
    let last = story.says(&ann, "hello").await;
    let partition = last["pos"]["partition"].as_u64().unwrap();
    let begun = server.told(&ann, &story.path("")).await["created_at"].as_i64().unwrap();
    let refusals = [
        (String::new(), "bad_request", "offset", "is needed"),
        ("seq=1&time=1".to_owned(), "bad_request", "offset", "exclude each other"),
        ("seq=-1".to_owned(), "bad_request", "seq", "seq"),
        ("seq=9007199254740992".to_owned(), "bad_request", "seq", "at most"),
        (
            "offset=4000000".to_owned(),
            "out_of_range",
            "offset",
            "outside the room's partition",
        ),
        (
            format!("time={}", now_ms() + 60_000),
            "out_of_range",
            "time",
            "in the future",
        ),
        (
            "seq=3".to_owned(),
            "out_of_range",
            "seq",
            "beyond the room's head, which is 2",
        ),
        ("seq=0".to_owned(), "out_of_range", "seq", "no such room then"),
        (
            format!("time={}", begun - 1),
            "out_of_range",
            "time",
            "no such room then",
        ),
        (
            format!("seq=1&epoch={}", cid()),
            "out_of_range",
            "epoch",
            "the log's epoch is",
        ),
        ("seq=1&epoch=x".to_owned(), "bad_request", "epoch", "epoch"),
        (
            format!("seq=1&partition={}", partition + 1),
            "bad_request",
            "partition",
            "the room is in partition",
        ),
        (
            "seq=1&partition=65536".to_owned(),
            "bad_request",
            "partition",
            "partition",
        ),
    ];
    for (query, name, field, words) in refusals {
        let answer = story.asked(server, &ann, &query).await;
        let body = &answer.body;
        assert_eq!(
            (answer.name(), &body["field"]),
            (name, &json!(field)),
            "{query}: {body}"
        );
        assert!(body["detail"].as_str().unwrap().contains(words), "{query}: {body}");
        assert_eq!((&body["retryable"], &body["outcome"]), (&json!(false), &json!("none")));
    }
    let unknown = format!("/v1/rooms/{}/at?seq=1", cid());
    let answer = story
        .contract
        .ask(server, Method::GET, &unknown, Some(&ann.token), None)
        .await;
    assert_eq!(answer.name(), "not_found");
    // What is named rightly is as good as not named.
    let epoch = last["pos"]["epoch"].as_str().unwrap();
    let named = story
        .at(server, &ann, &format!("seq=2&epoch={epoch}&partition={partition}"))
        .await;
    assert_eq!(said(&named), [(2, "hello".to_owned())]);
}

async fn a_room_that_an_admin_deleted_has_no_past(mut site: Site) {
    let root = crate::admin::admin(&mut site, "root").await;
    let server = site.edge();
    let ann = server.register("ann").await;
    let story = Story::begin(server, &ann, "public").await;
    story.at(server, &ann, "seq=1").await;
    let path = format!("/v1/admin/rooms/{}", story.room);
    let closed = story
        .contract
        .ask(server, Method::DELETE, &path, Some(&root.token), None)
        .await;
    assert_eq!(closed.name(), "ok");
    for edge in [server, site.other()] {
        eventually("it is gone", async || {
            let answer = story.asked(edge, &ann, "seq=1").await;
            so(answer.name() == "room_deleted", answer)
        })
        .await;
    }
}

async fn order(server: &Server, text: &str) {
    let options = SqliteConnectOptions::new().filename(server.data_dir().join("history.db"));
    let mut connection = options.connect().await.expect("the file opens");
    connection.execute(text).await.expect("it is done");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_history_the_log_tells_and_what_may_be_deleted_is_not_told() {
    let server = Server::embedded().await;
    let (ann, ben) = (server.register("ann").await, server.register("ben").await);
    let story = Story::begin(&server, &ann, "open").await;
    let said_then = story.says(&ann, "long ago").await;
    for number in 0..110 {
        story.says(&ann, &number.to_string()).await;
    }
    for table in ["journal", "messages"] {
        order(&server, &format!("ALTER TABLE {table} RENAME TO hidden_{table}")).await;
    }
    let query = format!("seq={}", said_then["seq"]);
    let past = story.at(&server, &ben, &query).await;
    assert_eq!(
        (&past["folded"]["source"], &past["folded"]["from_seq"]),
        (&json!("log"), &json!(0))
    );
    let message = &past["recent"][0];
    assert_eq!(
        (&message["text"], &message["text_withheld"]),
        (&json!(""), &json!(true))
    );
    assert_eq!(message["deleted_since"], Value::Null, "nobody can say");
    assert_eq!(story.at(&server, &ann, &query).await["recent"][0]["text"], "long ago");
    // At the head nothing can have been deleted since.
    let past = story.at(&server, &ben, "seq=112").await;
    let texts = said(&past);
    assert_eq!((texts.len(), texts[99].1.as_str()), (100, "109"));
}

#[tokio::test(flavor = "multi_thread")]
async fn too_much_at_once_and_too_long_a_way_are_refused() {
    let settings = [
        ("ROOMLOG_EDGE__MAX_TRAVELS", "0"),
        ("ROOMLOG_EDGE__TRAVEL_TIMEOUT_MS", "50"),
    ];
    let server = Server::embedded_with(&settings).await;
    let ann = server.register("ann").await;
    let story = Story::begin(&server, &ann, "open").await;
    let answer = story.asked(&server, &ann, "seq=1").await;
    assert_eq!((answer.name(), &answer.body["retryable"]), ("overloaded", &json!(true)));

    let server = Server::embedded_with(&[("ROOMLOG_TRAVEL__LOG_RECORDS", "2")]).await;
    let ann = server.register("ann").await;
    let story = Story::begin(&server, &ann, "open").await;
    for number in 0..5 {
        story.says(&ann, &number.to_string()).await;
    }
    order(&server, "ALTER TABLE journal RENAME TO hidden").await;
    let answer = story.asked(&server, &ann, "seq=5").await;
    assert_eq!(
        (answer.name(), &answer.body["retryable"]),
        ("unavailable", &json!(true))
    );
    let words = answer.body["detail"].as_str().unwrap();
    assert!(words.contains("history can't answer now"), "{words}");
}
