/// Whether a message is worth a desktop notification, and what it says. Pure.

import type { RoomEvent } from "@roomlog/client";
import { plainText } from "./markdown.js";
import type { Entry } from "./unread.js";

export interface Notice {
  readonly title: string;
  readonly body: string;
  /** The same for all tabs: so that it is shown once. */
  readonly tag: string;
  readonly seq: number;
}

/** Characters shown of a message. */
const SHOWN = 180;

/** What to show of an event; null for nothing. `watched`: the reader is looking at that room. */
export function noticeOf(event: RoomEvent, entry: Entry, me: string, watched: boolean): Notice | null {
  if (event.type !== "message_sent" || event.from.id === me || watched) return null;
  const named = event.body.mentions?.includes(me) === true;
  if (!named && entry.kind !== "direct") return null;
  const text = Array.from(plainText(event.body.text));
  return {
    title: entry.kind === "direct" ? event.from.name : `${event.from.name} in ${entry.name}`,
    body: text.length > SHOWN ? `${text.slice(0, SHOWN).join("")}…` : text.join(""),
    tag: `${event.room}:${event.seq}`,
    seq: event.seq,
  };
}
