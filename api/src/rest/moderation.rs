//! `POST /v1/rooms/{room}/{invite|kick|ban|unban|mute|unmute|role} {user, until?, role?, cid?, since?}`.

use super::guard::{Json, Writer};
use super::layers;
use crate::command::Ask;
use crate::error::Error;
use crate::protocol::fields::Fields;
use axum::extract::Path;
use axum::response::Response;

pub(super) async fn moderate(
    writer: Writer,
    Path((room, verb)): Path<(String, String)>,
    json: Json,
) -> Result<Response, Error> {
    let fields = json.fields()?;
    let Some(ask) = ask(&verb, &fields) else {
        return Err(layers::unknown_path().await);
    };
    writer.written(&room, &fields, ask?).await
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
