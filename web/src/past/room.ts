/// A room as it stood at a position, and what an event makes of it: a value, so that an earlier one can be kept and shown again.
///
/// What must hold: folding forward shows what asking the server for the later position would show. Verdicts are the
/// server's: what is ignored moves the position and nothing else. Pure.

import type { EventBodies, EventContent, Kind, Past, Role } from "@roomlog/client";
import type { Happening } from "./happening.js";
import { applyToMessages, fromRecent, type PastMessage } from "./messages.js";

/** Somebody who was in the room, or banned or muted there; until null is for ever. */
export interface PastPerson {
  readonly id: string;
  readonly role: Role;
}
export interface Kept {
  readonly id: string;
  readonly until: number | null;
}

/** The room after one of its records. */
export interface PastRoom {
  readonly id: string;
  readonly kind: Kind;
  readonly name: string;
  readonly topic: string;
  readonly deleted: boolean;
  /** The last event that counted by then. */
  readonly seq: number;
  readonly partition: number;
  /** The record after which it stood so. */
  readonly offset: number;
  /** When that was appended. */
  readonly at: number;
  /** In an open room those with a role; at most the 1,000 that the server names, and who came since. */
  readonly members: readonly PastPerson[];
  readonly membersCount: number;
  readonly bans: readonly Kept[];
  readonly mutes: readonly Kept[];
  /** The latest, oldest first. */
  readonly messages: readonly PastMessage[];
}

/** As the server tells it. */
export function fromServer(past: Past): PastRoom {
  return {
    id: past.id,
    kind: past.kind,
    name: past.name,
    topic: past.topic,
    deleted: false,
    seq: past.seq,
    partition: past.position.partition,
    offset: past.position.offset,
    at: past.at,
    members: past.members.map(({ id, role }) => ({ id, role })),
    membersCount: past.members_count,
    bans: past.bans,
    mutes: past.mutes,
    messages: fromRecent(past.recent),
  };
}

/** After one more record. */
export function apply(room: PastRoom, happening: Happening): PastRoom {
  const here = { ...room, offset: happening.offset, at: happening.at };
  if (happening.seq === null) return here;
  const next = { ...here, seq: happening.seq, messages: applyToMessages(room.messages, happening) };
  return applyToPeople(next, happening.what, happening.from);
}

function applyToPeople(room: PastRoom, what: EventContent, from: Happening["from"]): PastRoom {
  switch (what.type) {
    case "room_created":
    case "room_updated":
      return { ...room, name: what.body.name ?? room.name, topic: what.body.topic ?? room.topic };
    case "room_deleted":
      return { ...room, deleted: true };
    case "member_joined":
      // An open room keeps no list of members: there, joining is an announcement.
      return from === null || room.kind === "open" ? room : withMember(room, { id: from.id, role: "member" });
    case "member_left":
      return from === null ? room : withoutMember(room, from.id);
    case "member_removed":
      return removed(room, what.body);
    case "member_unbanned":
      return { ...room, bans: room.bans.filter(({ id }) => id !== what.body.user) };
    case "member_muted":
      return { ...room, mutes: withKept(room.mutes, { id: what.body.user, until: what.body.until }) };
    case "member_unmuted":
      return { ...room, mutes: room.mutes.filter(({ id }) => id !== what.body.user) };
    case "role_changed":
      return withRole(room, what.body.user, what.body.role);
    default:
      return room;
  }
}

function removed(room: PastRoom, what: EventBodies["member_removed"]): PastRoom {
  const rest = withoutMember(room, what.user);
  return what.removal === "ban" ? { ...rest, bans: withKept(rest.bans, { id: what.user, until: what.until }) } : rest;
}

function withMember(room: PastRoom, person: PastPerson): PastRoom {
  const known = room.members.some(({ id }) => id === person.id);
  if (known) return room;
  return { ...room, members: [...room.members, person], membersCount: room.membersCount + 1 };
}

function withoutMember(room: PastRoom, user: string): PastRoom {
  const members = room.members.filter(({ id }) => id !== user);
  return members.length === room.members.length ? room : { ...room, members, membersCount: room.membersCount - 1 };
}

/** A new owner makes the old one a moderator. In an open room `member` is no role, and nobody is listed for it. */
function withRole(room: PastRoom, user: string, role: Role): PastRoom {
  if (room.kind === "open" && role === "member") return withoutMember(room, user);
  const stepped = room.members.map((one): PastPerson => {
    if (one.id === user) return { id: user, role };
    return role === "owner" && one.role === "owner" ? { id: one.id, role: "moderator" } : one;
  });
  return withMember({ ...room, members: stepped }, { id: user, role });
}

function withKept(list: readonly Kept[], one: Kept): readonly Kept[] {
  return [...list.filter(({ id }) => id !== one.id), one];
}
