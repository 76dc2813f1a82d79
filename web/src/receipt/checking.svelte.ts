/// A check of a receipt under way, as a dialog shows it: from where, how far, what came of it. One at a time.

import { explain } from "../lib/errors.js";
import { firstLink } from "./chain.js";
import { loadHash, readChain } from "./source.js";
import { forget, load, nearest, remember, save } from "./verified.js";
import { verify, type Outcome } from "./verify.js";

/** The event whose digest is to be checked. */
export interface Subject {
  readonly room: string;
  readonly epoch: string;
  readonly seq: number;
}

export type Stage =
  | { readonly kind: "idle" }
  | { readonly kind: "running"; readonly from: number; readonly seq: number }
  | { readonly kind: "done"; readonly outcome: Outcome };

export class Checking {
  readonly #subject: Subject;
  #abort: AbortController | null = null;
  #stage = $state.raw<Stage>({ kind: "idle" });
  #known = $state.raw<number | null>(null);

  constructor(subject: Subject) {
    this.#subject = subject;
    this.#known = nearest(load(), subject.room, subject.epoch, subject.seq)?.seq ?? null;
  }

  get stage(): Stage {
    return this.#stage;
  }

  /** The last event before this one whose digest this browser has checked; null where there is none. */
  get known(): number | null {
    return this.#known;
  }

  /** Checks, from the nearest digest that was checked before, or from the room's beginning. */
  async start(whole: boolean): Promise<void> {
    this.cancel();
    const abort = new AbortController();
    this.#abort = abort;
    this.#stage = { kind: "running", from: 0, seq: 0 };
    const outcome = await this.#check(whole, abort.signal);
    if (this.#abort !== abort) return;
    this.#abort = null;
    this.#keep(outcome);
    this.#stage = { kind: "done", outcome };
  }

  /** Ends what is under way, at once for whoever looks; the stream ends with its next record. */
  cancel(): void {
    if (this.#abort === null) return;
    this.#abort.abort();
    this.#abort = null;
    this.#stage = { kind: "done", outcome: { kind: "cancelled" } };
  }

  async #check(whole: boolean, signal: AbortSignal): Promise<Outcome> {
    const { room, epoch, seq } = this.#subject;
    let hash;
    try {
      hash = await loadHash();
    } catch (error) {
      return { kind: "unchecked", why: `The code that computes digests could not be loaded. ${explain(error)}` };
    }
    const known = whole ? null : nearest(load(), room, epoch, seq);
    const from = known ?? firstLink(hash, room);
    this.#stage = { kind: "running", from: from.seq, seq: from.seq };
    return verify({
      records: readChain(room, from.seq, seq),
      from,
      to: seq,
      hash,
      signal,
      onprogress: (at) => {
        if (!signal.aborted) this.#stage = { kind: "running", from: from.seq, seq: at };
      },
      now: () => performance.now(),
      pause: () => new Promise((resolve) => setTimeout(resolve)),
      explain,
    });
  }

  #keep(outcome: Outcome): void {
    const { room, epoch, seq } = this.#subject;
    if (outcome.kind === "holds") save(remember(load(), room, epoch, outcome.link));
    else if (outcome.kind === "differs") save(forget(load(), room));
    else return;
    this.#known = nearest(load(), room, epoch, seq)?.seq ?? null;
  }
}
