/// What one said that is not in the log yet, kept by this tab, so that it stands there after a reload and is said again. It is forgotten
/// with the tab, and when one signs out here or elsewhere: what somebody wrote is not left to whoever comes next.
///
/// A tab that was duplicated has what the other had, and says it again too. That is safe: with the same cid the log takes it once,
/// and its event ends it in both.

import type { Outbox, Unsent } from "@roomlog/client";
import { type Kept, parseKept, withoutUnsent, withUnsent } from "../lib/unsent.js";

const KEY = "roomlog.unsent";

export class TabOutbox implements Outbox {
  readonly #user: string;
  #all: readonly Unsent[];
  #ended = false;

  /** Takes up what this person left; what somebody else left goes. */
  constructor(user: string) {
    this.#user = user;
    const kept = read();
    this.#all = kept?.user === user ? kept.unsent : [];
    if (kept?.user !== user) emptyOutbox();
  }

  all(): readonly Unsent[] {
    return this.#all;
  }

  keep(unsent: Unsent): void {
    this.#put(withUnsent(this.#all, unsent));
  }

  forget(cid: string): void {
    this.#put(withoutUnsent(this.#all, cid));
  }

  /** Its person has signed out: nothing of theirs stays, and nothing more is kept. */
  end(): void {
    this.#ended = true;
    this.#all = [];
    emptyOutbox();
  }

  #put(all: readonly Unsent[]): void {
    if (this.#ended || all === this.#all) return;
    this.#all = all;
    if (all.length === 0) emptyOutbox();
    else write({ user: this.#user, unsent: all });
  }
}

/** Forgets whatever anybody left in this tab. */
export function emptyOutbox(): void {
  try {
    sessionStorage.removeItem(KEY);
  } catch {
    // No storage: nothing was left.
  }
}

function read(): Kept | null {
  try {
    return parseKept(sessionStorage.getItem(KEY));
  } catch {
    return null;
  }
}

function write(kept: Kept): void {
  try {
    sessionStorage.setItem(KEY, JSON.stringify(kept));
  } catch {
    // No storage, or a full one: it lives as long as the page does.
  }
}
