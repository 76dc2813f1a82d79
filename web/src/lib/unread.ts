/// One's rooms as a list: what each event changes of a room's row, and what the window's title says. Pure.

import type { Kind, Message, MyRoom, Role, RoomEvent } from "@roomlog/client";

/** A room of one's own. */
export interface Entry {
  readonly id: string;
  readonly kind: Kind;
  /** What it is called; a direct room by the other one's name, once that is known. */
  readonly name: string;
  readonly topic: string;
  readonly role: Role;
  readonly peer: string | null;
  readonly head: number;
  readonly last: { readonly seq: number; readonly from: string; readonly at: number; readonly text: string } | null;
  readonly readSeq: number;
  readonly unread: number;
  readonly mentions: number;
}

/** A row from the server's listing. */
export function entryOf(room: MyRoom, peerName: string | undefined): Entry {
  return {
    id: room.id,
    kind: room.kind,
    name: room.kind === "direct" ? (peerName ?? "Direct message") : room.name,
    topic: room.topic,
    role: room.role,
    peer: room.peer ?? null,
    head: room.head,
    last: room.last ? lastOf(room.last) : null,
    readSeq: room.read_seq,
    unread: room.unread,
    mentions: room.mentions,
  };
}

function lastOf(message: Message): NonNullable<Entry["last"]> {
  return {
    seq: message.seq,
    from: message.from.name,
    at: message.at,
    text: message.deleted === true ? "" : message.text,
  };
}

/** A row after an event of its room, which `me` sees; the row itself where nothing changed. */
export function afterEvent(entry: Entry, event: RoomEvent, me: string): Entry {
  if (event.seq <= entry.head) return entry;
  const next = { ...entry, head: event.seq };
  switch (event.type) {
    case "message_sent": {
      const last = { seq: event.seq, from: event.from.name, at: event.at, text: event.body.text };
      if (event.from.id === me) return { ...next, last };
      const named = event.body.mentions?.includes(me) === true ? 1 : 0;
      return { ...next, last, unread: entry.unread + 1, mentions: Math.min(100, entry.mentions + named) };
    }
    case "message_edited":
      return entry.last?.seq === event.body.seq ? { ...next, last: { ...entry.last, text: event.body.text } } : next;
    case "message_deleted":
      return entry.last?.seq === event.body.seq ? { ...next, last: { ...entry.last, text: "" } } : next;
    case "room_updated":
      return {
        ...next,
        name: entry.kind === "direct" ? entry.name : (event.body.name ?? entry.name),
        topic: event.body.topic ?? entry.topic,
      };
    case "role_changed":
      return event.body.user === me ? { ...next, role: event.body.role } : next;
    default:
      return next;
  }
}

/** A row after one's own marker moved. Below the head it can't be told how much is left: the listing says it anew. */
export function afterRead(entry: Entry, seq: number): Entry {
  if (seq <= entry.readSeq) return entry;
  const all = seq >= (entry.last?.seq ?? 0);
  return { ...entry, readSeq: seq, unread: all ? 0 : entry.unread, mentions: all ? 0 : entry.mentions };
}

/** Rooms by name; direct rooms by what was said last, newest first. */
export function sorted(entries: readonly Entry[]): {
  readonly rooms: readonly Entry[];
  readonly direct: readonly Entry[];
} {
  const rooms = entries.filter((entry) => entry.kind !== "direct");
  const direct = entries.filter((entry) => entry.kind === "direct");
  return {
    rooms: rooms.sort((a, b) => a.name.localeCompare(b.name) || a.id.localeCompare(b.id)),
    direct: direct.sort((a, b) => (b.last?.at ?? 0) - (a.last?.at ?? 0) || a.name.localeCompare(b.name)),
  };
}

/** What wants an answer: mentions, and all that is said to one alone. */
export function wanting(entries: readonly Entry[]): number {
  return entries.reduce((sum, entry) => sum + (entry.kind === "direct" ? entry.unread : entry.mentions), 0);
}

/** The window's title: how much wants an answer, or a dot where something was said at all. */
export function windowTitle(entries: readonly Entry[], place: string | null): string {
  const count = wanting(entries);
  const sign = count > 0 ? `(${count > 99 ? "99+" : count}) ` : entries.some((entry) => entry.unread > 0) ? "• " : "";
  return `${sign}${place === null ? "" : `${place} · `}Roomlog`;
}

/** The room above (-1) or below (1) in the order shown, round and round; null where there is none. */
export function neighbour(order: readonly Entry[], current: string | null, step: -1 | 1): Entry | null {
  if (order.length === 0) return null;
  const index = order.findIndex((entry) => entry.id === current);
  if (index < 0) return order[step === 1 ? 0 : order.length - 1] ?? null;
  return order[(index + step + order.length) % order.length] ?? null;
}
