/// What stands in a room from top to bottom: messages, grouped by author, with a line for each day and one where the unread
/// begin; then what is still on its way. Pure; what did not change keeps its identity, so that rows are not drawn anew.

import type { MessageView, PendingMessage } from "@roomlog/client";
import { startOfDay } from "./format.js";

/** Messages of one author stand together when no more than this lies between them. */
const GROUP_MS = 5 * 60_000;

export type TimelineItem =
  | { readonly kind: "start"; readonly key: string }
  | { readonly kind: "day"; readonly key: string; readonly at: number }
  | { readonly kind: "unread"; readonly key: string }
  /** `head`: the first of a group, with name and picture. */
  | { readonly kind: "message"; readonly key: string; readonly message: MessageView; readonly head: boolean }
  | { readonly kind: "pending"; readonly key: string; readonly pending: PendingMessage; readonly head: boolean };

export interface TimelineInput {
  readonly messages: readonly MessageView[];
  readonly pending: readonly PendingMessage[];
  /** Whether the first message is the room's first. */
  readonly complete: boolean;
  /** The unread begin after this seq; null for no line. */
  readonly readSeq: number | null;
  /** Who looks. */
  readonly me: string;
}

/** Whether a message goes on with the group of the one before. */
function continues(before: MessageView, message: MessageView): boolean {
  return (
    before.from.id === message.from.id &&
    before.from.name === message.from.name &&
    message.reply_to === undefined &&
    message.at - before.at <= GROUP_MS &&
    startOfDay(before.at) === startOfDay(message.at)
  );
}

/** Items for what came in, taking over those of `previous` that stayed the same. */
export function timeline(input: TimelineInput, previous: readonly TimelineItem[] = []): readonly TimelineItem[] {
  const known = new Map(previous.map((item) => [item.key, item]));
  const items: TimelineItem[] = [];
  if (input.complete) items.push({ kind: "start", key: "start" });
  const marked = firstUnread(input);
  let before: MessageView | undefined;
  for (const message of input.messages) {
    const sameDay = before !== undefined && startOfDayCached(before.at) === startOfDayCached(message.at);
    if (!sameDay)
      items.push({ kind: "day", key: `day-${startOfDayCached(message.at)}`, at: startOfDayCached(message.at) });
    const begins = message.seq === marked;
    if (begins) items.push({ kind: "unread", key: "unread" });
    const head = begins || before === undefined || !continues(before, message);
    items.push(kept(known, { kind: "message", key: `m${message.seq}`, message, head }));
    before = message;
  }
  pushPending(items, input, before);
  return items;
}

function kept(
  known: ReadonlyMap<string, TimelineItem>,
  item: Extract<TimelineItem, { kind: "message" }>,
): TimelineItem {
  const old = known.get(item.key);
  return old?.kind === "message" && old.message === item.message && old.head === item.head ? old : item;
}

function pushPending(items: TimelineItem[], input: TimelineInput, before: MessageView | undefined): void {
  let head = before?.from.id !== input.me;
  for (const pending of input.pending) {
    items.push({ kind: "pending", key: `p${pending.cid}`, pending, head: head || pending.replyTo !== undefined });
    head = false;
  }
}

/** The seq of the first message that the reader has not seen: one's own are not unread. Null where there is none. */
function firstUnread({ messages, readSeq, me }: TimelineInput): number | null {
  if (readSeq === null) return null;
  // From the end: what is unread is what came last.
  let found: number | null = null;
  for (let index = messages.length - 1; index >= 0; index -= 1) {
    const message = messages[index];
    if (message === undefined || message.seq <= readSeq) break;
    if (message.from.id !== me) found = message.seq;
  }
  return found;
}

let cachedFrom = 0;
let cachedTo = 0;

/** Days come in order: the one before is nearly always right, and a Date costs more than all else here. */
function startOfDayCached(at: number): number {
  if (at >= cachedFrom && at < cachedTo) return cachedFrom;
  cachedFrom = startOfDay(at);
  // A day of a change of clocks has 23 or 25 hours.
  const next = new Date(cachedFrom);
  cachedTo = next.setDate(next.getDate() + 1);
  return cachedFrom;
}
