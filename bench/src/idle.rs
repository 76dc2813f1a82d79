//! Resident bytes of the edge per idle connection that is subscribed to a room.

use crate::cluster::{self, Cluster};
use crate::process;
use crate::report::Report;
use crate::swarm::{Listener, ROOMLOG, Swarm};
use anyhow::Result;
use std::time::Duration;

const CONNECTIONS: usize = 5_000;
const ROOMS: usize = 50;
const SETTLE: Duration = Duration::from_secs(5);

/// Runs it.
pub(crate) async fn run() -> Result<()> {
    let cluster = Cluster::start().await?;
    let edge = cluster.process(&["edge"], &[]).await?;
    let token = cluster.register(&edge, "idle").await?;
    let mut rooms = Vec::with_capacity(ROOMS);
    for room in 0..ROOMS {
        rooms.push(cluster.open_room(&edge, &token, &format!("room {room}")).await?);
    }
    let listeners = |count: usize| {
        (0..count)
            .map(|session| Listener {
                address: edge.address,
                path: "/v1/ws",
                headers: cluster::session_headers(&token),
                frames: vec![format!(
                    r#"{{"id":1,"subscribe":{{"room":"{}","recent":0}}}}"#,
                    rooms[session % ROOMS]
                )],
            })
            .collect()
    };
    // The first ones pay for threads, pools and held rooms; what is measured is what each further one adds.
    let first = Swarm::connect(listeners(ROOMS * 2), ROOMLOG).await?;
    tokio::time::sleep(SETTLE).await;
    let before = process::resident_bytes(edge.pid())?;
    let swarm = Swarm::connect(listeners(CONNECTIONS), ROOMLOG).await?;
    tokio::time::sleep(SETTLE).await;
    let each = (process::resident_bytes(edge.pid())?.saturating_sub(before)) as f64 / CONNECTIONS as f64;
    let mut report = Report::new("idle", "Memory per idle connection");
    report.line(&format!(
        "{CONNECTIONS} connections on {ROOMS} rooms: {:.1} KB resident each (goal ≤ 6; Socket.IO 18, Centrifugo 46).",
        each / 1e3
    ));
    drop((first, swarm));
    report.keep()
}
