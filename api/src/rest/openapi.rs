//! The OpenAPI document: what handlers say of themselves, and what holds for all of them.
//!
//! What must hold: a handler's annotation tells its own success alone; refusals, security and the headers of every
//! operation are added here, from the table of errors, so that no handler can forget one.

use super::schema;
use crate::auth::ACCESS_COOKIE;
use crate::error::Name;
use crate::protocol::asyncapi;
use axum::Router;
use axum::http::{HeaderValue, header};
use axum::response::IntoResponse as _;
use axum::routing::{MethodRouter, get};
use bytes::Bytes;
use engine::people::accounts;
use serde::Serialize;
use std::collections::BTreeMap;
use tower_http::set_header::SetResponseHeaderLayer;
use utoipa::openapi::header::HeaderBuilder;
use utoipa::openapi::path::{HttpMethod, Operation, ParameterBuilder, ParameterIn, PathItem};
use utoipa::openapi::security::{
    ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme,
};
use utoipa::openapi::{ContentBuilder, OpenApi, Ref, RefOr, Required, ResponseBuilder};
use utoipa::{OpenApi as _, ToSchema as _};
use utoipa_swagger_ui::{Config, SwaggerUi};

/// Where the document is.
pub(super) const DOCUMENT: &str = "/v1/openapi.json";
/// Where it can be tried.
pub(super) const PAGE: &str = "/docs";
/// Where the document of the socket is.
const SOCKET_DOCUMENT: &str = "/asyncapi.json";
/// The page is scripts and styles of our own host; Swagger UI styles its elements itself and has pictures in its styles.
const PAGE_POLICY: &str =
    "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; frame-ancestors 'none'";
/// Operations that write an event and answer with the room.
const MAKES_A_ROOM: [&str; 2] = ["rooms_create", "rooms_direct"];
/// Operations that ask nobody who they are.
const ANYBODY: [&str; 3] = ["auth-open", "operations", "documents"];

#[derive(utoipa::OpenApi)]
#[openapi(
    info(
        title = "Roomlog",
        description = "Chat whose only truth is a log. Every write is answered with its place there: a receipt. A write \
                       keeps its `cid` over retries and counts once. The WebSocket is described in `/asyncapi.json`.",
        license(name = "Apache-2.0", identifier = "Apache-2.0")
    ),
    tags(
        (name = "auth", description = "Coming in, staying in, going."),
        (name = "me", description = "One's own account and devices."),
        (name = "people", description = "Finding somebody."),
        (name = "rooms", description = "Making, finding, changing and entering rooms."),
        (name = "moderation", description = "Who may do what: docs/permissions.md."),
        (name = "messages", description = "What is said, and looking for it."),
        (name = "log", description = "A room as it happened, and as it stood: from the log."),
        (name = "admin", description = "For those who run Roomlog."),
        (name = "operations", description = "Whether it lives."),
    ),
    components(schemas(super::problem::Problem<'_>, super::schema::Words, super::schema::Prefix, super::schema::Action))
)]
struct Document;

/// An empty document, for handlers to add themselves to.
pub(super) fn document() -> OpenApi {
    Document::openapi()
}

/// Adds what holds for every operation.
pub(super) fn complete(document: &mut OpenApi, accounts: &accounts::Config) {
    for (path, item) in &mut document.paths.paths {
        let with_id = path.contains('{');
        for (method, operation) in operations(item) {
            let of_log = operation.tags.iter().flatten().any(|tag| tag == "log");
            complete_operation(operation, &method, with_id, of_log);
        }
    }
    let components = document.components.get_or_insert_default();
    components.schemas.extend(schema::configured(accounts));
    components.add_security_scheme(
        "bearer",
        SecurityScheme::Http(
            HttpBuilder::new()
                .scheme(HttpAuthScheme::Bearer)
                .bearer_format("JWT")
                .description(Some("The access token, or one of a configured issuer."))
                .build(),
        ),
    );
    let cookie = ApiKeyValue::with_description(
        ACCESS_COOKIE,
        "Set by signing in; where it changes something, the page must be ours or one of `http.origins`.",
    );
    components.add_security_scheme("cookie", SecurityScheme::ApiKey(ApiKey::Cookie(cookie)));
}

fn operations(item: &mut PathItem) -> Vec<(HttpMethod, &mut Operation)> {
    [
        (HttpMethod::Get, &mut item.get),
        (HttpMethod::Post, &mut item.post),
        (HttpMethod::Put, &mut item.put),
        (HttpMethod::Patch, &mut item.patch),
        (HttpMethod::Delete, &mut item.delete),
    ]
    .into_iter()
    .filter_map(|(method, operation)| Some((method, operation.as_mut()?)))
    .collect()
}

fn complete_operation(operation: &mut Operation, method: &HttpMethod, with_id: bool, of_log: bool) {
    let tags = operation.tags.get_or_insert_default();
    let anybody = tags.iter().any(|tag| ANYBODY.contains(&tag.as_str()));
    for tag in tags {
        if tag == "auth-open" {
            *tag = "auth".to_owned();
        }
    }
    operation.security = Some(if anybody {
        Vec::new()
    } else {
        let none: [&str; 0] = [];
        vec![
            SecurityRequirement::new("bearer", none),
            SecurityRequirement::new("cookie", none),
        ]
    });
    let changes = !matches!(method, HttpMethod::Get);
    let reads_body = operation.request_body.is_some();
    let applies = |status: u16| match status {
        401 | 403 => !anybody || reads_body,
        404 => with_id || !anybody,
        409 | 410 => changes || with_id,
        413 | 415 => reads_body,
        405 => false,
        501 => with_id,
        416 => of_log,
        _ => true,
    };
    for (status, names) in refusals() {
        if applies(status) {
            let response = refusal(status, &names);
            operation
                .responses
                .responses
                .insert(status.to_string(), response.into());
        }
    }
    if is_written(operation) {
        let key = ParameterBuilder::new()
            .name("Idempotency-Key")
            .parameter_in(ParameterIn::Header)
            .required(Required::False)
            .description(Some("In the place of `cid`: makes a retry safe. A UUID, or any text."))
            .schema(Some(
                utoipa::openapi::ObjectBuilder::new()
                    .schema_type(utoipa::openapi::Type::String)
                    .min_length(Some(1))
                    .max_length(Some(super::guard::KEY_BYTES))
                    .pattern(Some("^[\\t\\x20-\\x7e]*[\\x21-\\x7e][\\t\\x20-\\x7e]*$")),
            ));
        operation.parameters.get_or_insert_default().push(key.build().into());
    }
}

/// Whether its answer is the receipt of an event, or the room that one made.
fn is_written(operation: &Operation) -> bool {
    let answers = operation.responses.responses.values();
    let contents = answers.filter_map(|answer| match answer {
        RefOr::T(answer) => answer.content.get("application/json"),
        RefOr::Ref(_) => None,
    });
    let contents = contents.filter_map(|content| match content {
        RefOr::T(content) => Some(content),
        RefOr::Ref(_) => None,
    });
    let mut schemas = contents.filter_map(|content| content.schema.as_ref());
    schemas.any(|schema| match schema {
        RefOr::Ref(named) => named.ref_location.ends_with("/Receipt"),
        RefOr::T(_) => false,
    }) || operation
        .operation_id
        .as_deref()
        .is_some_and(|id| MAKES_A_ROOM.contains(&id))
}

/// Every status that an error has, and which errors.
fn refusals() -> BTreeMap<u16, Vec<Name>> {
    let mut by_status: BTreeMap<u16, Vec<Name>> = BTreeMap::new();
    for name in Name::ALL {
        by_status.entry(name.status()).or_default().push(*name);
    }
    by_status
}

fn refusal(status: u16, names: &[Name]) -> utoipa::openapi::Response {
    let about = names
        .iter()
        .map(|name| format!("`{}`: {}", name.text(), name.about().trim()));
    let about: Vec<String> = about.collect();
    let problem = Ref::from_schema_name(super::problem::Problem::name());
    let mut response = ResponseBuilder::new().description(about.join(" ")).content(
        "application/problem+json",
        ContentBuilder::new().schema(Some(problem)).build(),
    );
    if status == 429 || status == 503 {
        let seconds = HeaderBuilder::new()
            .description(Some("Seconds after which to come back, where that is known."))
            .build();
        response = response.header("Retry-After", seconds);
    }
    response.build()
}

fn served<T: Serialize>(document: &T) -> MethodRouter {
    let json: Bytes = serde_json::to_vec(document).expect("a document is JSON").into();
    get(move || {
        let json = json.clone();
        async move { ([(header::CONTENT_TYPE, "application/json")], json).into_response() }
    })
}

/// The documents of both doors, and a page to try the one of REST.
pub(super) fn router(document: &OpenApi) -> Router {
    let page = SwaggerUi::new(PAGE).config(
        Config::from(DOCUMENT)
            .try_it_out_enabled(true)
            .display_request_duration(true)
            .validator_url("none"),
    );
    let policy = HeaderValue::from_static(PAGE_POLICY);
    let page = Router::from(page).layer(SetResponseHeaderLayer::if_not_present(
        header::CONTENT_SECURITY_POLICY,
        policy,
    ));
    Router::new()
        .route(DOCUMENT, served(document))
        .route(SOCKET_DOCUMENT, served(&asyncapi::document(document)))
        .merge(page)
}
