//! Answers held against the OpenAPI document that the server itself serves.

use super::server::Server;
use jsonschema::Validator;
use reqwest::{Method, Response, StatusCode, header};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::sync::Mutex;

/// The document, and what was already made of it.
pub(crate) struct Contract {
    document: Value,
    validators: Mutex<HashMap<String, std::sync::Arc<Validator>>>,
}

/// An answer that keeps the contract.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) body: Value,
}

impl Answer {
    /// The error's stable name; `ok` of a success.
    pub(crate) fn name(&self) -> &str {
        if self.status.is_success() {
            return "ok";
        }
        self.body["name"].as_str().expect("an error has a name")
    }
}

impl Contract {
    /// What the server promises.
    pub(crate) async fn of(server: &Server) -> Self {
        let document = server.get("/v1/openapi.json", None).await;
        Self {
            document: document.json().await.expect("JSON"),
            validators: Mutex::default(),
        }
    }

    /// Asks, and holds the answer against the document.
    pub(crate) async fn ask(
        &self,
        server: &Server,
        method: Method,
        path: &str,
        token: Option<&str>,
        body: Option<&Value>,
    ) -> Answer {
        let mut request = server.http.request(method.clone(), format!("{}{path}", server.url));
        if let Some(token) = token {
            request = request.bearer_auth(token);
        }
        if let Some(body) = body {
            request = request.json(body);
        }
        self.check(&method, path, request.send().await.expect("an answer"))
            .await
    }

    /// Holds an answer against the document: its status, its type and its body must be described.
    pub(crate) async fn check(&self, method: &Method, path: &str, response: Response) -> Answer {
        let (status, kind) = (response.status(), response.headers().get(header::CONTENT_TYPE).cloned());
        let text = response.text().await.expect("a text");
        let template = self.template(path);
        let what = format!("{method} {template} → {status}: {text}");
        let operation = method.as_str().to_lowercase();
        let described = &self.document["paths"][&template][&operation]["responses"][status.as_str()];
        assert!(described.is_object(), "not in the document: {what}");
        if described["content"].is_null() {
            assert_eq!(text, "", "{what}");
            return Answer {
                status,
                body: Value::Null,
            };
        }
        let kind = kind
            .and_then(|kind| kind.to_str().ok().map(ToOwned::to_owned))
            .unwrap_or_default();
        let content = &described["content"][&kind];
        assert!(content.is_object(), "of an undescribed type {kind}: {what}");
        let body: Value = serde_json::from_str(&text).unwrap_or_else(|_| panic!("no JSON: {what}"));
        let validator = self.validator(&format!("{operation} {template} {status}"), &content["schema"]);
        if let Err(error) = validator.validate(&body) {
            panic!("{error} at {}: {what}", error.instance_path());
        }
        Answer { status, body }
    }

    /// The path of the document that this one is of: one without parameters goes first.
    fn template(&self, path: &str) -> String {
        let path = path.split('?').next().unwrap_or_default();
        let segments: Vec<&str> = path.split('/').collect();
        let fits = |template: &str| {
            let expected: Vec<&str> = template.split('/').collect();
            let fits = |(expected, found): (&&str, &&str)| expected == found || expected.starts_with('{');
            expected.len() == segments.len() && expected.iter().zip(&segments).all(fits)
        };
        let paths = self.document["paths"].as_object().expect("paths");
        let mut fitting: Vec<&String> = paths.keys().filter(|template| fits(template)).collect();
        fitting.sort_by_key(|template| template.matches('{').count());
        fitting
            .first()
            .unwrap_or_else(|| panic!("{path} is not in the document"))
            .to_string()
    }

    fn validator(&self, key: &str, schema: &Value) -> std::sync::Arc<Validator> {
        let mut validators = self.validators.lock().expect("nobody panics with it");
        let made = || std::sync::Arc::new(validator(&self.document["components"], schema));
        validators.entry(key.to_owned()).or_insert_with(made).clone()
    }
}

/// What a schema of a document accepts.
pub(crate) fn validator(components: &Value, schema: &Value) -> Validator {
    let whole = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema", "components": components, "allOf": [schema]
    });
    jsonschema::options()
        .should_validate_formats(true)
        .build(&whole)
        .expect("a schema")
}
