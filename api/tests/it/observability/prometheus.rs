//! Prometheus as these tests ask it: expressions, rules, alerts.

use crate::support::{eventually, so};
use serde_json::Value;

/// One that runs.
pub(crate) struct Prometheus {
    url: String,
    http: reqwest::Client,
}

/// A rule as Prometheus has read it.
#[derive(Debug)]
pub(crate) struct Rule {
    /// What it records, or the alert it is.
    pub(crate) name: String,
    /// Its expression.
    pub(crate) query: String,
    pub(crate) alerts: bool,
    /// `ok` when its last evaluation went well, else why not; `unknown` before the first.
    health: String,
}

impl Prometheus {
    pub(crate) fn at(url: String) -> Self {
        let http = reqwest::Client::new();
        Self { url, http }
    }

    async fn ask(&self, path: &str, form: &[(&str, &str)]) -> Value {
        let request = match form {
            [] => self.http.get(format!("{}/api/v1/{path}", self.url)),
            form => self.http.post(format!("{}/api/v1/{path}", self.url)).form(form),
        };
        let mut answer: Value = request.send().await.unwrap().json().await.unwrap();
        assert_eq!(answer["status"], "success", "{path} {form:?}: {answer}");
        answer["data"].take()
    }

    /// The values that an expression has now; those that are no number are left out. A refused expression is a failure.
    pub(crate) async fn values(&self, expression: &str) -> Vec<f64> {
        let data = self.ask("query", &[("query", expression)]).await;
        let value = |sample: &Value| sample[1].as_str().unwrap().parse::<f64>().unwrap();
        let values = match data["resultType"].as_str() {
            Some("vector") => data["result"]
                .as_array()
                .unwrap()
                .iter()
                .map(|series| value(&series["value"]))
                .collect(),
            Some("scalar") => vec![value(&data["result"])],
            other => panic!("{expression} is a {other:?}"),
        };
        values.into_iter().filter(|value: &f64| !value.is_nan()).collect()
    }

    /// Every rule, once each was evaluated and none failed.
    pub(crate) async fn rules(&self) -> Vec<Rule> {
        eventually("every rule is evaluated", async || {
            let rules = self.read_rules().await;
            let sick: Vec<_> = rules.iter().filter(|rule| rule.health != "ok").collect();
            so(!rules.is_empty() && sick.is_empty(), sick)?;
            Ok(rules)
        })
        .await
    }

    async fn read_rules(&self) -> Vec<Rule> {
        let data = self.ask("rules", &[]).await;
        let groups = data["groups"].as_array().unwrap();
        let rules = groups.iter().flat_map(|group| group["rules"].as_array().unwrap());
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        rules
            .map(|rule| Rule {
                name: text(&rule["name"]),
                query: text(&rule["query"]),
                alerts: rule["type"] == "alerting",
                health: match rule["lastError"].as_str() {
                    Some(error) if !error.is_empty() => error.to_owned(),
                    _ => text(&rule["health"]),
                },
            })
            .collect()
    }

    /// The alerts that fire now.
    #[cfg(feature = "observability")]
    pub(crate) async fn firing(&self) -> std::collections::BTreeSet<String> {
        let data = self.ask("alerts", &[]).await;
        let alerts = data["alerts"].as_array().unwrap().iter();
        alerts
            .filter(|alert| alert["state"] == "firing")
            .map(|alert| alert["labels"]["alertname"].as_str().unwrap().to_owned())
            .collect()
    }
}
