/// What the admin page asks of the server, and does there. For admins alone: the server refuses everybody else.

import type { Account, Act, Action, AnyRoom, Barred, Member } from "@roomlog/client";
import { session } from "../state/session.svelte.js";
import type { Page } from "../lib/paging.js";

/** Entries of a page. */
const LIMIT = 50;

function paging(after: string | null): { limit: number; after?: string } {
  return after === null ? { limit: LIMIT } : { limit: LIMIT, after };
}

/** A page of people; `prefix` is of their usernames. */
export async function readUsers(prefix: string, after: string | null): Promise<Page<Account>> {
  const { users, next } = await session.api.admin.users({
    ...paging(after),
    ...(prefix === "" ? {} : { prefix }),
  });
  return { items: users, next: next ?? null };
}

/** Lets somebody sign in, or no more; then their sessions end at once. */
export async function setDisabled(user: string, disabled: boolean): Promise<void> {
  await (disabled ? session.api.admin.disable(user) : session.api.admin.enable(user));
}

/** A page of rooms of every kind. */
export async function readRooms(after: string | null): Promise<Page<AnyRoom>> {
  const answer = await session.api.admin.rooms(paging(after));
  return { items: answer.rooms, next: answer.after };
}

export async function deleteRoom(room: string): Promise<void> {
  await session.api.admin.deleteRoom(room);
}

/** Somebody in a room, or banned or muted there. */
export type Somebody = Member | Barred;

export type ListName = "members" | "bans" | "mutes";

/** A page of a room's people: who is in it, who is banned or muted there. */
export async function readPeople(room: string, list: ListName, after: string | null): Promise<Page<Somebody>> {
  const { admin } = session.api;
  switch (list) {
    case "members": {
      const { members, after: next } = await admin.members(room, paging(after));
      return { items: members, next };
    }
    case "bans": {
      const { bans, after: next } = await admin.bans(room, paging(after));
      return { items: bans, next };
    }
    case "mutes": {
      const { mutes, after: next } = await admin.mutes(room, paging(after));
      return { items: mutes, next };
    }
  }
}

/** Which acts: what is empty or null does not matter. */
export interface WantedActs {
  /** The username of who did it. */
  readonly by: string;
  readonly action: Action | "";
  /** Milliseconds since 1970: then or later, and before then. */
  readonly since: number | null;
  readonly until: number | null;
}

/** A page of what admins did, the latest first. */
export async function readActs(wanted: WantedActs, after: string | null): Promise<Page<Act>> {
  const { by, action, since, until } = wanted;
  const actor = by === "" ? null : await idOf(by);
  if (actor === undefined) return { items: [], next: null };
  const { acts, next } = await session.api.admin.audit({
    ...paging(after),
    ...(actor === null ? {} : { actor }),
    ...(action === "" ? {} : { action }),
    ...(since === null ? {} : { since }),
    ...(until === null ? {} : { until }),
  });
  return { items: acts, next: next ?? null };
}

/** Who has a username, disabled or not; undefined: nobody. */
async function idOf(username: string): Promise<string | undefined> {
  // In order of username: whoever has exactly this one comes first.
  const { users } = await session.api.admin.users({ prefix: username, limit: 1 });
  return users.find((user) => user.username === username)?.id;
}
