//! What is watched, on a real Prometheus beside a whole cluster: every panel and every rule has its data once people chat,
//! and, where that is asked for (`make test-observability`), every alert fires when its cause is there.
//!
//! Prometheus runs with the files of observability/prometheus, in haste (scripts/cluster): minutes of waiting are seconds.
//! Nothing here knows a dashboard or an expression; the causes know the names of alerts.

#[cfg(feature = "observability")]
mod causes;
#[cfg(feature = "observability")]
mod outages;
mod panels;
mod prometheus;
#[cfg(feature = "observability")]
mod replicas;
#[cfg(feature = "observability")]
mod report;
mod scene;

use scene::Scene;
use std::time::Duration;

#[tokio::test(flavor = "multi_thread")]
async fn every_panel_and_every_rule_has_its_data_while_people_chat() {
    let scene = Scene::new(&[]).await;
    let chat = scene.chat();
    scene.is_lively(Duration::ZERO).await;
    scene.while_lively(panels::all_have_data(&scene.prometheus)).await;
    panels::all_is_recorded(&scene.prometheus).await;
    chat.stop().await;
}

/// One story, for a cluster is dear: a minute of chat, then one cause after the other.
#[cfg(feature = "observability")]
#[tokio::test(flavor = "multi_thread")]
async fn every_alert_fires_when_its_cause_is_there() {
    let scene = Scene::new(&causes::TIGHT).await;
    let mut report = report::Report::begin();
    let chat = scene.chat();
    scene.is_lively(Duration::from_secs(60)).await;
    report.panels(scene.while_lively(panels::all_have_data(&scene.prometheus)).await);
    report.recorded(panels::all_is_recorded(&scene.prometheus).await);
    causes::each(&scene, &mut report).await;
    outages::each(&scene, &mut report).await;
    replicas::each(&scene, &mut report).await;
    chat.stop().await;
    outages::all_are_gone(&scene, &mut report).await;
    report.selectors(panels::every_selector_has_had_data(&scene.prometheus).await);
    report.keep(&scene.prometheus.rules().await);
}
