/// The time that relative times are told by: this machine's, looked at every half minute. One timer for the whole page.

const TICK_MS = 30_000;

class Clock {
  #now = $state(Date.now());

  /** Milliseconds since 1970, at most half a minute old. */
  get now(): number {
    return this.#now;
  }

  /** Ticks until the answer is called. */
  start(): () => void {
    const timer = setInterval(() => (this.#now = Date.now()), TICK_MS);
    return () => clearInterval(timer);
  }
}

export const clock = new Clock();
