//! `/v1/auth/…`: coming in, staying in, going.

use super::guard::{From, Json, Signed, refusal, unauthenticated};
use super::{App, bodies, schema};
use crate::auth::{ACCESS_COOKIE, REFRESH_COOKIE, cookie};
use crate::edge::Notice;
use crate::error::{Error, Name};
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use engine::domain::{PersonName, Timestamp, UserId};
use engine::people::{self, SignedIn};
use serde::Serialize;
use std::sync::Arc;
use utoipa::ToSchema;

/// Where the refresh cookie is sent to, and nowhere else.
const REFRESH_PATH: &str = "/v1/auth";
/// When to come back while too many sign in, milliseconds.
const BUSY_PAUSE_MS: u64 = 1_000;

/// A person; guests have no username.
#[derive(Serialize, ToSchema)]
#[schema(as = User)]
pub(super) struct User<'a> {
    #[schema(value_type = schema::UserId)]
    id: UserId,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = schema::Username, required = false)]
    username: Option<&'a str>,
    #[schema(value_type = schema::DisplayName)]
    display_name: &'a PersonName,
}

impl<'a> User<'a> {
    pub(super) fn of(person: &'a people::Person) -> Self {
        Self {
            id: person.id,
            username: person.username.as_ref().map(people::Username::as_str),
            display_name: &person.display_name,
        }
    }
}

/// Who you are, and what says so from now on; the same in cookies.
#[derive(Serialize, ToSchema)]
#[schema(as = SignedIn)]
pub(super) struct Welcome<'a> {
    user: User<'a>,
    /// Goes into `Authorization: Bearer`.
    access_token: &'a str,
    /// It is good until then.
    #[schema(value_type = schema::Time)]
    expires_at: Timestamp,
    /// Good once; absent when another tab was faster and has the new one, and to who came by the cookie: there it stays.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String, required = false)]
    refresh_token: Option<&'a str>,
}

/// Makes an account and signs in.
#[utoipa::path(post, operation_id = "auth_register", path = "/v1/auth/register",
    tag = "auth-open", request_body = bodies::Register,
    responses((status = 201, description = "Signed in.", body = Welcome<'_>)))]
pub(super) async fn register(State(app): State<Arc<App>>, From(device): From, json: Json) -> Result<Response, Error> {
    let fields = json.fields()?;
    let username = fields.username().required(|value| value.string())?;
    let password = fields.password().required(|value| value.string())?;
    let display_name = fields.display_name().optional(|value| value.person_name())?;
    let signed_in = app
        .accounts
        .register(&username, password.into_owned(), display_name, &device, app.clock.now())
        .await
        .map_err(error)?;
    Ok(welcome(&app, StatusCode::CREATED, &signed_in))
}

/// Signs in.
#[utoipa::path(post, operation_id = "auth_login", path = "/v1/auth/login",
    tag = "auth-open", request_body = bodies::Login,
    responses((status = 200, description = "Signed in.", body = Welcome<'_>)))]
pub(super) async fn login(State(app): State<Arc<App>>, From(device): From, json: Json) -> Result<Response, Error> {
    let fields = json.fields()?;
    let username = fields.username().required(|value| value.string())?;
    let password = fields.password().required(|value| value.string())?;
    let answer = app
        .accounts
        .login(&username, password.into_owned(), &device, app.clock.now())
        .await;
    Ok(welcome(&app, StatusCode::OK, &answer.map_err(error)?))
}

/// Comes in without an account, where that is allowed.
#[utoipa::path(post, operation_id = "auth_guest", path = "/v1/auth/guest",
    tag = "auth-open", request_body = bodies::Guest,
    responses((status = 201, description = "Signed in.", body = Welcome<'_>)))]
pub(super) async fn guest(State(app): State<Arc<App>>, From(device): From, json: Json) -> Result<Response, Error> {
    let fields = json.fields()?;
    let display_name = fields.display_name().required(|value| value.person_name())?;
    let answer = app.accounts.guest(display_name, &device, app.clock.now()).await;
    Ok(welcome(&app, StatusCode::CREATED, &answer.map_err(error)?))
}

/// Stays signed in: the refresh token, from the cookie or the body, is used up and replaced.
#[utoipa::path(post, operation_id = "auth_refresh", path = "/v1/auth/refresh",
    tag = "auth-open", request_body = bodies::Refresh,
    responses((status = 200, description = "Signed in.", body = Welcome<'_>)))]
pub(super) async fn refresh(
    State(app): State<Arc<App>>,
    method: Method,
    headers: HeaderMap,
    json: Json,
) -> Result<Response, Error> {
    let fields = json.fields()?;
    let shown = fields.refresh_token().optional(|value| value.string())?;
    let (token, told) = match (&shown, cookie(&headers, REFRESH_COOKIE)) {
        (Some(token), _) => (token.as_ref(), Told::ToWhoKeepsIt),
        (None, Some(token)) => {
            app.origins.check_write(&method, &headers)?;
            (token, Told::ByCookieAlone)
        }
        (None, None) => return Err(unauthenticated("a refresh token or its cookie is needed")),
    };
    let answer = app.accounts.refresh(token, app.clock.now()).await;
    if let Err(people::accounts::Error::Reused { user_id, login }) = answer {
        let logins = vec![login];
        app.edge.tell(&Notice::LoginsEnded { user_id, logins });
    }
    Ok(welcomed(&app, StatusCode::OK, &answer.map_err(error)?, told))
}

/// Signs out: the login ends, and its sessions.
#[utoipa::path(post, operation_id = "auth_logout", path = "/v1/auth/logout",
    tag = "auth", responses((status = 204, description = "Signed out.")))]
pub(super) async fn logout(State(app): State<Arc<App>>, signed: Signed) -> Result<Response, Error> {
    let ended = app
        .accounts
        .logout(&signed.token, app.clock.now())
        .await
        .map_err(error)?;
    app.edge.tell(&Notice::LoginsEnded {
        user_id: signed.caller.user_id,
        logins: vec![ended],
    });
    Ok(goodbye(&app))
}

/// Nothing to say, and no cookies any more.
pub(super) fn goodbye(app: &App) -> Response {
    let mut response = StatusCode::NO_CONTENT.into_response();
    set_cookie(app, &mut response, ACCESS_COOKIE, "", "/", 0);
    set_cookie(app, &mut response, REFRESH_COOKIE, "", REFRESH_PATH, 0);
    response
}

/// How the refresh token is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Told {
    /// In the body too.
    ToWhoKeepsIt,
    /// A browser keeps it where no script can read it: so it stays.
    ByCookieAlone,
}

pub(super) fn welcome(app: &App, status: StatusCode, signed_in: &SignedIn) -> Response {
    welcomed(app, status, signed_in, Told::ToWhoKeepsIt)
}

fn welcomed(app: &App, status: StatusCode, signed_in: &SignedIn, told: Told) -> Response {
    let shown = signed_in.refresh_token.as_deref();
    let body = Welcome {
        user: User::of(&signed_in.person),
        access_token: &signed_in.access_token,
        expires_at: signed_in.expires_at,
        refresh_token: shown.filter(|_| told == Told::ToWhoKeepsIt),
    };
    let mut response = (status, axum::Json(body)).into_response();
    let now = app.clock.now().as_millis();
    let seconds = |until: Timestamp| (until.as_millis() - now).max(0) / 1_000;
    let access_seconds = seconds(signed_in.expires_at);
    set_cookie(
        app,
        &mut response,
        ACCESS_COOKIE,
        &signed_in.access_token,
        "/",
        access_seconds,
    );
    if let Some(token) = &signed_in.refresh_token {
        let refresh_seconds = seconds(signed_in.refresh_expires_at);
        set_cookie(app, &mut response, REFRESH_COOKIE, token, REFRESH_PATH, refresh_seconds);
    }
    // Tokens are nobody else's.
    response
        .headers_mut()
        .insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

fn set_cookie(app: &App, response: &mut Response, name: &str, value: &str, path: &str, seconds: i64) {
    let secure = if app.secure_cookies { "; Secure" } else { "" };
    let text = format!("{name}={value}; Path={path}; Max-Age={seconds}; HttpOnly; SameSite=Lax{secure}");
    let value = HeaderValue::from_str(&text).expect("tokens are visible ASCII");
    response.headers_mut().append(header::SET_COOKIE, value);
}

/// What people are told of an account's error.
pub(crate) fn error(error: people::accounts::Error) -> Error {
    use people::accounts::Error as Account;
    match error {
        Account::Invalid { field, rule } => Error::bad_field(field, format!("{field} {rule}")),
        Account::Taken => Error {
            field: Some("username".into()),
            ..Error::new(Name::Conflict, "the username is taken")
        },
        Account::Credentials => unauthenticated("username or password is wrong"),
        Account::LoginEnded | Account::Reused { .. } => unauthenticated("the login has ended: sign in again"),
        Account::Token(refused) => unauthenticated(refusal(refused)),
        Account::Disabled => Error::new(Name::Forbidden, "the account is disabled"),
        Account::Erased => Error::new(Name::Forbidden, "the account is deleted"),
        Account::Password => Error {
            field: Some("password".into()),
            ..Error::new(Name::Forbidden, "the password is wrong")
        },
        Account::NotHere(why) | Account::Conflict(why) => Error::new(Name::Conflict, why),
        Account::Nobody => Error::new(Name::NotFound, "there is none of that id"),
        Account::TooOften { retry_after_ms } => {
            Error::new(Name::RateLimited, "too many tries").retry_after_ms(retry_after_ms)
        }
        Account::IssuerAway => Error::new(Name::Unavailable, "the token's issuer can't be asked for its keys now"),
        Account::NoRegistration => Error::new(Name::Forbidden, "nobody makes an account for themselves here"),
        Account::NoGuests => Error::new(Name::Forbidden, "guests are not allowed here"),
        Account::Busy => Error::new(Name::Overloaded, "too many people are signing in").retry_after_ms(BUSY_PAUSE_MS),
        Account::Store(error) => {
            tracing::warn!(%error, "people's store failed");
            Error::new(Name::Unavailable, "accounts are not available now")
        }
        Account::Internal(error) => {
            tracing::error!(%error, "accounts failed");
            Error::new(Name::Unavailable, "accounts are not available now")
        }
    }
}
