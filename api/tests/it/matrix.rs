//! Every operation × every standing × every kind of room, against running servers: what must come of each follows from
//! the table of rights that the fold reads, and every answer keeps the OpenAPI document.

mod case;
mod scene;

use crate::support::both::{Site, both};
use crate::support::contract::Contract;
use case::{Case, KINDS, Standing, cases, reads};
use scene::Scene;

both!(everyone_may_do_what_the_table_says);

async fn everyone_may_do_what_the_table_says(site: Site) {
    let contract = Contract::of(site.edge()).await;
    let people = scene::gather(site.edge()).await;
    let mut wrong = Vec::new();
    let mut asked = 0;
    for kind in KINDS {
        let mut scene = Scene::set(site.edge(), &contract, &people, kind).await;
        for standing in Standing::ALL {
            if !scene.has(standing) {
                continue;
            }
            for (path, expected) in reads(kind, standing) {
                let found = scene.read(standing, path).await;
                asked += 1;
                if found != expected {
                    wrong.push(format!("{kind:?} {standing:?} GET {path}: {found}, not {expected}"));
                }
            }
            for case in cases(kind, standing) {
                let Case {
                    operation,
                    target,
                    expected,
                } = case;
                let found = scene.play(standing, operation, target).await;
                asked += 1;
                if found != expected {
                    wrong.push(format!(
                        "{kind:?} {standing:?} {operation:?} {target:?}: {found}, not {expected}"
                    ));
                }
                // What was refused has changed nothing.
                if found == "ok" {
                    scene = Scene::set(site.edge(), &contract, &people, kind).await;
                }
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "of {asked} cases {} are wrong:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
    assert!(asked > 900, "only {asked} cases");
}
