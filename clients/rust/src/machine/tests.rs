//! The machine by itself: what comes in, what goes out.

use super::{Effect, Failure, Machine, Start, Ticket, Update, Violation};
use crate::protocol::Comeback;
use serde_json::{Value, json};
use uuid::Uuid;

const ROOM: Uuid = Uuid::from_u128(7);
const EPOCH: Uuid = Uuid::from_u128(9);

fn greeted() -> Machine {
    let mut machine = Machine::new("token".to_owned());
    machine.opened();
    machine.message(&json!({ "hello": { "epoch": EPOCH, "heartbeat_ms": 25_000 } }).to_string());
    machine.effects();
    machine
}

fn reconnect(machine: &mut Machine) {
    machine.opened();
    machine.effects();
    machine.message(&json!({ "hello": { "epoch": EPOCH, "heartbeat_ms": 25_000 } }).to_string());
}

fn sent(effects: &[Effect]) -> Vec<Value> {
    let text = |effect: &Effect| match effect {
        Effect::Send(text) => Some(serde_json::from_str(text).unwrap()),
        _ => None,
    };
    effects.iter().filter_map(text).collect()
}

fn event(seq: u64) -> String {
    json!({ "event": {
        "room": ROOM, "seq": seq, "pos": { "epoch": EPOCH, "partition": 0, "offset": seq }, "event_id": Uuid::from_u128(1),
        "type": "message_sent", "from": { "id": Uuid::from_u128(2), "name": "ann" }, "cid": Uuid::from_u128(3), "at": 4,
        "body": { "text": "hello" },
    }})
    .to_string()
}

fn subscribed(machine: &mut Machine, seq: u64) {
    machine.subscribe(ROOM, Start::Now);
    let id = sent(&machine.effects())[0]["id"].clone();
    machine.message(
        &json!({ "id": id, "ok": { "epoch": EPOCH, "seq": seq, "digest": "", "recovered": null } }).to_string(),
    );
    machine.effects();
}

#[test]
fn it_says_who_it_is_first() {
    let mut machine = Machine::new("token".to_owned());
    machine.opened();
    assert_eq!(
        sent(&machine.effects()),
        [json!({ "id": 1, "auth": { "token": "token" } })]
    );
}

#[test]
fn events_in_order_are_handed_on() {
    let mut machine = greeted();
    subscribed(&mut machine, 4);
    machine.message(&(event(5) + "\n" + &event(6)));
    let told = machine.effects();
    assert_eq!(told.len(), 2);
    assert!(matches!(&told[1], Effect::Tell(ROOM, Update::Event(event)) if event.seq == 6));
}

fn gap(seq: u64, due: u64) -> Effect {
    let room = ROOM;
    Effect::Note(Violation::Gap { room, seq, due })
}

#[test]
fn a_gap_is_noted_and_asked_for_again() {
    let mut machine = greeted();
    subscribed(&mut machine, 4);
    machine.message(&(event(6) + "\n" + &event(7)));
    let effects = machine.effects();
    assert_eq!(effects[0], gap(6, 5));
    let asked = sent(&effects);
    assert_eq!(effects.len(), 2, "what comes until it is mended is of no interest");
    assert_eq!(asked[0]["subscribe"]["resume"], json!({ "epoch": EPOCH, "seq": 4 }));
    let answer = json!({ "epoch": EPOCH, "seq": 7, "digest": "", "recovered": true });
    machine.message(&json!({ "id": asked[0]["id"], "ok": answer }).to_string());
    machine.message(&event(5));
    assert!(matches!(&machine.effects()[..], [Effect::Tell(ROOM, Update::Event(event))] if event.seq == 5));
}

#[test]
fn a_gap_that_asking_again_does_not_mend_ends_the_connection() {
    let mut machine = greeted();
    subscribed(&mut machine, 4);
    machine.message(&event(6));
    let id = sent(&machine.effects())[0]["id"].clone();
    let answer = json!({ "epoch": EPOCH, "seq": 7, "digest": "", "recovered": true });
    machine.message(&json!({ "id": id, "ok": answer }).to_string());
    machine.message(&event(6));
    assert_eq!(machine.effects(), [gap(6, 5), Effect::Drop]);
}

#[test]
fn a_repeat_is_noted_and_not_handed_on() {
    let mut machine = greeted();
    subscribed(&mut machine, 4);
    machine.message(&(event(4) + "\n" + &event(5)));
    let repeat = Violation::Repeat {
        room: ROOM,
        seq: 4,
        due: 5,
    };
    let effects = machine.effects();
    assert_eq!(effects[0], Effect::Note(repeat));
    assert!(matches!(&effects[1..], [Effect::Tell(ROOM, Update::Event(event))] if event.seq == 5));
}

#[test]
fn a_thousand_rooms_come_back_a_few_at_a_time() {
    let mut machine = Machine::new("token".to_owned());
    for room in 1..=1_000 {
        machine.subscribe(Uuid::from_u128(room), Start::Now);
    }
    reconnect(&mut machine);
    let mut asked = std::collections::VecDeque::from(sent(&machine.effects()));
    let mut subscribed = 0;
    while let Some(frame) = asked.pop_front() {
        assert!(asked.len() < 64, "the server lets 64 wait");
        let answer = json!({ "epoch": EPOCH, "seq": 0, "digest": "", "recovered": null });
        machine.message(&json!({ "id": frame["id"], "ok": answer }).to_string());
        asked.extend(sent(&machine.effects()));
        subscribed += 1;
    }
    assert_eq!(subscribed, 1_000);
}

#[test]
fn a_room_that_was_put_off_waits_for_its_time() {
    let mut machine = greeted();
    machine.subscribe(ROOM, Start::Now);
    let id = sent(&machine.effects())[0]["id"].clone();
    let refusal = json!({ "code": 302, "name": "unavailable", "message": "", "retryable": true, "outcome": "none",
        "retry_after_ms": 700 });
    machine.message(&json!({ "id": id, "error": refusal }).to_string());
    assert_eq!(machine.effects(), [Effect::RetryAfter { millis: 700 }]);
    machine.ask(Ticket(1), "ping", json!({}));
    let ping = sent(&machine.effects());
    assert_eq!(ping.len(), 1);
    machine.message(&json!({ "id": ping[0]["id"], "ok": {} }).to_string());
    assert_eq!(
        sent(&machine.effects()),
        Vec::<Value>::new(),
        "another's answer is not its time"
    );
    machine.retry();
    assert_eq!(sent(&machine.effects())[0]["subscribe"]["room"], json!(ROOM));
}

#[test]
fn a_connection_that_owes_an_answer_over_a_whole_tick_is_given_up() {
    let mut machine = greeted();
    machine.write(Ticket(1), "send", ROOM, Uuid::from_u128(1), json!({}));
    let id = sent(&machine.effects())[0]["id"].clone();
    machine.tick();
    assert_eq!(machine.effects(), [], "it may have been sent just now");
    machine.write(Ticket(2), "send", ROOM, Uuid::from_u128(2), json!({}));
    machine.effects();
    machine.message(&json!({ "id": id, "ok": {} }).to_string());
    machine.effects();
    machine.tick();
    assert_eq!(machine.effects(), []);
    machine.tick();
    assert_eq!(machine.effects(), [Effect::Drop]);
}

#[test]
fn a_server_that_never_greets_is_given_up() {
    let mut machine = Machine::new("token".to_owned());
    machine.opened();
    machine.effects();
    machine.tick();
    assert_eq!(machine.effects(), []);
    machine.tick();
    assert_eq!(machine.effects(), [Effect::Drop]);
}

#[test]
fn it_resumes_from_the_last_event() {
    let mut machine = greeted();
    subscribed(&mut machine, 4);
    machine.message(&event(5));
    machine.closed(None);
    machine.effects();
    reconnect(&mut machine);
    let asked = sent(&machine.effects());
    assert_eq!(asked[0]["subscribe"]["resume"], json!({ "epoch": EPOCH, "seq": 5 }));
    let answer = json!({ "epoch": EPOCH, "seq": 6, "digest": "", "recovered": true });
    machine.message(&json!({ "id": asked[0]["id"], "ok": answer }).to_string());
    machine.message(&event(6));
    assert!(matches!(&machine.effects()[..], [Effect::Tell(ROOM, Update::Event(event))] if event.seq == 6));
}

#[test]
fn lagged_asks_again_from_where_it_stands() {
    let mut machine = greeted();
    subscribed(&mut machine, 4);
    machine.message(&json!({ "lagged": { "room": ROOM, "seq": 4 } }).to_string());
    assert_eq!(sent(&machine.effects())[0]["subscribe"]["resume"]["seq"], 4);
}

#[test]
fn a_write_is_sent_again_with_its_cid_and_since() {
    let mut machine = greeted();
    subscribed(&mut machine, 4);
    let cid = Uuid::from_u128(11);
    machine.write(Ticket(1), "send", ROOM, cid, json!({ "text": "hi" }));
    let first = sent(&machine.effects())[0]["send"].clone();
    assert_eq!(first, json!({ "room": ROOM, "cid": cid, "text": "hi", "since": 4 }));
    machine.closed(None);
    assert_eq!(machine.effects(), []);
    reconnect(&mut machine);
    assert_eq!(sent(&machine.effects())[1]["send"], first);
}

/// What a person says while old events still come is new, not as old as those.
#[test]
fn since_is_the_head_as_it_is_seen_when_a_write_first_leaves() {
    let mut machine = greeted();
    subscribed(&mut machine, 4);
    machine.closed(None);
    let write = |machine: &mut Machine, number: u64| {
        let cid = Uuid::from_u128(number.into());
        machine.write(Ticket(number), "send", ROOM, cid, json!({}));
    };
    write(&mut machine, 1);
    reconnect(&mut machine);
    let frames = sent(&machine.effects());
    assert_eq!(frames[1]["send"].get("since"), None, "nothing is seen yet");
    let answer = json!({ "epoch": EPOCH, "seq": 6, "digest": "", "recovered": true });
    machine.message(&json!({ "id": frames[0]["id"], "ok": answer }).to_string());
    machine.message(&event(5));
    write(&mut machine, 2);
    let while_old_ones_come = sent(&machine.effects())[0]["send"].clone();
    assert_eq!(while_old_ones_come.get("since"), None);
    machine.message(&event(6));
    machine.message(&json!({ "caught_up": { "room": ROOM, "seq": 6 } }).to_string());
    write(&mut machine, 3);
    assert_eq!(sent(&machine.effects())[0]["send"]["since"], 6);
    machine.closed(None);
    reconnect(&mut machine);
    let again = sent(&machine.effects());
    assert_eq!(again[2]["send"], while_old_ones_come);
}

#[test]
fn a_put_off_write_holds_back_those_after_it() {
    let mut machine = greeted();
    for ticket in 1..=2 {
        machine.write(Ticket(ticket), "send", ROOM, Uuid::from_u128(ticket.into()), json!({}));
    }
    let frames = sent(&machine.effects());
    let timeout = json!({ "code": 303, "name": "timeout", "message": "", "retryable": true, "outcome": "unknown" });
    machine.message(&json!({ "id": frames[0]["id"], "error": timeout }).to_string());
    assert_eq!(
        machine.effects(),
        [Effect::RetryAfter {
            millis: super::RETRY_MILLIS
        }]
    );
    machine.write(Ticket(3), "send", ROOM, Uuid::from_u128(3), json!({}));
    assert_eq!(machine.effects(), []);
    machine.retry();
    let again = sent(&machine.effects());
    assert_eq!(again[0]["send"]["cid"], frames[0]["send"]["cid"]);
    assert_eq!(again[1]["send"]["cid"], json!(Uuid::from_u128(3)));
}

#[test]
fn a_question_that_lost_its_answer_is_not_asked_again() {
    let mut machine = greeted();
    machine.ask(Ticket(5), "presence", json!({ "room": ROOM }));
    machine.effects();
    machine.closed(None);
    assert_eq!(
        machine.effects(),
        [Effect::Complete(Ticket(5), Err(Failure::Disconnected))]
    );
}

#[test]
fn close_codes_say_when_to_come_back() {
    for (code, comeback) in [
        (4002, Comeback::Never),
        (4101, Comeback::Later),
        (4201, Comeback::Now),
        (1006, Comeback::Later),
    ] {
        assert_eq!(greeted().closed(Some(code)).0, comeback, "{code}");
    }
}

#[test]
fn bye_says_how_long_to_wait() {
    let mut machine = greeted();
    machine.message(
        &json!({ "bye": { "code": 4201, "reason": "draining", "resume": true, "retry_after_ms": 300 } }).to_string(),
    );
    assert_eq!(machine.closed(Some(1006)), (Comeback::Now, Some(300)));
}

#[test]
fn who_is_turned_away_hears_why() {
    let mut machine = greeted();
    subscribed(&mut machine, 4);
    machine.message(&json!({ "bye": { "code": 4002, "reason": "unauthenticated", "resume": false } }).to_string());
    assert_eq!(machine.closed(Some(4002)), (Comeback::Never, None));
    machine.shut();
    let why = Update::Ended("unauthenticated".to_owned());
    assert_eq!(machine.effects(), [Effect::Tell(ROOM, why)]);
}
