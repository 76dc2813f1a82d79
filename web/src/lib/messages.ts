/// Looking into a room's messages, which are in order of seq. Pure.

import type { MessagePage, MessageView } from "@roomlog/client";

/** Characters that a message may have; the server counts code points. */
export const MOST_CHARACTERS = 4_096;

/** The message of a seq; undefined where it is not among them. */
export function findMessage(messages: readonly MessageView[], seq: number): MessageView | undefined {
  let low = 0;
  let high = messages.length - 1;
  while (low <= high) {
    const middle = (low + high) >> 1;
    const message = messages[middle];
    if (message === undefined) return undefined;
    if (message.seq === seq) return message;
    if (message.seq < seq) low = middle + 1;
    else high = middle - 1;
  }
  return undefined;
}

/** How many of them answer each message; `previous` itself where that is the same. */
export function replyCounts(
  messages: readonly MessageView[],
  previous: ReadonlyMap<number, number>,
): ReadonlyMap<number, number> {
  const counts = new Map<number, number>();
  for (const { reply_to: seq, deleted } of messages) {
    if (seq !== undefined && deleted !== true) counts.set(seq, (counts.get(seq) ?? 0) + 1);
  }
  const same = counts.size === previous.size && [...counts].every(([seq, value]) => previous.get(seq) === value);
  return same ? previous : counts;
}

/** The last message that somebody may still edit: their own, not deleted. */
export function lastOwn(messages: readonly MessageView[], me: string): MessageView | undefined {
  return messages.findLast((message) => message.from.id === me && message.deleted !== true);
}

/** The seq that a page of messages was asked around: its anchor, else its last message; null in an empty room. */
export function anchorOf({ anchor, messages }: MessagePage): number | null {
  return anchor ?? messages.at(-1)?.seq ?? null;
}
