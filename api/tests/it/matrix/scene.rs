//! A room with somebody of every standing in it, and the requests that ask of it.

use super::case::{Standing, writes};
use crate::support::contract::Contract;
use crate::support::server::{Person, Server};
use engine::domain::permissions::Operation;
use engine::domain::{Kind, Role};
use reqwest::Method;
use serde_json::{Value, json};
use std::collections::HashMap;

/// Those whom a scene is played with. Registering takes long, so they go from room to room.
pub(super) struct People {
    actors: HashMap<Standing, Person>,
    moderator: Person,
    member: Person,
    muted: Person,
    banned: Person,
    invited: Person,
    stranger: Person,
}

pub(super) async fn gather(server: &Server) -> People {
    let mut actors = HashMap::new();
    for standing in Standing::ALL
        .into_iter()
        .filter(|standing| *standing != Standing::Unknown)
    {
        let name = format!("{standing:?}").to_lowercase();
        actors.insert(standing, server.register(&name).await);
    }
    People {
        actors,
        moderator: server.register("victim1").await,
        member: server.register("victim2").await,
        muted: server.register("victim3").await,
        banned: server.register("victim4").await,
        invited: server.register("victim5").await,
        stranger: server.register("victim6").await,
    }
}

/// A room as it is before anything is asked.
pub(super) struct Scene<'a> {
    server: &'a Server,
    contract: &'a Contract,
    people: &'a People,
    kind: Kind,
    room: String,
    /// Each one's own message.
    own: HashMap<Standing, Value>,
    /// A message of somebody who asks nothing.
    others: Value,
}

impl<'a> Scene<'a> {
    pub(super) async fn set(server: &'a Server, contract: &'a Contract, people: &'a People, kind: Kind) -> Self {
        let mut scene = Self {
            server,
            contract,
            people,
            kind,
            room: String::new(),
            own: HashMap::new(),
            others: Value::Null,
        };
        if kind == Kind::Direct {
            scene.begin_direct().await;
        } else {
            scene.begin().await;
        }
        scene
    }

    /// Direct rooms have two members and nobody else.
    pub(super) fn has(&self, standing: Standing) -> bool {
        self.kind != Kind::Direct || matches!(standing, Standing::Unknown | Standing::Member | Standing::Stranger)
    }

    fn actor(&self, standing: Standing) -> &'a Person {
        &self.people.actors[&standing]
    }

    async fn begin_direct(&mut self) {
        let (member, peer) = (self.actor(Standing::Member), &self.people.member);
        let path = format!("/v1/direct/{}", peer.username);
        let room = self.server.done(member, &path, json!({})).await;
        self.room = room["id"].as_str().expect("an id").to_owned();
        self.own.insert(Standing::Member, self.say(member).await);
        self.others = self.say(peer).await;
    }

    async fn begin(&mut self) {
        let owner = self.actor(Standing::Owner);
        let kind = json!(self.kind);
        self.room = self.server.room(owner, kind.as_str().expect("a word")).await;
        let (moderator, muted) = (self.actor(Standing::Moderator), self.actor(Standing::Muted));
        let members = [moderator, self.actor(Standing::Member), muted];
        for person in members
            .into_iter()
            .chain([&self.people.moderator, &self.people.member, &self.people.muted])
        {
            self.join(person).await;
        }
        for person in [moderator, &self.people.moderator] {
            self.act("role", json!({ "user": person.id, "role": "moderator" }))
                .await;
        }
        if self.kind != Kind::Open {
            for person in [self.actor(Standing::Invited), &self.people.invited] {
                self.act("invite", json!({ "user": person.id })).await;
            }
        }
        for standing in Standing::ALL
            .into_iter()
            .filter(|standing| writes(*standing, self.kind))
        {
            let said = self.say(self.actor(standing)).await;
            self.own.insert(standing, said);
        }
        self.others = self.say(&self.people.member).await;
        for person in [muted, &self.people.muted] {
            self.act("mute", json!({ "user": person.id })).await;
        }
        for person in [self.actor(Standing::Banned), &self.people.banned] {
            self.act("ban", json!({ "user": person.id })).await;
        }
    }

    async fn join(&self, person: &Person) {
        if self.kind == Kind::Private {
            self.act("invite", json!({ "user": person.id })).await;
        }
        self.server
            .done(person, &format!("/v1/rooms/{}/join", self.room), json!({}))
            .await;
    }

    /// The owner does it.
    async fn act(&self, verb: &str, body: Value) {
        let path = format!("/v1/rooms/{}/{verb}", self.room);
        self.server.done(self.actor(Standing::Owner), &path, body).await;
    }

    async fn say(&self, person: &Person) -> Value {
        let path = format!("/v1/rooms/{}/messages", self.room);
        self.server.done(person, &path, json!({ "text": "a word" })).await["seq"].clone()
    }

    /// Reads a path of the room; the answer's name.
    pub(super) async fn read(&self, standing: Standing, path: &str) -> String {
        let path = format!("/v1/rooms/{}{path}", self.room);
        self.asked(standing, Method::GET, &path, None).await
    }

    /// Asks for an operation; the answer's name.
    pub(super) async fn play(&self, standing: Standing, operation: Operation, target: Option<Option<Role>>) -> String {
        let (method, path, body) = self.request(standing, operation, target);
        let path = format!("/v1/rooms/{}{path}", self.room);
        self.asked(standing, method, &path, Some(&body)).await
    }

    async fn asked(&self, standing: Standing, method: Method, path: &str, body: Option<&Value>) -> String {
        let token = self.people.actors.get(&standing).map(|person| person.token.as_str());
        let answer = self.contract.ask(self.server, method, path, token, body).await;
        answer.name().to_owned()
    }

    fn request(
        &self,
        standing: Standing,
        operation: Operation,
        target: Option<Option<Role>>,
    ) -> (Method, String, Value) {
        let own = self.own.get(&standing).unwrap_or(&self.others);
        let message = |seq: &Value| format!("/messages/{seq}");
        let user = json!({ "user": target.map(|role| &self.target(operation, role).id) });
        let towards = |verb: &str| (Method::POST, format!("/{verb}"), user.clone());
        let emoji = json!({ "emoji": "👍" });
        match operation {
            Operation::Update => (Method::PATCH, String::new(), json!({ "topic": "another" })),
            Operation::RaiseRules => unreachable!("nobody can ask for it"),
            Operation::DeleteRoom => (Method::DELETE, String::new(), json!({})),
            Operation::Join => (Method::POST, "/join".into(), json!({})),
            Operation::Leave => (Method::POST, "/leave".into(), json!({})),
            Operation::Invite => towards("invite"),
            Operation::Kick => towards("kick"),
            Operation::Ban => towards("ban"),
            Operation::Unban => towards("unban"),
            Operation::Mute => towards("mute"),
            Operation::Unmute => towards("unmute"),
            Operation::SetRole => {
                let role = if target == Some(Some(Role::Moderator)) {
                    "member"
                } else {
                    "moderator"
                };
                let (method, path, mut body) = towards("role");
                body["role"] = json!(role);
                (method, path, body)
            }
            Operation::Send => (Method::POST, "/messages".into(), json!({ "text": "hello" })),
            Operation::EditOwn => (Method::PATCH, message(own), json!({ "text": "another word" })),
            Operation::EditOthers => (Method::PATCH, message(&self.others), json!({ "text": "another word" })),
            Operation::DeleteOwn => (Method::DELETE, message(own), json!({})),
            Operation::DeleteOthers => (Method::DELETE, message(&self.others), json!({})),
            Operation::React => (Method::POST, message(&self.others) + "/react", emoji),
            Operation::Unreact => (Method::POST, message(&self.others) + "/unreact", emoji),
        }
    }

    /// Somebody of that role whom the operation can be done to, if it can be done at all.
    fn target(&self, operation: Operation, role: Option<Role>) -> &'a Person {
        let people = self.people;
        match (operation, role) {
            (_, Some(Role::Owner)) => self.actor(Standing::Owner),
            (_, Some(Role::Moderator)) => &people.moderator,
            (Operation::Unmute, Some(Role::Member)) => &people.muted,
            (_, Some(Role::Member)) => &people.member,
            (Operation::Unban, None) => &people.banned,
            (Operation::Kick, None) if self.kind != Kind::Open => &people.invited,
            (_, None) => &people.stranger,
        }
    }
}
