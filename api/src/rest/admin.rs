//! `/v1/admin/users…`: what admins may see and do of people. Each act is kept in the audit, with the change or not at all.

use super::auth::error;
use super::guard::{Admin, Asked};
use super::rooms::page_limit;
use super::{App, schema};
use crate::edge::Notice;
use crate::error::Error;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use engine::domain::{PersonName, UserId};
use engine::people::{self, Person, Username, UsernamePrefix};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::{IntoParams, ToSchema};

/// Most people in one answer.
const PAGE: usize = 200;

/// Which people, and from where on.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Search {
    /// How the username begins; without it everybody is listed, guests too, in the order of their coming.
    #[param(value_type = String, required = false, pattern = "^[a-z0-9_.-]{1,32}$")]
    prefix: Option<String>,
    /// The `next` of the page before.
    #[param(value_type = String, required = false)]
    after: Option<String>,
    /// How many; 200 if absent.
    #[param(value_type = u64, required = false, minimum = 1, maximum = 200)]
    limit: Option<usize>,
}

/// A person as admins see them.
#[derive(Serialize, ToSchema)]
#[schema(as = Account)]
struct Account<'a> {
    #[schema(value_type = schema::UserId)]
    id: UserId,
    /// Guests, people of an outside issuer and the deleted have none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = schema::Username, required = false)]
    username: Option<&'a str>,
    #[schema(value_type = schema::DisplayName)]
    display_name: &'a PersonName,
    /// May not sign in; so may the deleted not.
    disabled: bool,
    admin: bool,
}

/// A page of people.
#[derive(Serialize, ToSchema)]
#[schema(as = Accounts)]
pub(super) struct Accounts<'a> {
    users: Vec<Account<'a>>,
    /// Where the next page goes on; absent at the end.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String, required = false)]
    next: Option<String>,
}

fn listing(search: &Search) -> Result<people::Listing, Error> {
    let wrong = |field: &'static str, rule: &str| Error::bad_field(field, format!("{field} {rule}"));
    let no_page = || wrong("after", "must be the next of a page of the same list");
    let Some(prefix) = &search.prefix else {
        let after = search.after.as_deref().map(str::parse).transpose();
        let after = after.map_err(|_| no_page())?;
        return Ok(people::Listing::All { after });
    };
    let prefix = UsernamePrefix::new(prefix).ok_or_else(|| wrong("prefix", "must be as usernames begin"))?;
    let after = match &search.after {
        Some(after) => Some(Username::new(after).ok_or_else(no_page)?),
        None => None,
    };
    Ok(people::Listing::Prefix { prefix, after })
}

fn shown(person: &Person) -> Account<'_> {
    Account {
        id: person.id,
        username: person.username.as_ref().map(Username::as_str),
        display_name: &person.display_name,
        disabled: person.disabled,
        admin: person.is_admin,
    }
}

/// People, page by page; by the beginning of their username, or all of them.
#[utoipa::path(get, operation_id = "admin_users_list", path = "/v1/admin/users", tag = "admin", params(Search),
    responses((status = 200, description = "A page of people.", body = Accounts<'_>)))]
pub(super) async fn users(
    State(app): State<Arc<App>>,
    _: Admin,
    Asked(search): Asked<Search>,
) -> Result<Response, Error> {
    let limit = page_limit(search.limit, PAGE, PAGE)?;
    let listing = listing(&search)?;
    let page = app.accounts.list(&listing, limit).await.map_err(error)?;
    let last = page.last().filter(|_| page.len() == limit);
    let next = last.and_then(|last| match listing {
        people::Listing::All { .. } => Some(last.id.to_string()),
        people::Listing::Prefix { .. } => last.username.as_ref().map(Username::to_string),
    });
    let users = page.iter().map(shown).collect();
    Ok(axum::Json(Accounts { users, next }).into_response())
}

fn path_user(text: &str) -> Result<UserId, Error> {
    text.parse().map_err(|_| error(people::accounts::Error::Nobody))
}

/// Disables an account: its sessions close, its tokens are refused, until it is enabled again.
#[utoipa::path(post, operation_id = "admin_users_disable", path = "/v1/admin/users/{user}/disable", tag = "admin",
    params(("user" = schema::UserId, Path, description = "Who.")),
    responses((status = 204, description = "Disabled, as it may have been before.")))]
pub(super) async fn disable(
    State(app): State<Arc<App>>,
    admin: Admin,
    Path(user): Path<String>,
) -> Result<Response, Error> {
    set_disabled(&app, &admin, &user, true).await
}

/// Enables an account again; its logins go on.
#[utoipa::path(post, operation_id = "admin_users_enable", path = "/v1/admin/users/{user}/enable", tag = "admin",
    params(("user" = schema::UserId, Path, description = "Who.")),
    responses((status = 204, description = "Enabled, as it may have been before.")))]
pub(super) async fn enable(
    State(app): State<Arc<App>>,
    admin: Admin,
    Path(user): Path<String>,
) -> Result<Response, Error> {
    set_disabled(&app, &admin, &user, false).await
}

async fn set_disabled(app: &App, admin: &Admin, user: &str, disabled: bool) -> Result<Response, Error> {
    let (user_id, now) = (path_user(user)?, app.clock.now());
    let done = if disabled {
        app.accounts.disable(admin.user_id, user_id, now).await
    } else {
        app.accounts.enable(admin.user_id, user_id, now).await
    };
    done.map_err(error)?;
    let at = Some(now);
    app.edge.tell(&Notice::Disabled { user_id, disabled, at });
    Ok(StatusCode::NO_CONTENT.into_response())
}
