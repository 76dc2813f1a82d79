/// What comes after a position, read a part at a time and kept ready: events that wait to be shown.
///
/// What must hold: in the log's order, none left out, none twice; never more than `MOST_WAITING` are read ahead. It knows
/// how to read by what it is given, and nothing of players or rooms.

import type { Happening } from "./happening.js";
import type { Next } from "./player.js";

/** Reads the room's records from an offset on, up to the event `toSeq`; null: to the log's end. */
export type Read = (fromOffset: number, toSeq: number | null, signal: AbortSignal) => AsyncIterable<Happening>;

/** Events asked for at once. */
export const PART_EVENTS = 512;
/** It reads on when fewer than these wait. */
const FEW = 512;
/** Records read ahead at most. */
export const MOST_WAITING = 1_024;

export class Feed {
  readonly #read: Read;
  readonly #onchange: () => void;
  #abort: AbortController | null = null;
  #waiting: Happening[] = [];
  #offset = 0;
  #seq = 0;
  #head = 0;
  #ended = true;
  #failure: unknown = null;

  /** `onchange` is told when something came, ended or failed. */
  constructor(read: Read, onchange: () => void) {
    this.#read = read;
    this.#onchange = onchange;
  }

  /** Those that wait, the next one first. */
  get waiting(): readonly Happening[] {
    return this.#waiting;
  }

  /** Why it can't read on; null where it can. `retry` tries again. */
  get failure(): unknown {
    return this.#failure;
  }

  get next(): Next {
    const first = this.#waiting[0];
    if (first !== undefined) return { kind: "event", at: first.at };
    return this.#ended ? { kind: "end" } : { kind: "waiting" };
  }

  /** Begins anew after a position; `head` is the room's last event as far as one knows. */
  restart(after: { readonly offset: number; readonly seq: number }, head: number): void {
    this.close();
    this.#waiting = [];
    this.#offset = after.offset + 1;
    this.#seq = after.seq;
    this.#head = head;
    this.#ended = false;
    this.#failure = null;
    this.#fill();
  }

  /** Takes the next ones, and reads on if few are left. */
  take(count: number): readonly Happening[] {
    const taken = this.#waiting.splice(0, count);
    this.#fill();
    return taken;
  }

  /** Gives back what was taken last. */
  putBack(happening: Happening): void {
    this.#waiting.unshift(happening);
  }

  /** Asks whether the log has more by now, or reads on after a failure. */
  retry(): void {
    this.#failure = null;
    this.#ended = false;
    this.#fill();
  }

  /** Stops reading. */
  close(): void {
    this.#abort?.abort();
    this.#abort = null;
  }

  #fill(): void {
    if (this.#abort !== null || this.#ended || this.#failure !== null || this.#waiting.length >= FEW) return;
    const abort = new AbortController();
    this.#abort = abort;
    void this.#readPart(abort);
  }

  async #readPart(abort: AbortController): Promise<void> {
    const to = this.#seq + PART_EVENTS;
    const last = to >= this.#head;
    try {
      const whole = await this.#take(this.#read(this.#offset, last ? null : to, abort.signal), abort.signal);
      if (abort.signal.aborted) return;
      this.#ended = last && whole;
    } catch (error) {
      if (abort.signal.aborted) return;
      this.#failure = error;
    }
    this.#abort = null;
    this.#onchange();
    this.#fill();
  }

  /** Whether it came to its end before too many waited. */
  async #take(records: AsyncIterable<Happening>, signal: AbortSignal): Promise<boolean> {
    for await (const happening of records) {
      if (signal.aborted) return false;
      const first = this.#waiting.length === 0;
      this.#waiting.push(happening);
      this.#offset = happening.offset + 1;
      this.#seq = happening.seq ?? this.#seq;
      if (first) this.#onchange();
      if (this.#waiting.length >= MOST_WAITING) return false;
    }
    return true;
  }
}
