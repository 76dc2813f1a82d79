/// A list that is read page by page, as a view shows it: one question at a time, and an older one's answer is not taken.

import { explain } from "../lib/errors.js";
import { joined, type Page } from "../lib/paging.js";

export class Listing<T> {
  /** What an item is known by. */
  readonly keyOf: (item: T) => string;
  #page = $state.raw<Page<T> | null>(null);
  #busy = $state(false);
  #failure = $state<string | null>(null);
  #read: (after: string | null) => Promise<Page<T>>;
  #asked = 0;
  /** Where the page begins that was asked for last. */
  #after: string | null = null;

  constructor(keyOf: (item: T) => string, read: (after: string | null) => Promise<Page<T>>) {
    this.keyOf = keyOf;
    this.#read = read;
  }

  /** Null before the first answer. */
  get items(): readonly T[] | null {
    return this.#page?.items ?? null;
  }

  get hasMore(): boolean {
    return this.#page !== null && this.#page.next !== null;
  }

  get busy(): boolean {
    return this.#busy;
  }

  get failure(): string | null {
    return this.#failure;
  }

  /** Reads from the beginning, by another question if one is given. What is shown stays until the answer is there. */
  async load(read: (after: string | null) => Promise<Page<T>> = this.#read): Promise<void> {
    this.#read = read;
    await this.#ask(null);
  }

  /** Reads the next page. */
  async more(): Promise<void> {
    const next = this.#page?.next ?? null;
    if (next !== null && !this.#busy) await this.#ask(next);
  }

  /** Tries again what failed. */
  async again(): Promise<void> {
    await this.#ask(this.#after);
  }

  /** Puts an item in the place of what it was; takes it away where it is null. */
  put(key: string, item: T | null): void {
    const page = this.#page;
    if (page === null) return;
    const items = page.items.flatMap((one) => (this.keyOf(one) !== key ? [one] : item === null ? [] : [item]));
    this.#page = { ...page, items };
  }

  async #ask(after: string | null): Promise<void> {
    this.#asked += 1;
    const asked = this.#asked;
    this.#after = after;
    this.#busy = true;
    this.#failure = null;
    try {
      const page = await this.#read(after);
      if (asked !== this.#asked) return;
      this.#page = after === null || this.#page === null ? page : joined(this.#page, page, this.keyOf);
    } catch (error) {
      if (asked !== this.#asked) return;
      this.#failure = explain(error);
    }
    this.#busy = false;
  }
}
