/**
 * The server's time, whatever the clock of this machine says.
 *
 * What must hold: it is learned from what the server says (`ping`, the Date of an HTTP answer), each with how far it may be off; the best
 * one counts until it is so old that this machine's drift makes a newer one better.
 */

/** How far a clock drifts in a millisecond, at worst. */
const DRIFT = 0.000_2;
/** What a Date header leaves out, milliseconds. */
const SECOND_MS = 1_000;

export class ServerClock {
  private best: { readonly offset: number; readonly error: number; readonly at: number } | undefined;

  /** `local` only goes forward, milliseconds; where it begins is of no matter. */
  constructor(readonly local: () => number = monotonic) {}

  /** The server's time, milliseconds since 1970; this machine's own as long as nothing is known of it. */
  now(): number {
    return Math.round(this.local() + (this.best?.offset ?? 0));
  }

  /** Whether the server has told its time. */
  get known(): boolean {
    return this.best !== undefined;
  }

  /** The server said `time` somewhere between two instants of the local clock. */
  heard(sentAt: number, heardAt: number, time: number): void {
    this.take((sentAt + heardAt) / 2, time, (heardAt - sentAt) / 2);
  }

  /** An HTTP answer came with this Date, in whole seconds. */
  heardDate(sentAt: number, heardAt: number, date: string | null): void {
    const time = date === null ? NaN : Date.parse(date);
    if (Number.isNaN(time)) return;
    this.take((sentAt + heardAt) / 2, time + SECOND_MS / 2, (heardAt - sentAt) / 2 + SECOND_MS / 2);
  }

  private take(at: number, time: number, error: number): void {
    const before = this.best;
    const worn = before && before.error + (at - before.at) * DRIFT;
    if (worn === undefined || error <= worn) this.best = { offset: time - at, error, at };
  }
}

/** Goes forward whatever is done to the machine's clock. */
function monotonic(): number {
  return performance.timeOrigin + performance.now();
}
