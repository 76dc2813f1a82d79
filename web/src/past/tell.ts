/// Events in words, as one line of what happened. Pure; names come in.

import { exactTime } from "../lib/format.js";
import { isSaid, type Happening, type Said, type What } from "./happening.js";

/** What an id is called. */
export type NameOf = (id: string) => string;

/** What somebody did, after their name: "edits message 2: at seven?". */
export function tell(what: What, nameOf: NameOf): string {
  if (isSaid(what)) return toldMessage(what);
  switch (what.type) {
    case "room_created":
      return `creates the room ${what.name}`;
    case "room_updated":
      return toldChange(what);
    case "room_deleted":
      return "deletes the room";
    case "member_joined":
      return "joins";
    case "member_left":
      return "leaves";
    case "member_invited":
      return `invites ${nameOf(what.user)}`;
    case "member_unbanned":
      return `lifts the ban of ${nameOf(what.user)}`;
    case "member_unmuted":
      return `lets ${nameOf(what.user)} speak again`;
    case "member_removed":
      return what.ban ? `bans ${nameOf(what.user)} ${toldUntil(what.until)}` : `removes ${nameOf(what.user)}`;
    case "member_muted":
      return `mutes ${nameOf(what.user)} ${toldUntil(what.until)}`;
    case "role_changed":
      return `makes ${nameOf(what.user)} ${what.role === "owner" ? "the owner" : `a ${what.role}`}`;
    case "other":
      return "does something that this page does not know";
  }
}

function toldMessage(what: Said): string {
  switch (what.type) {
    case "message_sent":
      return what.replyTo === null ? `says: ${what.text}` : `answers message ${what.replyTo}: ${what.text}`;
    case "message_edited":
      return `edits message ${what.seq}: ${what.text}`;
    case "message_deleted":
      return `deletes message ${what.seq}`;
    case "reaction_added":
      return `reacts to message ${what.seq} with ${what.emoji}`;
    case "reaction_removed":
      return `takes ${what.emoji} back from message ${what.seq}`;
  }
}

function toldChange({ name, topic }: { readonly name: string | null; readonly topic: string | null }): string {
  const changes = [];
  if (name !== null) changes.push(`renames the room to ${name}`);
  if (topic !== null) changes.push(topic === "" ? "takes its topic away" : `sets its topic: ${topic}`);
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
