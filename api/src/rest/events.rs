//! `/v1/rooms/{room}/events`: a room's events as they happened, read from the log while the client reads them.
//!
//! What must hold: nothing is read ahead of the client but what one step brings; when the client goes, the replay goes.

use super::guard::{Asked, Signed};
use super::{App, path_id, schema};
use crate::edge::replay::{self, Ask, Framing, Part, Point};
use crate::error::Error;
use crate::protocol::fields::GREATEST_INTEGER;
use crate::protocol::reply::{self, Pos};
use crate::trace::Trace;
use axum::body::Body;
use axum::extract::{Extension, Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use engine::domain::{Epoch, Offset, Partition, Seq, Timestamp};
use futures_util::stream;
use serde::Deserialize;
use std::convert::Infallible;
use std::sync::Arc;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

pub(super) const LINES: &str = "application/x-ndjson";
pub(super) const EVENTS: &str = "text/event-stream";

/// Which events.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Events {
    /// From this offset of the room's partition; the room's beginning where none of the three is given.
    #[param(value_type = schema::Offset, required = false)]
    from_offset: Option<u64>,
    /// From what was appended at this time or later.
    #[param(value_type = schema::Time, required = false)]
    from_time: Option<u64>,
    /// From the event of this seq.
    #[param(value_type = schema::Seq, required = false)]
    from_seq: Option<u64>,
    /// To the record before this offset; the log's end as it is now where none of the three is given.
    #[param(value_type = schema::Offset, required = false)]
    to_offset: Option<u64>,
    /// To what was appended at this time at the latest.
    #[param(value_type = schema::Time, required = false)]
    to_time: Option<u64>,
    /// To the event of this seq.
    #[param(value_type = schema::Seq, required = false)]
    to_seq: Option<u64>,
    /// The life of the log that the offsets were kept with: another one is `out_of_range`.
    #[param(value_type = schema::Epoch, required = false)]
    epoch: Option<Uuid>,
    /// The partition that they were kept with: another one is refused.
    #[param(value_type = schema::Partition, required = false)]
    partition: Option<u16>,
    /// Whether each event comes with its Avro bytes.
    #[param(required = false)]
    datum: Option<bool>,
}

/// One line: a record of the room, and the fold's word on it. The last line is `{"done":{"to":…}}`; where the replay can't
/// go on, it is `{"error":{…}}` instead.
#[derive(ToSchema)]
#[schema(as = ReplayedEvent)]
#[allow(
    dead_code,
    reason = "it describes what is encoded elsewhere, without a value of its own"
)]
pub(crate) struct Replayed {
    room: schema::RoomId,
    /// Of an accepted event.
    seq: Option<schema::Seq>,
    pos: Pos,
    at: schema::Time,
    /// `accepted`; `ignored` with the reason; `unreadable`, with `future` or what is damaged.
    verdict: schema::Verdict,
    reason: Option<String>,
    /// Of a duplicate: what it repeats.
    original: Option<Original>,
    /// The room's chain after an accepted event.
    digest: Option<schema::Digest>,
    event_id: Option<schema::EventId>,
    r#type: Option<String>,
    from: Option<Author>,
    cid: Option<schema::Cid>,
    /// As the push `event` has it.
    #[schema(value_type = Option<Object>)]
    body: Option<()>,
    /// The trace of the command that it comes from, recorded or not.
    trace_id: Option<String>,
    /// Why text and bytes are not shown: `erased`, `deleted` or `ignored`.
    withheld: Option<schema::Withheld>,
    /// The event's Avro bytes, base64: with them the chain can be computed again.
    datum: Option<String>,
}

#[derive(ToSchema)]
#[schema(as = Original)]
#[allow(dead_code, reason = "as above")]
struct Original {
    seq: schema::Seq,
    offset: schema::Offset,
}

#[derive(ToSchema)]
#[schema(as = Author)]
#[allow(dead_code, reason = "as above")]
pub(super) struct Author {
    id: schema::UserId,
    name: schema::DisplayName,
}

/// A room's events as they happened, from the log: as lines of JSON, or as server-sent events for who accepts those; their
/// `Last-Event-ID` goes on after what it names, and 204 says that there is no more.
#[utoipa::path(get, operation_id = "rooms_events", path = "/v1/rooms/{room}/events", tag = "log",
    params(("room" = schema::RoomId, Path, description = "The room."), Events),
    responses(
        (status = 200, description = "The events, and at last where they ended.",
            content((Replayed = "application/x-ndjson"), (String = "text/event-stream"))),
        (status = 204, description = "There is nothing after `Last-Event-ID`.")))]
pub(super) async fn list(
    State(app): State<Arc<App>>,
    signed: Signed,
    Path(room): Path<String>,
    Asked(events): Asked<Events>,
    Extension(trace): Extension<Trace>,
    headers: HeaderMap,
) -> Result<Response, Error> {
    let room = path_id(&room)?;
    let mut ask = events.ask()?;
    let framing = if accepts_events(&headers) {
        Framing::ServerSent
    } else {
        Framing::Lines
    };
    let last = headers.get("last-event-id").filter(|_| framing == Framing::ServerSent);
    if let Some(last) = last {
        let last = last.to_str().ok().and_then(EventId::parse);
        last.ok_or_else(|| Error::bad_field("Last-Event-ID", "Last-Event-ID is none that was sent from here"))?
            .go_on(&mut ask);
    }
    let replay = app.edge.replay(signed.caller.user_id, room, ask, framing).await?;
    let mut stream = replay.streamed();
    let mut first = None;
    if last.is_some() {
        first = stream.next().await;
        if first == Some(Part::Done) {
            return Ok(StatusCode::NO_CONTENT.into_response());
        }
    }
    let kind = match framing {
        Framing::ServerSent => EVENTS,
        _ => LINES,
    };
    let shown = Shown {
        framing,
        trace_id: trace.id(),
    };
    Ok(([(header::CONTENT_TYPE, kind)], shown.body(first, stream)).into_response())
}

impl Events {
    fn ask(&self) -> Result<Ask, Error> {
        let from = points("from", self.from_offset, self.from_time, self.from_seq)?;
        let to = points("to", self.to_offset, self.to_time, self.to_seq)?;
        Ok(Ask {
            from: from.unwrap_or(Point::Seq(Seq::ZERO)),
            to,
            epoch: self.epoch.map(Epoch::new),
            partition: self.partition.map(Partition::new),
            datum: self.datum.unwrap_or(false),
        })
    }
}

/// The one that is given, if any is.
fn points(
    field: &'static str,
    offset: Option<u64>,
    time: Option<u64>,
    seq: Option<u64>,
) -> Result<Option<Point>, Error> {
    if [offset, time, seq]
        .into_iter()
        .flatten()
        .any(|number| number > GREATEST_INTEGER)
    {
        return Err(Error::bad_field(
            field,
            format!("{field} must be at most {GREATEST_INTEGER}"),
        ));
    }
    let given = [
        offset.map(|offset| Point::Offset(Offset::new(offset))),
        time.map(|time| Point::Time(Timestamp::from_millis(i64::try_from(time).unwrap_or(i64::MAX)))),
        seq.map(|seq| Point::Seq(Seq::new(seq))),
    ];
    match given {
        [None, None, None] => Ok(None),
        given => replay::one_of(field, given).map(Some),
    }
}

pub(super) fn accepts_events(headers: &HeaderMap) -> bool {
    let accepted = headers.get_all(header::ACCEPT).iter();
    let accepted = accepted.filter_map(|value| value.to_str().ok());
    let mut kinds = accepted.flat_map(|value| value.split(','));
    kinds.any(|kind| kind.split(';').next().is_some_and(|kind| kind.trim() == EVENTS))
}

/// The id of a server-sent event.
struct EventId {
    epoch: Epoch,
    partition: Partition,
    offset: Offset,
}

impl EventId {
    fn parse(text: &str) -> Option<Self> {
        let (epoch, rest) = text.split_once(':')?;
        let (partition, offset) = rest.split_once(':')?;
        Some(Self {
            epoch: Epoch::new(epoch.parse().ok()?),
            partition: Partition::new(partition.parse().ok()?),
            offset: Offset::new(offset.parse().ok().filter(|offset| *offset < GREATEST_INTEGER)?),
        })
    }

    fn go_on(self, ask: &mut Ask) {
        ask.epoch = Some(self.epoch);
        ask.partition = Some(self.partition);
        ask.from = Point::Offset(self.offset.next());
    }
}

/// How a replay is shown on this connection.
struct Shown {
    framing: Framing,
    trace_id: String,
}

impl Shown {
    /// Each part is taken when the client has room for it. One that ends without a last line was cut off.
    fn body(self, first: Option<Part>, stream: replay::Stream) -> Body {
        let parts = stream::unfold((self, first, stream), |(shown, first, mut stream)| async move {
            let part = match first {
                Some(first) => first,
                None => stream.next().await?,
            };
            let bytes = shown.part(part, &stream);
            Some((Ok::<Bytes, Infallible>(bytes), (shown, None, stream)))
        });
        Body::from_stream(parts)
    }

    fn part(&self, part: Part, stream: &replay::Stream) -> Bytes {
        match part {
            Part::Records(frames) => frames,
            Part::Done => self.last("done", &serde_json::json!({ "to": stream.span().to })),
            Part::Failed(error) => {
                let trace_id = &self.trace_id;
                self.last(
                    "error",
                    &reply::Shown {
                        error: &error,
                        trace_id,
                    },
                )
            }
        }
    }

    /// How it ended.
    fn last<T: serde::Serialize>(&self, name: &str, what: &T) -> Bytes {
        let what = serde_json::to_string(what).expect("these types always encode");
        match self.framing {
            Framing::ServerSent => format!("event: {name}\ndata: {what}\n\n"),
            _ => format!("{{\"{name}\":{what}}}\n"),
        }
        .into()
    }
}
