/// Checks a chain of digests over a stream of records, in slices, so that the page stays answerable while it goes on.
///
/// What must hold: whatever happens ends in a verdict, and "holds" is said only if every link from `from` to `to` was
/// walked. It knows no network and no clock: records, time and pauses come in.

import { follow, type ChainRecord, type Hash, type Link } from "./chain.js";

/** What came of a check. */
export type Outcome =
  | {
      readonly kind: "holds";
      readonly from: number;
      readonly link: Link;
      readonly computed: number;
      readonly trusted: number;
    }
  /** The first event whose digest is not what its bytes give. */
  | { readonly kind: "differs"; readonly seq: number; readonly computed: string; readonly stated: string }
  | { readonly kind: "unchecked"; readonly why: string }
  | { readonly kind: "cancelled" };

/** What a check needs from the world. */
export interface Check {
  /** The room's records in the order of the log, beginning with the event after `from` or before it. */
  readonly records: AsyncIterable<ChainRecord>;
  /** A link that is known to be right. */
  readonly from: Link;
  /** The last event to be checked. */
  readonly to: number;
  readonly hash: Hash;
  readonly signal: AbortSignal;
  /** Told at every pause, and at the end, how far it is. */
  readonly onprogress: (seq: number) => void;
  /** Milliseconds; only differences count. */
  readonly now: () => number;
  /** Lets others go first. */
  readonly pause: () => Promise<void>;
  /** What is said of an error that the stream ends with. */
  readonly explain: (error: unknown) => string;
}

/** How long the check computes before it lets others go first, milliseconds: half of a frame. */
const SLICE_MS = 8;

/** Checks; never throws. */
export async function verify(check: Check): Promise<Outcome> {
  try {
    return await walk(check);
  } catch (error) {
    if (check.signal.aborted) return { kind: "cancelled" };
    return { kind: "unchecked", why: check.explain(error) };
  }
}

async function walk(check: Check): Promise<Outcome> {
  const { from, to, hash, signal, now } = check;
  let link = from;
  let slice = now();
  for await (const record of check.records) {
    if (signal.aborted) return { kind: "cancelled" };
    if (record.verdict === "accepted" && typeof record.seq === "number" && record.seq <= from.seq) continue;
    const step = follow(hash, link, record);
    if (step.kind === "differs") return step;
    if (step.kind === "broken") return { kind: "unchecked", why: `Event ${step.seq} is missing: ${step.why}.` };
    if (step.kind !== "passed") link = step.link;
    if (link.seq >= to) break;
    if (now() - slice >= SLICE_MS) {
      check.onprogress(link.seq);
      await check.pause();
      slice = now();
    }
  }
  if (signal.aborted) return { kind: "cancelled" };
  check.onprogress(link.seq);
  if (link.seq < to) return { kind: "unchecked", why: `The server's answer ended with event ${link.seq} of ${to}.` };
  const trusted = link.trusted - from.trusted;
  return { kind: "holds", from: from.seq, link, computed: to - from.seq - trusted, trusted };
}
