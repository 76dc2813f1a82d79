/// Events in words, as one line of what happened. Pure; names come in.

import type { EventBodies, EventContent } from "@roomlog/client";
import { exactTime } from "../lib/format.js";
import type { Happening } from "./happening.js";

/** What events of these types say. */
type Of<Type extends string> = Extract<EventContent, { readonly type: Type }>;

/** What an id is called. */
export type NameOf = (id: string) => string;

/** What somebody did, after their name: "edits message 2: at seven?". */
export function tell(what: EventContent, nameOf: NameOf): string {
  switch (what.type) {
    case "message_sent":
    case "message_edited":
    case "message_deleted":
    case "reaction_added":
    case "reaction_removed":
      return toldMessage(what);
    case "room_created":
      return `creates the room ${what.body.name}`;
    case "room_updated":
      return toldChange(what.body);
    case "room_deleted":
      return "deletes the room";
    case "member_joined":
      return "joins";
    case "member_left":
      return "leaves";
    case "unknown":
      return "does something that this page does not know";
    default:
      return toldOfPerson(what, nameOf(what.body.user));
  }
}

function toldMessage(what: Of<`message_${string}` | `reaction_${string}`>): string {
  switch (what.type) {
    case "message_sent": {
      const { text, reply_to: answered } = what.body;
      return answered === undefined ? `says: ${text}` : `answers message ${answered}: ${text}`;
    }
    case "message_edited":
      return `edits message ${what.body.seq}: ${what.body.text}`;
    case "message_deleted":
      return `deletes message ${what.body.seq}`;
    case "reaction_added":
      return `reacts to message ${what.body.seq} with ${what.body.emoji}`;
    case "reaction_removed":
      return `takes ${what.body.emoji} back from message ${what.body.seq}`;
  }
}

function toldOfPerson(
  what: Exclude<Of<`member_${string}` | "role_changed">, Of<"member_joined" | "member_left">>,
  name: string,
): string {
  switch (what.type) {
    case "member_invited":
      return `invites ${name}`;
    case "member_unbanned":
      return `lifts the ban of ${name}`;
    case "member_unmuted":
      return `lets ${name} speak again`;
    case "member_removed":
      return what.body.removal === "ban" ? `bans ${name} ${toldUntil(what.body.until)}` : `removes ${name}`;
    case "member_muted":
      return `mutes ${name} ${toldUntil(what.body.until)}`;
    case "role_changed":
      return `makes ${name} ${what.body.role === "owner" ? "the owner" : `a ${what.body.role}`}`;
  }
}

function toldChange({ name, topic }: EventBodies["room_updated"]): string {
  const changes = [];
  if (name !== undefined) changes.push(`renames the room to ${name}`);
  if (topic !== undefined) changes.push(topic === "" ? "takes its topic away" : `sets its topic: ${topic}`);
  return changes.length === 0 ? "raises the room's rules" : changes.join(" and ");
}

function toldUntil(until: number | null): string {
  return until === null ? "for ever" : `until ${exactTime(until)}`;
}

const REASONS: Readonly<Record<string, string>> = {
  banned: "they were banned",
  muted: "they were muted",
  not_a_member: "they were not in the room",
  duplicate: "it was sent twice",
  expired: "it was sent again too late",
  forbidden: "they had no right to",
  not_found: "there was no such thing",
  room_deleted: "the room was deleted",
  conflict: "it did not fit how the room stood",
};

/** Why it did not count; null where it did. */
export function toldIgnored({ ignored }: Happening): string | null {
  if (ignored === null) return null;
  return `did not count: ${REASONS[ignored] ?? ignored.replaceAll("_", " ")}`;
}

/** Why its text is not there; null where it is. */
export function toldWithheld({ withheld }: Happening): string | null {
  switch (withheld) {
    case null:
      return null;
    case "deleted":
      return "deleted since then, so the text is not shown";
    case "erased":
      return "its author was erased, so the text is not shown";
    default:
      return "it was never part of the room, so the text is not shown";
  }
}
