//! `/v1/search`: messages by their words.

use super::cursor::Cursor as _;
use super::guard::{Asked, Signed};
use super::rooms::page_limit;
use super::{App, schema};
use crate::edge::view::Sought;
use crate::error::Error;
use crate::protocol::fields::GREATEST_INTEGER;
use crate::shown::ShownMessage;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use engine::domain::{Kind, RoomId, RoomName, Timestamp, UserId};
use engine::history::listings::{Hit, Query, TimePlace};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

/// Messages of a page, and most of them.
const USUAL: usize = 20;
const MOST: usize = 50;

/// What is looked for.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Wanted {
    /// Words that a message must hold, in whatever case; `"words in a row"`; `-word` it must not hold; `or` between
    /// alternatives. A word is letters and digits.
    #[param(value_type = schema::Words)]
    q: String,
    /// In this room alone.
    #[param(value_type = schema::RoomId, required = false)]
    room: Option<Uuid>,
    /// By this author alone.
    #[param(value_type = schema::UserId, required = false)]
    author: Option<Uuid>,
    /// Sent then or later.
    #[param(value_type = schema::Time, required = false)]
    from: Option<u64>,
    /// Sent before then.
    #[param(value_type = schema::Time, required = false)]
    to: Option<u64>,
    /// As the page before said.
    #[param(value_type = schema::Cursor, required = false)]
    before: Option<String>,
    /// How many; 20 if absent.
    #[param(value_type = u64, required = false, minimum = 1, maximum = 50)]
    limit: Option<usize>,
}

impl Wanted {
    fn sought(&self) -> Result<Sought, Error> {
        let before = self.before.as_deref().map(|text| TimePlace::parse("before", text));
        Ok(Sought {
            query: Query::new(&self.q).map_err(|wrong| Error::bad_field("q", format!("q {wrong}")))?,
            room: self.room.map(RoomId::new),
            author: self.author.map(UserId::new),
            from: self.from.map(|time| timestamp("from", time)).transpose()?,
            to: self.to.map(|time| timestamp("to", time)).transpose()?,
            before: before.transpose()?,
            limit: page_limit(self.limit, USUAL, MOST)?,
        })
    }
}

pub(super) fn timestamp(name: &'static str, millis: u64) -> Result<Timestamp, Error> {
    let within = i64::try_from(millis).ok().filter(|_| millis <= GREATEST_INTEGER);
    let wrong = || Error::bad_field(name, format!("{name} must be at most {GREATEST_INTEGER}"));
    within.map(Timestamp::from_millis).ok_or_else(wrong)
}

/// Where a message was found.
#[derive(Serialize, ToSchema)]
#[schema(as = RoomOfHit)]
struct Place<'a> {
    #[schema(value_type = schema::RoomId)]
    id: RoomId,
    #[schema(value_type = schema::Kind)]
    kind: Kind,
    #[schema(value_type = schema::Name)]
    name: &'a RoomName,
}

/// A message that was found.
#[derive(Serialize, ToSchema)]
#[schema(as = Hit)]
struct ShownHit<'a> {
    room: Place<'a>,
    message: ShownMessage<'a>,
    /// What was found in its text: ranges of code points, each from its first to before its last, in order and apart.
    #[schema(value_type = Vec<Vec<u64>>)]
    highlights: Vec<[usize; 2]>,
}

impl<'a> ShownHit<'a> {
    fn of(hit: &'a Hit, query: &Query, viewer: UserId) -> Self {
        Self {
            room: Place {
                id: hit.room_id,
                kind: hit.kind,
                name: &hit.name,
            },
            message: ShownMessage::of(&hit.message, viewer),
            highlights: query.highlights(&hit.message.text),
        }
    }
}

/// Messages, newest first, and where they go on.
#[derive(Serialize, ToSchema)]
#[schema(as = Hits)]
pub(super) struct Hits<'a> {
    hits: Vec<ShownHit<'a>>,
    /// Ask with this `before` for older ones; null where there are no more.
    #[schema(value_type = Option<schema::Cursor>, required = true)]
    before: Option<String>,
}

/// Messages by their words, in what you may read, newest first.
#[utoipa::path(get, operation_id = "messages_search", path = "/v1/search", tag = "messages", params(Wanted),
    responses((status = 200, description = "A page of them.", body = Hits<'_>)))]
pub(super) async fn search(
    State(app): State<Arc<App>>,
    signed: Signed,
    Asked(wanted): Asked<Wanted>,
) -> Result<Response, Error> {
    let sought = wanted.sought()?;
    let query = sought.query.clone();
    let found = app.edge.search(&signed.caller, sought).await?;
    let viewer = signed.caller.user_id;
    let shown = Hits {
        hits: found.hits.iter().map(|hit| ShownHit::of(hit, &query, viewer)).collect(),
        before: found.before.map(|place| place.text()),
    };
    Ok(axum::Json(shown).into_response())
}
