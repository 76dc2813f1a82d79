/// What admins did in words, and what they must say themselves before they do it. Pure.

import type { Act, Action } from "@roomlog/client";

/** Who acts without an account: the command line. */
const NOBODY = "00000000-0000-0000-0000-000000000000";

/** Who did it, where that needs no name. */
export function isCommandLine({ actor_id }: Act): boolean {
  return actor_id === NOBODY;
}

/** What the server's admins can do, in words. */
const TOLD: ReadonlyMap<string, string> = new Map([
  ["admin.create", "Made an admin"],
  ["log.tail", "Watched the log"],
  ["room.delete", "Deleted a room"],
  ["user.disable", "Disabled an account"],
  ["user.enable", "Enabled an account"],
]);

/** What was done, in words; of what there are none for, its name: `user.rename` is "user: rename". */
export function toldAction(action: string): string {
  const told = TOLD.get(action);
  if (told !== undefined) return told;
  const [subject, ...rest] = action.split(".");
  return rest.length === 0 ? action : `${subject ?? ""}: ${rest.join(" ").replaceAll("_", " ")}`;
}

/** What else is to be known of it, as "name value" pairs; what was left open is not said. */
export function toldDetail({ detail }: Act): string {
  return Object.entries(detail)
    .filter(([, value]) => value !== null)
    .map(([name, value]) => `${name.replaceAll("_", " ")} ${typeof value === "string" ? value : JSON.stringify(value)}`)
    .join(", ");
}

/** All that admins do, to choose from. */
export const ACTIONS: readonly Action[] = ["admin.create", "log.tail", "room.delete", "user.disable", "user.enable"];

/** The beginning of a day as a date field has it, `2026-11-27`, or of one so many days later, milliseconds; null for no day. */
export function dayStart(date: string, daysLater = 0): number | null {
  const [, year, month, day] = /^(\d{4,6})-(\d{2})-(\d{2})$/.exec(date)?.map(Number) ?? [];
  if (year === undefined || month === undefined || day === undefined) return null;
  const start = new Date(year, month - 1, day + daysLater).getTime();
  return Number.isNaN(start) ? null : Math.max(0, start);
}

/** Whether what somebody typed is the name that they were asked to type; spaces around it do not count. */
export function isTyped(typed: string, name: string): boolean {
  return typed.trim().normalize("NFC") === name.trim().normalize("NFC");
}
