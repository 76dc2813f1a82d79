/// Lists of a room's people, as admins see them, and acts in words. Parsed at the door; pure.

import type { Act } from "@roomlog/client";
import type { Page } from "./paging.js";

/** Somebody in a room's list. */
export interface Kept {
  readonly id: string;
  /** Null for whoever has no name that is known. */
  readonly name: string | null;
  /** Of members. */
  readonly role: string | null;
  /** Of bans and mutes: when it ends, milliseconds since 1970; null for ever. */
  readonly until: number | null;
}

/** A page of one of the lists; it has the list's name in the answer. */
export function parseKept(list: string, value: unknown): Page<Kept> {
  const answer = fieldsOf(value);
  const items = answer.get(list);
  if (!Array.isArray(items)) throw new Error(`The server's answer can't be read: its ${list} is no list.`);
  const after = answer.get("after");
  return { items: items.map(parseOne), next: typeof after === "string" ? after : null };
}

function parseOne(value: unknown): Kept {
  const fields = fieldsOf(value);
  const id = text(fields.get("id"));
  if (id === null) throw new Error("The server's answer can't be read: somebody has no id.");
  const until = fields.get("until");
  return {
    id,
    name: text(fields.get("display_name")) ?? text(fields.get("username")),
    role: text(fields.get("role")),
    until: typeof until === "number" ? until : null,
  };
}

function fieldsOf(value: unknown): ReadonlyMap<string, unknown> {
  return new Map(typeof value === "object" && value !== null ? Object.entries(value) : []);
}

function text(value: unknown): string | null {
  return typeof value === "string" ? value : null;
}

/** Who acts without an account: the command line. */
const NOBODY = "00000000-0000-0000-0000-000000000000";

/** Who did it, where that needs no name. */
export function isCommandLine({ actor_id }: Act): boolean {
  return actor_id === NOBODY;
}

/** What was done, in words: `user.disable` is "user: disable". */
export function toldAction(action: string): string {
  const [subject, ...rest] = action.split(".");
  return rest.length === 0 ? action : `${subject ?? ""}: ${rest.join(" ").replaceAll("_", " ")}`;
}

/** What else is to be known of it, as "name value" pairs. */
export function toldDetail({ detail }: Act): string {
  return Object.entries(detail)
    .map(([name, value]) => `${name.replaceAll("_", " ")} ${typeof value === "string" ? value : JSON.stringify(value)}`)
    .join(", ");
}

/** The actions that are among some acts, in order, to choose from. */
export function actionsOf(acts: readonly Act[]): readonly string[] {
  return [...new Set(acts.map(({ action }) => action))].sort();
}

/** Whether what somebody typed is the name that they were asked to type; spaces around it do not count. */
export function isTyped(typed: string, name: string): boolean {
  return typed.trim().normalize("NFC") === name.trim().normalize("NFC");
}
