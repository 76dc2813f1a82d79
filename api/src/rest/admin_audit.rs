//! `/v1/admin/audit`: what admins did, and who they are and were done to by name.
//!
//! What must hold: an act stays as it was kept; names are those of now, and of who is deleted there is none any more.

use super::auth::error;
use super::guard::{Admin, Asked};
use super::rooms::page_limit;
use super::search::timestamp;
use super::{App, account_error, schema};
use crate::error::Error;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use engine::domain::{Timestamp, UserId};
use engine::people::act::ACTIONS;
use engine::people::store::LOOKUP_MOST;
use engine::people::{Act, ActFilter, Username};
use serde::{Deserialize, Serialize};
use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

/// Most acts in one answer.
const PAGE: usize = 200;
// Who did each and to whom are looked up at once.
const _: () = assert!(2 * PAGE <= LOOKUP_MOST);

/// Which acts.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Wanted {
    /// By this admin alone; all zeros: the command line.
    #[param(value_type = schema::UserId, required = false)]
    actor: Option<Uuid>,
    /// Of this kind alone.
    #[param(value_type = schema::Action, required = false)]
    action: Option<String>,
    /// Done then or later.
    #[param(value_type = schema::Time, required = false)]
    since: Option<u64>,
    /// Done before then.
    #[param(value_type = schema::Time, required = false)]
    until: Option<u64>,
    /// The `next` of the page before.
    #[param(value_type = String, format = "uuid", required = false)]
    after: Option<Uuid>,
    /// How many; 200 if absent.
    #[param(value_type = u64, required = false, minimum = 1, maximum = 200)]
    limit: Option<usize>,
}

impl Wanted {
    fn filter(&self) -> Result<ActFilter, Error> {
        if self.action.as_deref().is_some_and(|action| !ACTIONS.contains(&action)) {
            let known = ACTIONS.join(", ");
            return Err(Error::bad_field("action", format!("action must be one of {known}")));
        }
        Ok(ActFilter {
            actor_id: self.actor.map(UserId::new),
            action: self.action.clone(),
            since: self.since.map(|time| timestamp("since", time)).transpose()?,
            until: self.until.map(|time| timestamp("until", time)).transpose()?,
        })
    }
}

/// Something an admin did.
#[derive(Serialize, ToSchema)]
#[schema(as = Act)]
struct ShownAct<'a> {
    #[schema(value_type = String, format = "uuid")]
    id: Uuid,
    #[schema(value_type = schema::Time)]
    at: Timestamp,
    /// Which admin; all zeros: the command line.
    #[schema(value_type = schema::UserId)]
    actor_id: UserId,
    /// Theirs; null for the command line and for who is deleted.
    #[schema(value_type = Option<schema::Username>, required = true)]
    actor_username: Option<&'a str>,
    /// What, as in `user.disable`; a later server's may be another word.
    action: &'a str,
    /// To whom or what.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String, format = "uuid", required = false)]
    target_id: Option<Uuid>,
    /// Theirs; null for rooms, and for people who have none: guests, those of an outside issuer, the deleted.
    #[schema(value_type = Option<schema::Username>, required = true)]
    target_username: Option<&'a str>,
    /// What else is to be known of it.
    #[schema(value_type = Object)]
    detail: &'a serde_json::Value,
}

impl<'a> ShownAct<'a> {
    fn of(act: &'a Act, names: &'a Names) -> Self {
        Self {
            id: act.id,
            at: act.at,
            actor_id: act.actor_id,
            actor_username: names.of(act.actor_id),
            action: &act.action,
            target_id: act.target_id,
            target_username: act.target_id.and_then(|target| names.of(UserId::new(target))),
            detail: &act.detail,
        }
    }
}

/// The usernames of all whom some acts concern.
struct Names(HashMap<UserId, Username>);

impl Names {
    async fn look_up(app: &App, acts: &[Act]) -> Result<Self, Error> {
        let actors = acts.iter().map(|act| act.actor_id);
        let targets = acts.iter().filter_map(|act| act.target_id).map(UserId::new);
        let ids: HashSet<UserId> = actors.chain(targets).collect();
        let ids: Vec<UserId> = ids.into_iter().collect();
        let people = app
            .people
            .people(&ids)
            .await
            .map_err(|error| account_error(error.into()))?;
        let named = people
            .into_iter()
            .filter_map(|person| Some((person.id, person.username?)));
        Ok(Self(named.collect()))
    }

    fn of(&self, id: UserId) -> Option<&str> {
        self.0.get(&id).map(Username::as_str)
    }
}

/// A page of acts, the latest first.
#[derive(Serialize, ToSchema)]
#[schema(as = Audit)]
pub(super) struct Audit<'a> {
    acts: Vec<ShownAct<'a>>,
    /// Where the next page goes on; absent at the end.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String, format = "uuid", required = false)]
    next: Option<Uuid>,
}

/// What admins did, the latest first.
#[utoipa::path(get, operation_id = "admin_audit_list", path = "/v1/admin/audit", tag = "admin", params(Wanted),
    responses((status = 200, description = "A page of acts.", body = Audit<'_>)))]
pub(super) async fn list(
    State(app): State<Arc<App>>,
    _: Admin,
    Asked(wanted): Asked<Wanted>,
) -> Result<Response, Error> {
    let limit = page_limit(wanted.limit, PAGE, PAGE)?;
    let page = app
        .accounts
        .acts(&wanted.filter()?, wanted.after, limit)
        .await
        .map_err(error)?;
    let next = page.last().filter(|_| page.len() == limit).map(|last| last.id);
    let names = Names::look_up(&app, &page).await?;
    let acts = page.iter().map(|act| ShownAct::of(act, &names)).collect();
    Ok(axum::Json(Audit { acts, next }).into_response())
}
