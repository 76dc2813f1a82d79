//! `/v1/people/…`: who has a username.
//!
//! What must hold: one username a request, in full, so that nobody reads a list of people here; who may not sign in any more
//! is told from nobody by nothing.

use super::auth::User;
use super::guard::Signed;
use super::{App, account_error, schema};
use crate::error::{Error, Name};
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use engine::people::{Person, Username};
use std::sync::Arc;

/// The person whose username it is: exactly this one, in whatever letters it was typed.
///
/// # Errors
/// `not_found` when nobody has it, or nobody can; `unavailable` while people's store is away.
pub(super) async fn by_username(app: &App, username: &str) -> Result<Person, Error> {
    let username = Username::new(username).ok_or_else(nobody)?;
    let found = app.people.by_username(&username).await;
    let (person, _) = found.map_err(|error| account_error(error.into()))?.ok_or_else(nobody)?;
    Ok(person)
}

fn nobody() -> Error {
    Error::new(Name::NotFound, "nobody has that username")
}

/// Who has a username: what an id is needed for, as inviting, begins here. Accounts that are disabled or deleted are found by nobody.
#[utoipa::path(get, operation_id = "people_get", path = "/v1/people/{username}", tag = "people",
    params(("username" = schema::Username, Path, description = "Their username, in full.")),
    responses((status = 200, description = "The person.", body = User<'_>)))]
pub(super) async fn get(
    State(app): State<Arc<App>>,
    _: Signed,
    Path(username): Path<String>,
) -> Result<Response, Error> {
    let person = by_username(&app, &username).await?;
    if person.disabled {
        return Err(nobody());
    }
    Ok(axum::Json(User::of(&person)).into_response())
}
