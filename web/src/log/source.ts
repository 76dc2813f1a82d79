/// What the log page asks of the server. For admins alone: the server refuses everybody else.

import { ask } from "../state/ask.js";
import { session } from "../state/session.svelte.js";
import { parseLetters, parseStatus, type DeadLetter, type LogStatus } from "./door.js";

/** Dead letters asked for. */
const MOST_LETTERS = 50;
/** Records that a tail begins with. */
const FIRST_RECORDS = 30;

export async function readStatus(): Promise<LogStatus> {
  return parseStatus(await ask("/v1/admin/log"));
}

export async function readLetters(): Promise<readonly DeadLetter[]> {
  return parseLetters(await ask("/v1/admin/log/dead-letters", { limit: MOST_LETTERS }));
}

/** Which records a tail shows; null: all. */
export interface Filter {
  readonly room: string | null;
  readonly type: string | null;
}

/** The path of a tail, as server-sent events. */
export function tailPath({ room, type }: Filter): string {
  const query = new URLSearchParams({ last: String(FIRST_RECORDS) });
  if (room !== null) query.set("room", room);
  if (type !== null) query.set("type", type);
  return `/v1/admin/log/tail?${query.toString()}`;
}

/** Sees to it that the cookie by which a tail is opened is good: asking who one is renews it where it has expired. */
export async function renew(): Promise<void> {
  await session.api.me.get();
}
