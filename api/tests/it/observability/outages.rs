//! What makes an alert fire because something is away.

use super::causes::{log, nonsense};
use super::report::Report;
use super::scene::Scene;
use crate::support::{eventually, so};
use engine::log::Log as _;
use futures_util::future::join_all;
use std::time::{Duration, Instant};

/// What is appended at once behind the back of an edge that stands still.
const FLOOD: usize = 2_000;
/// Longer than a tail may be behind.
const STANDSTILL: Duration = Duration::from_secs(8);

/// While people chat; each comes back.
pub(crate) async fn each(scene: &Scene, report: &mut Report) {
    a_late_tail(scene, report).await;
    without_postgres(scene, report).await;
    without_kafka(scene, report).await;
}

/// An edge stands still while far more is appended than it reads in a moment.
async fn a_late_tail(scene: &Scene, report: &mut Report) {
    let log = log(scene).await;
    scene.cluster.signal("-STOP", "edge2");
    let begun = Instant::now();
    while begun.elapsed() < STANDSTILL {
        for answer in join_all((0..FLOOD).map(|_| log.append(nonsense(b"tomorrow")))).await {
            answer.unwrap();
        }
    }
    scene.cluster.signal("-CONT", "edge2");
    report
        .fires(
            scene,
            &["RoomlogTailLag"],
            "an edge that stood still while the log was flooded",
        )
        .await;
    log.close().await;
}

async fn without_postgres(scene: &Scene, report: &mut Report) {
    scene.cluster.service("kill", "postgres").await;
    let alerts = [
        "RoomlogStoreAway",
        "RoomlogProjectorRetrying",
        "RoomlogPoolExhausted",
        "RoomlogCheckpointStuck",
        "RoomlogProjectionLag",
    ];
    report.fires(scene, &alerts, "PostgreSQL is killed").await;
    scene.cluster.service("start", "postgres").await;
    is_over(scene, "RoomlogStoreAway").await;
}

async fn without_kafka(scene: &Scene, report: &mut Report) {
    scene.cluster.service("kill", "kafka").await;
    let alerts = [
        "RoomlogLogNotWritable",
        "RoomlogLogNotReadable",
        "RoomlogAppendsFailing",
        "RoomlogPendingNearLimit",
        "RoomlogErrorBudgetBurnFast",
        "RoomlogErrorBudgetBurnSlow",
    ];
    report.fires(scene, &alerts, "Kafka is killed").await;
    scene.cluster.service("start", "kafka").await;
    is_over(scene, "RoomlogPendingNearLimit").await;
}

/// The processes themselves, one after the other; nobody comes back.
pub(crate) async fn all_are_gone(scene: &Scene, report: &mut Report) {
    scene.cluster.part("kill", "edge1").await;
    report.fires(scene, &["RoomlogTargetDown"], "an edge is killed").await;
    scene.cluster.part("kill", "edge2").await;
    report
        .fires(scene, &["RoomlogNoEdge"], "the other edge is killed")
        .await;
    scene.cluster.part("kill", "history").await;
    report
        .fires(scene, &["RoomlogNoProjector"], "the history projector is killed")
        .await;
}

/// What is mended is seen to be.
async fn is_over(scene: &Scene, alert: &str) {
    eventually(&format!("{alert} is over"), async || {
        let firing = scene.prometheus.firing().await;
        so(!firing.contains(alert), &firing)
    })
    .await;
}
