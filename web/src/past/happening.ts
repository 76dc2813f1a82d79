/// A replayed record, parsed once: what happened, and the fold's word on it. Pure. A type that this page doesn't know, or
/// a body that isn't of its type, is "other": it has a seq and a time, and changes nothing that is shown.

import type { ReplayedEvent, Role } from "@roomlog/client";

/** What an event says of a message. `seq` is the message's that it is about. */
export type Said =
  | { readonly type: "message_sent"; readonly text: string; readonly replyTo: number | null }
  | { readonly type: "message_edited"; readonly seq: number; readonly text: string }
  | { readonly type: "message_deleted"; readonly seq: number }
  | { readonly type: "reaction_added" | "reaction_removed"; readonly seq: number; readonly emoji: string };

/** What it says of the room and its people. `user` is whom it is about; until null is for ever. */
export type Done =
  | { readonly type: "room_created"; readonly name: string; readonly topic: string }
  | { readonly type: "room_updated"; readonly name: string | null; readonly topic: string | null }
  | { readonly type: "room_deleted" | "member_joined" | "member_left" }
  | { readonly type: "member_invited" | "member_unbanned" | "member_unmuted"; readonly user: string }
  | { readonly type: "member_removed"; readonly user: string; readonly ban: boolean; readonly until: number | null }
  | { readonly type: "member_muted"; readonly user: string; readonly until: number | null }
  | { readonly type: "role_changed"; readonly user: string; readonly role: Role }
  | { readonly type: "other" };

export type What = Said | Done;

const SAID: ReadonlySet<string> = new Set<Said["type"]>([
  "message_sent",
  "message_edited",
  "message_deleted",
  "reaction_added",
  "reaction_removed",
]);

/** Whether it is about a message. */
export function isSaid(what: What): what is Said {
  return SAID.has(what.type);
}

/** A record of the room. */
export interface Happening {
  /** Of those that count. */
  readonly seq: number | null;
  readonly partition: number;
  readonly offset: number;
  /** When the log took it, milliseconds since 1970. */
  readonly at: number;
  readonly eventId: string;
  readonly from: { readonly id: string; readonly name: string } | null;
  readonly what: What;
  /** Why it does not count; null where it does. */
  readonly ignored: string | null;
  /** Why its text is not shown to us: `deleted`, `erased`, `ignored`; null where it is. */
  readonly withheld: string | null;
}

type Body = Record<string, unknown>;

const ROLES: readonly Role[] = ["owner", "moderator", "member"];

/** Parses a record. */
export function parseHappening(record: ReplayedEvent): Happening {
  const counts = record.verdict === "accepted";
  return {
    seq: counts ? (record.seq ?? null) : null,
    partition: record.pos.partition,
    offset: record.pos.offset,
    at: record.at,
    eventId: record.event_id ?? "",
    from: record.from ?? null,
    what: parseWhat(record.type ?? "", record.body ?? {}),
    ignored: counts ? null : (record.reason ?? record.verdict),
    withheld: record.withheld ?? null,
  };
}

const OTHER: What = { type: "other" };

function parseWhat(type: string, body: Body): What {
  switch (type) {
    case "room_created":
      return { type, name: text(body, "name") ?? "", topic: text(body, "topic") ?? "" };
    case "room_updated":
      return { type, name: text(body, "name"), topic: text(body, "topic") };
    case "room_deleted":
    case "member_joined":
    case "member_left":
      return { type };
    case "message_sent":
      return { type, text: text(body, "text") ?? "", replyTo: number(body, "reply_to") };
    case "message_edited":
    case "message_deleted":
    case "reaction_added":
    case "reaction_removed":
      return aboutMessage(type, body);
    default:
      return aboutPerson(type, body);
  }
}

function aboutMessage(
  type: "message_edited" | "message_deleted" | "reaction_added" | "reaction_removed",
  body: Body,
): What {
  const seq = number(body, "seq");
  if (seq === null) return OTHER;
  if (type === "message_deleted") return { type, seq };
  if (type === "message_edited") return { type, seq, text: text(body, "text") ?? "" };
  return { type, seq, emoji: text(body, "emoji") ?? "" };
}

function aboutPerson(type: string, body: Body): What {
  const user = text(body, "user");
  if (user === null) return OTHER;
  switch (type) {
    case "member_invited":
    case "member_unbanned":
    case "member_unmuted":
      return { type, user };
    case "member_removed":
      return { type, user, ban: text(body, "removal") === "ban", until: number(body, "until") };
    case "member_muted":
      return { type, user, until: number(body, "until") };
    case "role_changed": {
      const role = ROLES.find((one) => one === text(body, "role"));
      return role === undefined ? OTHER : { type, user, role };
    }
    default:
      return OTHER;
  }
}

function text(body: Body, field: string): string | null {
  const value = body[field];
  return typeof value === "string" ? value : null;
}

function number(body: Body, field: string): number | null {
  const value = body[field];
  return typeof value === "number" ? value : null;
}
