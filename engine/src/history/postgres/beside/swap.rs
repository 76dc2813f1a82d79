//! The swap of two histories: schemas are renamed in one transaction while edges read and projectors write.
//!
//! Why nobody ever sees both. A statement finds its tables by name, takes their locks, and looks the names up again when
//! something was renamed while it waited. Before the renaming this transaction has every table of the old history to itself.
//! Whatever takes more than one statement, a snapshot as a batch, begins with its checkpoints: whoever has begun before is
//! waited for there, and holds nothing up meanwhile but those who have not begun; whoever comes later waits there too,
//! and then finds the new tables, for this and for all that follows. A snapshot's rows are those of after that wait. A
//! projector that waits finds itself fenced: its batch is refused whole, and it claims anew, with rooms that it loads anew.
//!
//! Why nobody waits for long. Projectors are held first, by a lock on the checkpoints that lets readers through; what is
//! left is folded and compared then. The locks that keep readers out are asked for at the end, given up when they are not
//! there at once (a refill of live views reads for as long as it takes), and held for as long as names take to change.

use super::{NEXT, NOTES, OLD, run, tables};
use crate::beside::{Error, Limits};
use crate::history::postgres::SCHEMA;
use sqlx::postgres::PgConnection;
use std::time::Duration;

/// Between the two names of a swap back.
const AWAY: &str = "history_swap";
/// Longer than PostgreSQL waits before it sends an autovacuum away that stands in a lock's way (`deadlock_timeout`).
const VACUUM_GIVES_WAY_MS: u64 = 3_000;

/// What waiting for a lock came to: not given is an answer, not a failure.
async fn lock(guard: &mut PgConnection, order: &str, wait_ms: u64) -> Result<bool, Error> {
    // The time limit of a statement counts for all its tables together, the one of a lock for each.
    for (what, ms) in [("statement_timeout", wait_ms), ("lock_timeout", wait_ms)] {
        run(guard, &format!("SET LOCAL {what} = {ms}")).await?;
    }
    match run(guard, order).await {
        Ok(()) => Ok(true),
        Err(Error::Away(why)) if ["55P03", "57014", "40P01"].iter().any(|code| why.contains(code)) => {
            tracing::debug!(why, "a lock was not given");
            Ok(false)
        }
        Err(error) => Err(error),
    }
}

/// The checkpoints first: see the module.
fn list(schema: &str, tables: &[String]) -> String {
    const FIRST: &str = "checkpoints";
    let others = tables.iter().map(String::as_str).filter(|table| *table != FIRST);
    let names = std::iter::once(FIRST).chain(others);
    let names: Vec<String> = names.map(|table| format!("{schema}.\"{table}\"")).collect();
    names.join(", ")
}

/// Holds the projectors: the transaction stays open.
pub(super) async fn hold(guard: &mut PgConnection, limits: &Limits) -> Result<(), Error> {
    let tables = tables(guard, SCHEMA).await?;
    for _ in 0..limits.lock_tries.max(1) {
        run(guard, "BEGIN").await?;
        let idle = format!("SET LOCAL idle_in_transaction_session_timeout = {}", limits.hold_ms);
        run(guard, &idle).await?;
        // Nobody but an autovacuum is in its way, or waits behind it; the lock on checkpoints lets readers through.
        let maintenance = format!("LOCK TABLE {} IN SHARE UPDATE EXCLUSIVE MODE", list(SCHEMA, &tables));
        let writers = format!("LOCK TABLE {SCHEMA}.checkpoints IN SHARE MODE");
        if lock(guard, &maintenance, VACUUM_GIVES_WAY_MS).await? && lock(guard, &writers, limits.lock_ms).await? {
            run(guard, &format!("SET LOCAL statement_timeout = {}", limits.hold_ms)).await?;
            return Ok(());
        }
        run(guard, "ROLLBACK").await?;
        tokio::time::sleep(Duration::from_millis(limits.lock_pause_ms)).await;
    }
    Err(Error::Away(format!(
        "the projectors of history could not be held in {} tries: something keeps its tables locked (a transaction, a vacuum)",
        limits.lock_tries
    )))
}

/// Has every table of these to itself, in the open transaction; ends that transaction where it does not come to it.
async fn alone(guard: &mut PgConnection, names: &str, limits: &Limits) -> Result<(), Error> {
    let order = format!("LOCK TABLE {names} IN ACCESS EXCLUSIVE MODE");
    let (begun, most) = (tokio::time::Instant::now(), Duration::from_millis(limits.hold_ms));
    for _ in 0..limits.lock_tries.max(1) {
        run(guard, "SAVEPOINT alone").await?;
        if lock(guard, &order, limits.lock_ms).await? {
            run(guard, &format!("SET LOCAL statement_timeout = {}", limits.hold_ms)).await?;
            return Ok(());
        }
        run(guard, "ROLLBACK TO SAVEPOINT alone").await?;
        if begun.elapsed() > most {
            break;
        }
        tokio::time::sleep(Duration::from_millis(limits.lock_pause_ms)).await;
    }
    run(guard, "ROLLBACK").await?;
    Err(Error::Away(
        "those who read history did not let go of it: nothing was swapped".into(),
    ))
}

/// No owner of before writes to either of the two any more.
async fn fence(guard: &mut PgConnection, one: &str, other: &str) -> Result<(), Error> {
    let newest = "(SELECT coalesce(max(owner_epoch), 0) FROM";
    run(
        guard,
        &format!(
            "WITH newest AS (
                 SELECT greatest({newest} {one}.checkpoints), {newest} {other}.checkpoints)) + 1 AS owner_epoch
             ), fenced AS (UPDATE {one}.checkpoints SET owner_epoch = newest.owner_epoch FROM newest)
             UPDATE {other}.checkpoints SET owner_epoch = newest.owner_epoch FROM newest"
        ),
    )
    .await
}

/// The new history takes the old one's place; projectors are held already.
pub(super) async fn swap(guard: &mut PgConnection, limits: &Limits) -> Result<(), Error> {
    let names = list(SCHEMA, &tables(guard, SCHEMA).await?);
    alone(guard, &names, limits).await?;
    fence(guard, SCHEMA, NEXT).await?;
    run(guard, &format!("DROP TABLE {NEXT}.{NOTES}")).await?;
    run(guard, &format!("ALTER SCHEMA {SCHEMA} RENAME TO {OLD}")).await?;
    run(guard, &format!("ALTER SCHEMA {NEXT} RENAME TO {SCHEMA}")).await?;
    run(guard, "COMMIT").await
}

/// The old and the new one change places again: what the log says since is folded by the projectors, as ever.
pub(super) async fn back(guard: &mut PgConnection, limits: &Limits) -> Result<(), Error> {
    hold(guard, limits).await?;
    let both = [
        list(SCHEMA, &tables(guard, SCHEMA).await?),
        list(OLD, &tables(guard, OLD).await?),
    ];
    alone(guard, &both.join(", "), limits).await?;
    fence(guard, SCHEMA, OLD).await?;
    for (from, to) in [(SCHEMA, AWAY), (OLD, SCHEMA), (AWAY, OLD)] {
        run(guard, &format!("ALTER SCHEMA {from} RENAME TO {to}")).await?;
    }
    run(guard, "COMMIT").await
}
