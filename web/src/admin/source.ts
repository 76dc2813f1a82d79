/// What the admin page asks of the server, and does there. For admins alone: the server refuses everybody else.

import type { Account, Act, AnyRoom } from "@roomlog/client";
import { ask } from "../state/ask.js";
import { session } from "../state/session.svelte.js";
import { parseKept, type Kept } from "./door.js";
import type { Page } from "./paging.js";

/** Entries of a page. */
const LIMIT = 50;

/** A page of people; `prefix` is of their usernames. */
export async function readUsers(prefix: string, after: string | null): Promise<Page<Account>> {
  const { users, next } = await session.api.admin.users({
    limit: LIMIT,
    ...(prefix === "" ? {} : { prefix }),
    ...(after === null ? {} : { after }),
  });
  return { items: users, next: next ?? null };
}

/** Lets somebody sign in, or no more; then their sessions end at once. */
export async function setDisabled(user: string, disabled: boolean): Promise<void> {
  await (disabled ? session.api.admin.disable(user) : session.api.admin.enable(user));
}

/** A page of rooms of every kind. */
export async function readRooms(after: string | null): Promise<Page<AnyRoom>> {
  const answer = await session.api.admin.rooms({ limit: LIMIT, ...(after === null ? {} : { after }) });
  return { items: answer.rooms, next: answer.after };
}

export async function deleteRoom(room: string): Promise<void> {
  await session.api.admin.deleteRoom(room);
}

export type ListName = "members" | "bans" | "mutes";

/** A page of a room's people: who is in it, who is banned or muted there. */
export async function readPeople(room: string, list: ListName, after: string | null): Promise<Page<Kept>> {
  const query = { limit: LIMIT, ...(after === null ? {} : { after }) };
  return parseKept(list, await ask(`/v1/admin/rooms/${room}/${list}`, query));
}

/** A page of what admins did, the latest first. */
export async function readActs(after: string | null): Promise<Page<Act>> {
  const { acts, next } = await session.api.admin.audit({ limit: LIMIT, ...(after === null ? {} : { after }) });
  return { items: acts, next: next ?? null };
}
