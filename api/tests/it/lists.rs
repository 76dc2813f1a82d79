//! What a page asks of a room beside its messages: who is invited, banned and muted, who has read, and messages around a
//! place.

use crate::admin::admin;
use crate::support::both::{Site, both};
use crate::support::contract::Contract;
use crate::support::{Person, Server, eventually, so};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

both!(
    lists_of_people_are_told_to_those_they_concern,
    members_see_who_has_read,
    messages_are_found_around_a_seq_and_a_time,
);

async fn asked(contract: &Contract, server: &Server, who: &Person, path: &str) -> (StatusCode, Value) {
    let answer = contract.ask(server, Method::GET, path, Some(&who.token), None).await;
    (answer.status, answer.body)
}

async fn refused(contract: &Contract, server: &Server, who: &Person, path: &str) -> String {
    let (status, body) = asked(contract, server, who, path).await;
    assert!(!status.is_success(), "GET {path}: {body}");
    body["name"].as_str().unwrap().to_owned()
}

/// The same path for admins.
fn of_admin(path: &str) -> String {
    path.replacen("/v1/", "/v1/admin/", 1)
}

fn ids(list: &Value) -> Vec<&str> {
    let ids = list
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| entry["id"].as_str().unwrap());
    ids.collect()
}

async fn lists_of_people_are_told_to_those_they_concern(mut site: Site) {
    let root = admin(&mut site, "root").await;
    let server = site.edge();
    let contract = Contract::of(server).await;
    let [ann, ben, eve, dan] = [
        server.register("ann").await,
        server.register("ben").await,
        server.register("eve").await,
        server.register("dan").await,
    ];
    let room = server.room(&ann, "private").await;
    let path = format!("/v1/rooms/{room}");
    let act = async |verb: &str, body: Value| server.done(&ann, &format!("{path}/{verb}"), body).await;
    for guest in [&ben, &eve, &dan] {
        act("invite", json!({ "user": guest.id })).await;
    }
    server.done(&ben, &format!("{path}/join"), json!({})).await;
    act("ban", json!({ "user": eve.id })).await;
    let far = 4_000_000_000_000_u64;
    act("mute", json!({ "user": ben.id, "until": far })).await;

    let (_, bans) = asked(&contract, server, &ann, &format!("{path}/bans")).await;
    assert_eq!(ids(&bans["bans"]), [eve.id.as_str()]);
    let banned = &bans["bans"][0];
    assert_eq!(
        (&banned["until"], &banned["display_name"]),
        (&Value::Null, &json!("eve"))
    );
    let (_, mutes) = asked(&contract, server, &ann, &format!("{path}/mutes")).await;
    assert_eq!(
        (ids(&mutes["mutes"]), &mutes["mutes"][0]["until"]),
        (vec![ben.id.as_str()], &json!(far))
    );
    // A ban uses an invitation up, and so does joining.
    let (_, invited) = asked(&contract, server, &ben, &format!("{path}/invitations")).await;
    assert_eq!(ids(&invited["invitations"]), [dan.id.as_str()]);
    assert_eq!(invited["invitations"][0]["invited_by"], ann.id.as_str());

    for list in ["bans", "mutes"] {
        let path = format!("{path}/{list}");
        assert_eq!(
            refused(&contract, server, &ben, &path).await,
            "forbidden",
            "a member may not lift one"
        );
        assert_eq!(refused(&contract, server, &dan, &path).await, "not_a_member");
        assert_eq!(refused(&contract, server, &eve, &path).await, "not_found");
        assert_eq!(refused(&contract, server, &ann, &of_admin(&path)).await, "forbidden");
        let (_, seen) = asked(&contract, server, &root, &of_admin(&path)).await;
        let (_, own) = asked(&contract, server, &ann, &path).await;
        assert_eq!(seen, own);
    }
    assert_eq!(
        refused(&contract, server, &dan, &format!("{path}/invitations")).await,
        "not_a_member"
    );
    let (_, members) = asked(&contract, server, &root, &format!("{}/members", of_admin(&path))).await;
    assert_eq!(
        members,
        asked(&contract, server, &ann, &format!("{path}/members")).await.1
    );
    assert_eq!(ids(&members["members"]).len(), 2);

    // Page by page, on the other edge too; what was lifted is gone.
    act("ban", json!({ "user": dan.id })).await;
    let mut all = [eve.id.as_str(), dan.id.as_str()];
    all.sort_unstable();
    let other = site.other();
    let first = eventually("both bans are known there", async || {
        let (_, page) = asked(&contract, other, &ann, &format!("{path}/bans?limit=1")).await;
        so(page["after"] == all[0], &page).map(|()| page)
    })
    .await;
    assert_eq!(ids(&first["bans"]), [all[0]]);
    let (_, rest) = asked(&contract, other, &ann, &format!("{path}/bans?limit=1&after={}", all[0])).await;
    assert_eq!((ids(&rest["bans"]), &rest["after"]), (vec![all[1]], &Value::Null));
    act("unban", json!({ "user": eve.id })).await;
    let (_, bans) = asked(&contract, server, &ann, &format!("{path}/bans")).await;
    assert_eq!(ids(&bans["bans"]), [dan.id.as_str()]);
}

async fn members_see_who_has_read(site: Site) {
    let server = site.edge();
    let contract = Contract::of(server).await;
    let [ann, ben, eve] = [
        server.register("ann").await,
        server.register("ben").await,
        server.register("eve").await,
    ];
    let room = server.room(&ann, "public").await;
    let path = format!("/v1/rooms/{room}");
    server.done(&ben, &format!("{path}/join"), json!({})).await;
    let say = json!({ "text": "who has seen this?" });
    let said = server.done(&ann, &format!("{path}/messages"), say).await["seq"]
        .as_u64()
        .unwrap();
    server.done(&ann, &format!("{path}/read"), json!({ "seq": said })).await;
    server
        .done(&ben, &format!("{path}/read"), json!({ "seq": said - 1 }))
        .await;
    let seen_by = async |edge: &Server, query: String, expected: &[&Person]| {
        let mut expected: Vec<&str> = expected.iter().map(|person| person.id.as_str()).collect();
        expected.sort_unstable();
        eventually("they have read it", async || {
            let (status, page) = asked(&contract, edge, &ann, &format!("{path}/reads{query}")).await;
            assert_eq!(status, StatusCode::OK, "{page}");
            so(ids(&page["reads"]) == expected, &page).map(|()| page)
        })
        .await
    };
    // History knows of a marker once the log does.
    seen_by(server, String::new(), &[&ann, &ben]).await;
    let seen = seen_by(site.other(), format!("?from_seq={said}"), &[&ann]).await;
    let first = &seen["reads"][0];
    assert_eq!(
        (&first["seq"], &first["display_name"], &seen["after"]),
        (&json!(said), &json!("ann"), &Value::Null)
    );
    server.done(&ben, &format!("{path}/read"), json!({ "seq": said })).await;
    seen_by(server, format!("?from_seq={said}"), &[&ann, &ben]).await;
    let (_, page) = asked(&contract, server, &ann, &format!("{path}/reads?limit=1")).await;
    let after = page["after"].as_str().unwrap();
    let (_, rest) = asked(&contract, server, &ann, &format!("{path}/reads?limit=1&after={after}")).await;
    assert_ne!(ids(&page["reads"]), ids(&rest["reads"]));
    assert_eq!(rest["after"], Value::Null);

    // Whoever only looks on is not told, and whoever left is not listed.
    assert_eq!(
        refused(&contract, server, &eve, &format!("{path}/reads")).await,
        "not_a_member"
    );
    server.done(&ben, &format!("{path}/leave"), json!({})).await;
    seen_by(server, String::new(), &[&ann]).await;
    seen_by(site.other(), String::new(), &[&ann]).await;
    let too_far = format!("{path}/reads?from_seq=9007199254740992");
    assert_eq!(refused(&contract, server, &ann, &too_far).await, "bad_request");
}

fn seqs(page: &Value) -> Vec<u64> {
    let messages = page["messages"].as_array().unwrap().iter();
    messages.map(|message| message["seq"].as_u64().unwrap()).collect()
}

async fn messages_are_found_around_a_seq_and_a_time(site: Site) {
    let server = site.edge();
    let contract = Contract::of(server).await;
    let ann = server.register("ann").await;
    let room = server.room(&ann, "public").await;
    let path = format!("/v1/rooms/{room}");
    let mut said = Vec::new();
    for number in 0..12 {
        let text = json!({ "text": format!("number {number}") });
        let receipt = server.done(&ann, &format!("{path}/messages"), text).await;
        said.push((receipt["seq"].as_u64().unwrap(), receipt["at"].as_u64().unwrap()));
        // Seqs that are no messages stand between them.
        let reaction = format!("{path}/messages/{}/react", said[number].0);
        server.done(&ann, &reaction, json!({ "emoji": "👍" })).await;
    }
    let last = said[11].0;
    let page = async |query: String| {
        let path = format!("{path}/messages?{query}&min_seq={last}");
        server.told(&ann, &path).await;
        asked(&contract, server, &ann, &path).await.1
    };
    let of = |range: std::ops::Range<usize>| -> Vec<u64> { said[range].iter().map(|(seq, _)| *seq).collect() };
    let (middle, at) = said[6];
    let around = page(format!("around={middle}&limit=4")).await;
    assert_eq!((seqs(&around), &around["anchor"]), (of(4..8), &json!(middle)));
    assert_eq!(
        (&around["before"], &around["after"]),
        (&json!(said[4].0), &json!(said[7].0))
    );
    // The seq of a reaction: the message after it.
    assert_eq!(page(format!("around={}&limit=4", middle - 1)).await, around);
    assert_eq!(seqs(&page(format!("around={middle}&limit=1")).await), [middle]);
    let begin = page("around=0&limit=4".into()).await;
    assert_eq!((seqs(&begin), &begin["before"]), (of(0..2), &Value::Null));
    let end = page(format!("around={}&limit=4", last + 1)).await;
    assert_eq!(
        (seqs(&end), &end["anchor"], &end["after"]),
        (of(8..12), &Value::Null, &Value::Null)
    );

    // Of messages of the same millisecond the first.
    let first_at = said.iter().find(|(_, when)| *when >= at).unwrap().0;
    let by_time = page(format!("time={at}&limit=4")).await;
    assert_eq!(by_time["anchor"], first_at);
    assert_eq!(page("time=0&limit=4".into()).await["anchor"], said[0].0);
    let later = page(format!("time={}&limit=4", said[11].1 + 1)).await;
    assert_eq!((seqs(&later), &later["anchor"]), (of(8..12), &Value::Null));
    let both = format!("{path}/messages?around=3&time=3");
    assert_eq!(refused(&contract, server, &ann, &both).await, "bad_request");

    let empty = server.room(&ann, "public").await;
    let (_, nothing) = asked(&contract, server, &ann, &format!("/v1/rooms/{empty}/messages?time=5")).await;
    assert_eq!(
        nothing,
        json!({ "messages": [], "before": null, "after": null, "anchor": null })
    );
}
