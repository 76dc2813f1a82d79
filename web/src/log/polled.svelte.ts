/// An answer that is asked for again and again while somebody looks, with its age. It asks nothing while the page is hidden.
///
/// What must hold: one question at a time; a failure keeps the last answer, and says since when it is stale.

import { explain } from "../lib/errors.js";
import { POLL_MS, waitMs } from "./polling.js";

export class Polled<T> {
  readonly #ask: () => Promise<T>;
  readonly #pollMs: number;
  readonly #onanswer: (answer: T, at: number) => void;
  #value = $state.raw<T | null>(null);
  #at = $state<number | null>(null);
  #failure = $state.raw<string | null>(null);
  #failures = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #running: AbortController | null = null;

  /** `onanswer` hears each answer with our time. */
  constructor(
    ask: () => Promise<T>,
    pollMs: number = POLL_MS,
    onanswer: (answer: T, at: number) => void = () => undefined,
  ) {
    this.#ask = ask;
    this.#pollMs = pollMs;
    this.#onanswer = onanswer;
  }

  /** The last answer. */
  get value(): T | null {
    return this.#value;
  }

  /** When it came, our time. */
  get at(): number | null {
    return this.#at;
  }

  /** Why the last question failed; null where it did not. */
  get failure(): string | null {
    return this.#failure;
  }

  /** Asks until the answer is called. */
  start(): () => void {
    const listening = new AbortController();
    document.addEventListener("visibilitychange", () => this.again(), { signal: listening.signal });
    this.again();
    return () => {
      listening.abort();
      this.#stop();
    };
  }

  /** Asks now, and goes on from there. */
  again(): void {
    this.#stop();
    if (document.hidden) return;
    const running = new AbortController();
    this.#running = running;
    void this.#round(running.signal);
  }

  #stop(): void {
    clearTimeout(this.#timer);
    this.#running?.abort();
    this.#running = null;
  }

  async #round(signal: AbortSignal): Promise<void> {
    try {
      const value = await this.#ask();
      if (signal.aborted) return;
      this.#value = value;
      this.#at = Date.now();
      this.#failure = null;
      this.#failures = 0;
      this.#onanswer(value, this.#at);
    } catch (error) {
      if (signal.aborted) return;
      this.#failure = explain(error);
      this.#failures += 1;
    }
    this.#timer = setTimeout(() => void this.#round(signal), waitMs(this.#failures, this.#pollMs));
  }
}
