/// Messages that others quote and that are not loaded: asked for one by one, kept current while the room is shown: what is deleted is
/// not quoted any more. Bounded.

import { beginFold, foldOn, type Message, type RoomEvent } from "@roomlog/client";
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

  /** An event of the room. */
  heard(event: RoomEvent): void {
    if (event.type !== "message_edited" && event.type !== "message_deleted") return;
    const { seq } = event.body;
    const message = this.#kept.get(seq);
    if (message) this.#kept.set(seq, foldOn(beginFold(message), event).message);
  }
}
