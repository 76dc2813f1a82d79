//! Who asks, and what came with it: the extractors of every controller.

use super::address::ClientAddress;
use super::{App, path_id};
use crate::auth::{Presented, presented};
use crate::command::{Ask, Caller, Write};
use crate::error::{Error, Name};
use crate::protocol::MESSAGE_BYTES;
use crate::protocol::fields::{self, Fields};
use crate::protocol::reply::Receipt;
use crate::trace::Trace;
use axum::body::Body;
use axum::extract::{FromRequest, FromRequestParts, Query, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use engine::domain::{Cid, UserId};
use engine::people::token::Refusal;
use engine::people::{self, Device};
use engine::telemetry::TraceContext;
use serde::de::DeserializeOwned;
use std::convert::Infallible;
use std::error::Error as _;
use std::sync::Arc;
use uuid::Uuid;

/// Somebody whose access token is good.
#[derive(Clone, Debug)]
pub struct Signed {
    /// Who.
    pub caller: Caller,
    /// The same, with what else the token says.
    pub token: people::Caller,
}

impl FromRequestParts<Arc<App>> for Signed {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Error> {
        let token = match presented(&parts.headers) {
            Presented::Bearer(token) => token,
            Presented::Cookie(token) => {
                app.origins.check_write(&parts.method, &parts.headers)?;
                token
            }
            Presented::Nothing => {
                return Err(unauthenticated(
                    "sign in first: a bearer token or the session cookie is needed",
                ));
            }
        };
        let caller = app
            .accounts
            .verify(token, app.clock.now())
            .await
            .map_err(super::auth::error)?;
        app.door.people.check(caller.user_id)?;
        Ok(Self {
            caller: Caller {
                user_id: caller.user_id,
                name: caller.name.clone(),
            },
            token: caller,
        })
    }
}

/// An admin, by what people's store says now.
#[derive(Clone, Debug)]
pub struct Admin {
    /// Who.
    pub user_id: UserId,
}

impl FromRequestParts<Arc<App>> for Admin {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Error> {
        let user_id = Signed::from_request_parts(parts, app).await?.caller.user_id;
        if app.accounts.is_admin(user_id).await.map_err(super::account_error)? {
            Ok(Self { user_id })
        } else {
            Err(Error::new(Name::Forbidden, "this is for admins alone"))
        }
    }
}

/// The device that a request comes from.
#[derive(Clone, Debug)]
pub struct From(pub Device);

impl<S: Sync> FromRequestParts<S> for From {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let address = parts.extensions.get::<ClientAddress>().map(|address| address.0);
        let agent = parts
            .headers
            .get(header::USER_AGENT)
            .and_then(|agent| agent.to_str().ok());
        Ok(Self(Device::new(address, agent)))
    }
}

/// What somebody without a good token is told.
#[must_use]
pub fn unauthenticated(message: &'static str) -> Error {
    Error::new(Name::Unauthenticated, message)
}

/// What a refused token is called.
#[must_use]
pub const fn refusal(refusal: Refusal) -> &'static str {
    match refusal {
        Refusal::Expired => "the token has expired",
        Refusal::UnknownKey | Refusal::Invalid => "the token is not valid",
    }
}

/// Most bytes of an `Idempotency-Key`.
pub(super) const KEY_BYTES: usize = 256;

/// A JSON body within bounds, not yet read; empty where none came.
#[derive(Clone, Debug)]
pub struct Json(Bytes);

impl Json {
    /// Its fields.
    ///
    /// # Errors
    /// `bad_request` when it is not a JSON object.
    pub fn fields(&self) -> Result<Fields<'_>, Error> {
        fields::body(&self.0)
    }
}

impl FromRequest<Arc<App>> for Json {
    type Rejection = Error;

    async fn from_request(request: Request, _: &Arc<App>) -> Result<Self, Error> {
        let too_large = || Error::new(Name::TooLarge, format!("a body has at most {MESSAGE_BYTES} bytes"));
        let declared = declared_length(request.headers());
        if declared.is_some_and(|length| length > MESSAGE_BYTES) {
            return Err(too_large());
        }
        let json = is_json(request.headers());
        let body = read(request.into_body()).await.map_err(|()| too_large())?;
        if !json && !body.is_empty() {
            return Err(Error::new(
                Name::UnsupportedMediaType,
                "the body must be application/json",
            ));
        }
        Ok(Self(body))
    }
}

fn declared_length(headers: &HeaderMap) -> Option<usize> {
    headers.get(header::CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

fn is_json(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let essence = kind.and_then(|kind| kind.split(';').next()).map(str::trim);
    essence.is_some_and(|essence| essence.eq_ignore_ascii_case("application/json"))
}

async fn read(body: Body) -> Result<Bytes, ()> {
    axum::body::to_bytes(body, MESSAGE_BYTES).await.map_err(|_| ())
}

/// Somebody who writes: everything a write needs but its path and its body.
#[derive(Clone)]
pub struct Writer {
    /// Reads and writes rooms.
    pub app: Arc<App>,
    /// Who.
    pub caller: Caller,
    /// The request's.
    trace: Trace,
    /// `Idempotency-Key`: makes a retry safe.
    key: Option<Cid>,
}

impl FromRequestParts<Arc<App>> for Writer {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Error> {
        let Signed { caller, .. } = Signed::from_request_parts(parts, app).await?;
        let header = parts.headers.get("idempotency-key");
        let key = header.map(|value| {
            let text = value.to_str().ok().filter(|text| (1..=KEY_BYTES).contains(&text.len()));
            text.map(Cid::from_key).ok_or_else(|| {
                let rule = format!("Idempotency-Key must be a text of at most {KEY_BYTES} visible characters");
                Error::bad_field("Idempotency-Key", rule)
            })
        });
        let trace = parts.extensions.get::<Trace>().cloned();
        Ok(Self {
            app: app.clone(),
            caller,
            trace: trace.expect("the outermost layer begins one for every request"),
            key: key.transpose()?,
        })
    }
}

impl Writer {
    /// The command's cid: the body's own, else the key's, else one made here (then a retry is a new command).
    ///
    /// # Errors
    /// `bad_request` when the body's is no UUID.
    pub(super) fn cid(&self, fields: &Fields<'_>) -> Result<Cid, Error> {
        let own = fields.cid().optional(|value| value.cid())?;
        Ok(own.or(self.key).unwrap_or_else(|| Cid::new(Uuid::new_v4())))
    }

    /// What the command comes from.
    pub(super) fn trace(&self) -> Option<TraceContext> {
        Some(self.trace.context().clone())
    }

    /// Writes, and answers with the receipt: what every controller that writes ends with.
    pub(super) async fn written(&self, room: &str, fields: &Fields<'_>, ask: Ask) -> Result<Response, Error> {
        let write = Write {
            room_id: path_id(room)?,
            cid: self.cid(fields)?,
            since: fields.since().optional(|value| value.seq())?,
            ask,
            trace: self.trace(),
        };
        let ack = self.app.edge.write(&self.caller, write).await?;
        let receipt = Receipt::of(&ack, self.app.edge.epoch(), &self.trace);
        Ok(axum::Json(receipt).into_response())
    }
}

/// What a query asks for.
#[derive(Clone, Copy, Debug)]
pub struct Asked<T>(pub T);

impl<T: DeserializeOwned, S: Sync> FromRequestParts<S> for Asked<T> {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Error> {
        let query = Query::try_from_uri(&parts.uri);
        query.map(|Query(asked)| Self(asked)).map_err(|rejected| {
            let why = rejected
                .source()
                .map_or_else(|| rejected.to_string(), ToString::to_string);
            let field = why.split_once(':').map_or("query", |(field, _)| field).to_owned();
            Error::bad_field(field, why)
        })
    }
}
