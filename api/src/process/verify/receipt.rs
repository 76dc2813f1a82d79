//! One receipt: read from a file or stdin, and held against the log.

use super::show;
use crate::cli::verify::Verify;
use crate::config::Config;
use crate::process::bar::Bar;
use crate::process::{Error, direct, welcome};
use engine::domain::{Cid, Digest, Epoch, Offset, Partition, RoomId, Seq, Timestamp};
use projector::verify::Parts;
use projector::verify::receipt::{self, Receipt};
use serde::Deserialize;
use std::io::Read;
use std::path::Path;

/// Most bytes of a receipt that are read: one is some 400.
const MOST_BYTES: u64 = 64 * 1024;

/// The receipt as an ack has it; what else stands in it is not looked at.
#[derive(Deserialize)]
struct Written {
    room: Option<RoomId>,
    cid: Cid,
    seq: Seq,
    pos: Pos,
    at: Option<Timestamp>,
    digest: Option<Digest>,
}

#[derive(Deserialize)]
struct Pos {
    epoch: Epoch,
    partition: Partition,
    offset: Offset,
}

/// A reply to a write, whole.
#[derive(Deserialize)]
struct Reply {
    ok: Written,
}

pub(super) async fn check(config: &Config, asked: &Verify, file: &Path) -> Result<(), Error> {
    let receipt = parse(&read(file)?, asked.room).map_err(Error::Impossible)?;
    let parts = Parts {
        log: direct::log(config).await?,
        history: None,
        live: None,
        whole_log: false,
    };
    let bar = Bar::new();
    let judged = receipt::check(&config.projector, &parts, &receipt, &bar).await;
    drop(bar);
    parts.log.close().await;
    let judged = judged?;
    welcome::tell(&if asked.json {
        show::json(&judged)
    } else {
        show::receipt(&judged)
    })?;
    if judged.well {
        return Ok(());
    }
    let fields: Vec<&str> = judged.differences.iter().map(|wrong| wrong.field).collect();
    Err(Error::Differs(format!("the receipt's {} not so", are(&fields))))
}

fn are(fields: &[&str]) -> String {
    let verb = if fields.len() == 1 { "is" } else { "are" };
    format!("{} {verb}", fields.join(", "))
}

fn read(file: &Path) -> Result<String, Error> {
    let cannot = |error: std::io::Error| Error::Impossible(format!("cannot read {}: {error}", file.display()));
    let mut text = String::new();
    if file == Path::new("-") {
        std::io::stdin()
            .lock()
            .take(MOST_BYTES)
            .read_to_string(&mut text)
            .map_err(cannot)?;
    } else {
        let opened = std::fs::File::open(file).map_err(cannot)?;
        opened.take(MOST_BYTES).read_to_string(&mut text).map_err(cannot)?;
    }
    Ok(text)
}

fn parse(text: &str, room: Option<RoomId>) -> Result<Receipt, String> {
    // The whole reply first: it has no field of a receipt at its top.
    let written = match serde_json::from_str::<Reply>(text) {
        Ok(reply) => reply.ok,
        Err(_) => serde_json::from_str::<Written>(text).map_err(|error| {
            format!("this is no receipt: {error}; give the `ok` of a write's reply, or the whole reply, as JSON")
        })?,
    };
    Ok(Receipt {
        room: room.or(written.room),
        cid: written.cid,
        seq: written.seq,
        epoch: written.pos.epoch,
        partition: written.pos.partition,
        offset: written.pos.offset,
        at: written.at,
        digest: written.digest,
    })
}

#[cfg(test)]
mod tests {
    use super::parse;

    const RECEIPT: &str = r#"{"cid":"0195f3a0-0000-7000-8000-000000000001","seq":7,"pos":{"epoch":"0195f3a0-0000-7000-8000-00000000000e","partition":3,"offset":19},"at":1700000000000,"digest":"00112233445566778899aabbccddeeff","duplicate":false,"trace_id":"x"}"#;

    #[test]
    fn a_receipt_and_a_whole_reply_say_the_same() {
        let alone = parse(RECEIPT, None).expect("a receipt");
        let whole = parse(&format!(r#"{{"id":4,"ok":{RECEIPT}}}"#), None).expect("a reply");
        assert_eq!(alone, whole);
        assert_eq!((alone.seq.get(), alone.offset.get(), alone.room), (7, 19, None));
    }

    #[test]
    fn what_is_no_receipt_is_told_so() {
        for text in ["", "{}", r#"{"id":4,"error":{"code":100}}"#, &RECEIPT[..40]] {
            let error = parse(text, None).expect_err("no receipt");
            assert!(error.starts_with("this is no receipt"), "{error}");
        }
    }
}
