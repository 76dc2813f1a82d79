/// Links that this browser has checked before, so that a later check can begin there. Bounded, and of one life of the log:
/// with another epoch they mean nothing. Pure, but for `load` and `save`.

import type { Link } from "./chain.js";

/** Rooms remembered; the one checked longest ago goes first. */
const MOST_ROOMS = 50;
/** Links of one room. */
const MOST_LINKS = 8;
const KEY = "roomlog.verified";

/** What is remembered of a room. */
export interface Verified {
  readonly room: string;
  readonly epoch: string;
  /** In order of seq. */
  readonly links: readonly Link[];
}

/** The furthest link before `seq`, if one is known in this life of the log. */
export function nearest(all: readonly Verified[], room: string, epoch: string, seq: number): Link | null {
  const links = all.find((one) => one.room === room && one.epoch === epoch)?.links ?? [];
  return links.findLast((link) => link.seq < seq) ?? null;
}

/** With one more link; of a room with too many, the one goes that leaves the smallest gap. */
export function remember(all: readonly Verified[], room: string, epoch: string, link: Link): readonly Verified[] {
  const known = all.find((one) => one.room === room && one.epoch === epoch)?.links ?? [];
  const links = [...known.filter(({ seq }) => seq !== link.seq), link].sort((one, other) => one.seq - other.seq);
  const kept = links.length > MOST_LINKS ? links.toSpliced(leastMissed(links), 1) : links;
  return [...all.filter((one) => one.room !== room), { room, epoch, links: kept }].slice(-MOST_ROOMS);
}

/** Without what is known of a room: something there is not as it was. */
export function forget(all: readonly Verified[], room: string): readonly Verified[] {
  return all.filter((one) => one.room !== room);
}

function leastMissed(links: readonly Link[]): number {
  let least = 0;
  let smallest = Infinity;
  for (const [index, link] of links.entries()) {
    if (index === links.length - 1) break;
    const gap = link.seq - (links[index - 1]?.seq ?? 0);
    if (gap < smallest) [least, smallest] = [index, gap];
  }
  return least;
}

/** Reads what was kept; anything else than that is taken as nothing. */
export function parseVerified(text: string | null): readonly Verified[] {
  if (text === null) return [];
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return [];
  }
  return Array.isArray(value) && value.every(isVerified) ? value : [];
}

function isVerified(value: unknown): value is Verified {
  if (typeof value !== "object" || value === null) return false;
  if (!("room" in value && "epoch" in value && "links" in value)) return false;
  const { room, epoch, links } = value;
  return typeof room === "string" && typeof epoch === "string" && Array.isArray(links) && links.every(isLink);
}

function isLink(value: unknown): value is Link {
  if (typeof value !== "object" || value === null) return false;
  if (!("seq" in value && "digest" in value && "trusted" in value)) return false;
  const { seq, digest, trusted } = value;
  return (
    Number.isSafeInteger(seq) &&
    Number.isSafeInteger(trusted) &&
    typeof digest === "string" &&
    /^[0-9a-f]{32}$/.test(digest)
  );
}

/** What this browser has kept. */
export function load(): readonly Verified[] {
  try {
    return parseVerified(localStorage.getItem(KEY));
  } catch {
    return [];
  }
}

/** Keeps it, where there is storage with room in it; else the next check begins at the room's beginning. */
export function save(all: readonly Verified[]): void {
  try {
    localStorage.setItem(KEY, JSON.stringify(all));
  } catch {
    // Nothing is lost that could not be computed again.
  }
}
