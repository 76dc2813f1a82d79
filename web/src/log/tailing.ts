/// The latest records as they come, newest first: a bounded list that can be held still. Pure.

import type { LogRecord } from "@roomlog/client";

/** Records kept. */
export const MOST_RECORDS = 200;

export interface Tailing {
  readonly records: readonly LogRecord[];
  readonly held: boolean;
  /** Those that came while it was held, newest first. */
  readonly waiting: readonly LogRecord[];
  /** Records that nobody here saw: the server's word, and what was too much while it was held. */
  readonly missed: number;
}

export const NOTHING: Tailing = { records: [], held: false, waiting: [], missed: 0 };

/** Records came, each partition's in its order: between partitions there is none but their times. */
export function came(tailing: Tailing, records: readonly LogRecord[]): Tailing {
  const newest = records.toSorted((one, other) => one.at - other.at).reverse();
  if (!tailing.held) return { ...tailing, records: [...newest, ...tailing.records].slice(0, MOST_RECORDS) };
  const waiting = [...newest, ...tailing.waiting];
  const over = Math.max(0, waiting.length - MOST_RECORDS);
  return { ...tailing, waiting: waiting.slice(0, MOST_RECORDS), missed: tailing.missed + over };
}

/** The server passed some over. */
export function passedOver(tailing: Tailing, count: number): Tailing {
  return { ...tailing, missed: tailing.missed + count };
}

export function hold(tailing: Tailing): Tailing {
  return { ...tailing, held: true };
}

/** Goes on with what waited. */
export function release(tailing: Tailing): Tailing {
  return {
    ...tailing,
    held: false,
    records: [...tailing.waiting, ...tailing.records].slice(0, MOST_RECORDS),
    waiting: [],
  };
}
