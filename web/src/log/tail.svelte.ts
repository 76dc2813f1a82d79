/// The live end of the log, as it comes from the client.
///
/// What must hold: records that come in one frame are shown together; nothing grows with the log.

import type { LogRecord, TailState } from "@roomlog/client";
import { explain } from "../lib/errors.js";
import { tail, type Filter } from "./source.js";
import { came, hold, MOST_RECORDS, NOTHING, passedOver, release, type Tailing } from "./tailing.js";

/** `broken`: it is opened again by itself; `over`: it is not. */
export type Flow = "opening" | "open" | "broken" | "over";

export class Tail {
  #tailing = $state.raw<Tailing>(NOTHING);
  #flow = $state<Flow>("opening");
  #failure = $state<string | null>(null);
  #ending: AbortController | null = null;
  #frame: number | null = null;
  #came: LogRecord[] = [];

  get tailing(): Tailing {
    return this.#tailing;
  }

  get flow(): Flow {
    return this.#flow;
  }

  /** Why it broke, where that is known. */
  get failure(): string | null {
    return this.#failure;
  }

  /** Shows the records of a filter, from the latest on. */
  open(filter: Filter): void {
    this.close();
    this.#tailing = { ...NOTHING, held: this.#tailing.held };
    this.#flow = "opening";
    this.#failure = null;
    this.#ending = new AbortController();
    void this.#read(filter, this.#ending.signal);
  }

  toggle(): void {
    this.#tailing = this.#tailing.held ? release(this.#tailing) : hold(this.#tailing);
  }

  close(): void {
    this.#ending?.abort();
    this.#ending = null;
    if (this.#frame !== null) cancelAnimationFrame(this.#frame);
    this.#frame = null;
    this.#came = [];
  }

  async #read(filter: Filter, signal: AbortSignal): Promise<void> {
    try {
      for await (const one of tail(filter, signal, (state) => this.#stands(state, signal))) {
        if (signal.aborted) return;
        if ("passed_over" in one) this.#tailing = passedOver(this.#tailing, one.passed_over);
        else this.#heard(one);
      }
    } catch (error) {
      if (signal.aborted) return;
      this.#flow = "over";
      this.#failure = explain(error);
    }
  }

  #stands(state: TailState, signal: AbortSignal): void {
    if (signal.aborted) return;
    this.#flow = state.kind;
    this.#failure = state.kind === "broken" ? explain(state.error) : null;
  }

  #heard(record: LogRecord): void {
    this.#came.push(record);
    if (this.#came.length >= MOST_RECORDS) this.#show();
    else this.#frame ??= requestAnimationFrame(() => this.#show());
  }

  #show(): void {
    if (this.#frame !== null) cancelAnimationFrame(this.#frame);
    this.#frame = null;
    this.#tailing = came(this.#tailing, this.#came);
    this.#came = [];
  }
}
