/// What the log page asks of the server. For admins alone: the server refuses everybody else.

import type { DeadLetter, EventType, LogOverview, LogRecord, PassedOver, TailState } from "@roomlog/client";
import { session } from "../state/session.svelte.js";

/** Dead letters asked for. */
const MOST_LETTERS = 50;
/** Records that a tail begins with. */
const FIRST_RECORDS = 30;

export function readOverview(): Promise<LogOverview> {
  return session.api.admin.log();
}

export async function readLetters(): Promise<readonly DeadLetter[]> {
  const { letters } = await session.api.admin.deadLetters({ limit: MOST_LETTERS });
  return letters;
}

/** Which records a tail shows; null: all. */
export interface Filter {
  readonly room: string | null;
  readonly type: EventType | null;
}

/** Records as they come, until it is called off: a stream that breaks is opened again by itself, for as long as that may help. */
export function tail(
  { room, type }: Filter,
  signal: AbortSignal,
  listen: (state: TailState) => void,
): AsyncIterable<LogRecord | PassedOver> {
  const filter = { ...(room === null ? {} : { room }), ...(type === null ? {} : { type }) };
  return session.api.admin.tail({ ...filter, last: FIRST_RECORDS, tries: Infinity, signal, listen });
}
