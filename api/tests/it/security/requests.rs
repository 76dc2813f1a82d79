//! Requests made from the OpenAPI document: every operation, with a body that its schema accepts.

use crate::support::cid;
use crate::support::server::Server;
use reqwest::Method;
use serde_json::{Map, Value, json};

/// A request.
#[derive(Clone, Debug)]
pub(super) struct Asked {
    pub(super) method: Method,
    pub(super) path: String,
    pub(super) body: Option<Value>,
}

/// The operations of a server.
pub(super) struct Operations {
    document: Value,
}

impl Operations {
    pub(super) async fn of(server: &Server) -> Self {
        let document = server.get("/v1/openapi.json", None).await;
        Self {
            document: document.json().await.expect("JSON"),
        }
    }

    fn all(&self) -> Vec<(Method, &String, &Value)> {
        let paths = self.document["paths"].as_object().expect("paths");
        let mut all = Vec::new();
        for (path, item) in paths {
            for (name, operation) in item.as_object().expect("operations") {
                if let Ok(method) = name.to_uppercase().parse() {
                    all.push((method, path, operation));
                }
            }
        }
        all
    }

    /// Every operation on a room, of which all but the room is in order.
    pub(super) fn of_room(&self, room: &str) -> Vec<Asked> {
        let of_room = self
            .all()
            .into_iter()
            .filter(|(_, path, _)| path.starts_with("/v1/rooms/{room}"));
        of_room
            .map(|(method, path, operation)| self.asked(method, path, operation, room))
            .collect()
    }

    /// Every operation once for each text that it reads, with this string in its place.
    pub(super) fn with_string(&self, room: &str, string: &str) -> Vec<Asked> {
        let mut cases = Vec::new();
        for (method, path, operation) in self.all() {
            let whole = self.asked(method.clone(), path, operation, room);
            let fields = whole
                .body
                .as_ref()
                .and_then(Value::as_object)
                .cloned()
                .unwrap_or_default();
            for (name, _) in fields.iter().filter(|(_, value)| value.is_string()) {
                let mut case = whole.clone();
                case.body.as_mut().expect("it has fields")[name] = json!(string);
                cases.push(case);
            }
            for parameter in operation["parameters"].as_array().into_iter().flatten() {
                let name = parameter["name"].as_str().expect("a name");
                let text = percent(string);
                let path = match parameter["in"].as_str() {
                    Some("path") => self.fill(&path.replace(&format!("{{{name}}}"), &text), room),
                    Some("query") => format!("{}?{name}={text}", self.fill(path, room)),
                    _ => continue,
                };
                cases.push(Asked { path, ..whole.clone() });
            }
        }
        cases
    }

    fn asked(&self, method: Method, path: &str, operation: &Value, room: &str) -> Asked {
        let schema = &operation["requestBody"]["content"]["application/json"]["schema"];
        Asked {
            method,
            path: self.fill(path, room),
            body: schema.is_object().then(|| self.value(schema)),
        }
    }

    fn fill(&self, path: &str, room: &str) -> String {
        let filled = path
            .replace("{room}", room)
            .replace("{seq}", "2")
            .replace("{username}", "nobody");
        let mut rest = filled;
        while let (Some(from), Some(to)) = (rest.find('{'), rest.find('}')) {
            rest.replace_range(from..=to, &cid());
        }
        rest
    }

    fn resolve<'a>(&'a self, schema: &'a Value) -> (&'a str, &'a Value) {
        if let Some(name) = schema["$ref"]
            .as_str()
            .and_then(|path| path.strip_prefix("#/components/schemas/"))
        {
            return (name, &self.document["components"]["schemas"][name]);
        }
        // Something, or null.
        for alternative in schema["oneOf"].as_array().into_iter().flatten() {
            if alternative["type"] != "null" {
                return self.resolve(alternative);
            }
        }
        ("", schema)
    }

    /// A value that a schema accepts.
    fn value(&self, schema: &Value) -> Value {
        let (name, schema) = self.resolve(schema);
        let kind = match &schema["type"] {
            Value::Array(kinds) => kinds[0].clone(),
            kind => kind.clone(),
        };
        match (name, kind.as_str()) {
            ("Username", _) => json!(format!("u{}", &cid()[..8])),
            ("Password", _) => json!("correct horse battery"),
            (_, Some("object")) => {
                let fields = schema["properties"].as_object().into_iter().flatten();
                let fields = fields.map(|(name, schema)| (name.clone(), self.value(schema)));
                Value::Object(fields.collect::<Map<_, _>>())
            }
            (_, Some("array")) => json!([]),
            // The seq of the first message of every room: what is answered must be one.
            (_, Some("integer")) => json!(2),
            (_, Some("boolean")) => json!(false),
            _ if schema["format"] == "uuid" => json!(cid()),
            _ if schema["enum"].is_array() => schema["enum"][0].clone(),
            _ => json!("something"),
        }
    }
}

/// Percent-encoded whole.
fn percent(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}
