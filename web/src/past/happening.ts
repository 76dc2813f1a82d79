/// A replayed record as the page shows it: what happened, and the fold's word on it. What it says the client reads. Pure. An event
/// of a type that the client doesn't know, or whose body isn't of its type, is "unknown": it has a seq and a time, and changes nothing
/// that is shown.

import { contentOf, type EventContent, Malformed, type ReplayedEvent } from "@roomlog/client";

/** A record of the room. */
export interface Happening {
  /** Of those that count. */
  readonly seq: number | null;
  readonly partition: number;
  readonly offset: number;
  /** When the log took it, milliseconds since 1970. */
  readonly at: number;
  readonly eventId: string;
  readonly from: { readonly id: string; readonly name: string } | null;
  readonly what: EventContent;
  /** Why it does not count; null where it does. */
  readonly ignored: string | null;
  /** Why its text is not shown to us: `deleted`, `erased`, `ignored`; null where it is. */
  readonly withheld: string | null;
}

/** What a record is to the page. */
export function parseHappening(record: ReplayedEvent): Happening {
  const counts = record.verdict === "accepted";
  return {
    seq: counts ? (record.seq ?? null) : null,
    partition: record.pos.partition,
    offset: record.pos.offset,
    at: record.at,
    eventId: record.event_id ?? "",
    from: record.from ?? null,
    what: whatOf(record.type ?? "", record.body ?? {}),
    ignored: counts ? null : (record.reason ?? record.verdict),
    withheld: record.withheld ?? null,
  };
}

function whatOf(type: string, body: Record<string, unknown>): EventContent {
  try {
    return contentOf(type, body);
  } catch (error) {
    // A record that does not count may say anything.
    if (error instanceof Malformed) return { type: "unknown", called: type, body };
    throw error;
  }
}
