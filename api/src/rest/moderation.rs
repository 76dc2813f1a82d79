//! `POST /v1/rooms/{room}/{invite|kick|ban|unban|mute|unmute|role} {user, until?, role?, cid?, since?}`.

use super::guard::{Json, Retry, Signed};
use super::rooms::written;
use super::{App, layers};
use crate::command::Ask;
use crate::error::Error;
use crate::protocol::fields::Fields;
use crate::trace::Trace;
use axum::Extension;
use axum::extract::{Path, State};
use axum::response::Response;
use std::sync::Arc;

pub(super) async fn moderate(
    State(app): State<Arc<App>>,
    signed: Signed,
    Extension(trace): Extension<Trace>,
    retry: Retry,
    Path((room, verb)): Path<(String, String)>,
    json: Json,
) -> Result<Response, Error> {
    let fields = json.fields()?;
    let Some(ask) = ask(&verb, &fields) else {
        return Err(layers::unknown_path().await);
    };
    written(&app, &signed.caller, &room, &fields, retry, ask?, &trace).await
}

/// What is asked; `None` for a word that asks nothing.
fn ask(verb: &str, fields: &Fields<'_>) -> Option<Result<Ask, Error>> {
    let user = || fields.user().required(|value| value.id());
    let until = || fields.until().optional(|value| value.timestamp());
    let role = || fields.role().required(|value| value.role());
    Some(match verb {
        "invite" => user().map(|user_id| Ask::Invite { user_id }),
        "kick" => user().map(|user_id| Ask::Kick { user_id }),
        "ban" => user().and_then(|user_id| {
            Ok(Ask::Ban {
                user_id,
                until: until()?,
            })
        }),
        "unban" => user().map(|user_id| Ask::Unban { user_id }),
        "mute" => user().and_then(|user_id| {
            Ok(Ask::Mute {
                user_id,
                until: until()?,
            })
        }),
        "unmute" => user().map(|user_id| Ask::Unmute { user_id }),
        "role" => user().and_then(|user_id| Ok(Ask::SetRole { user_id, role: role()? })),
        _ => return None,
    })
}
