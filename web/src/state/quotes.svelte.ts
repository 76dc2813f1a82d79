/// Messages that others quote and that are not loaded: asked for one by one, kept while the room is shown. Bounded.

import type { Message } from "@roomlog/client";
import { SvelteMap } from "svelte/reactivity";
import { session } from "./session.svelte.js";

/** Messages kept. */
const MOST = 500;

export class Quotes {
  readonly #room: string;
  readonly #kept = new SvelteMap<number, Message | null>();
  readonly #asked = new Set<number>();

  constructor(room: string) {
    this.#room = room;
  }

  /** The message; undefined while it isn't here, null where it can't be had. Asking for it is `need`'s. */
  get(seq: number): Message | null | undefined {
    return this.#kept.get(seq);
  }

  /** Asks for a message, once. */
  need(seq: number): void {
    if (this.#asked.has(seq) || this.#asked.size >= MOST) return;
    this.#asked.add(seq);
    session.api.messages.one(this.#room, seq).then(
      (message) => this.#kept.set(seq, message),
      () => this.#kept.set(seq, null),
    );
  }
}
