/**
 * A replay over the socket: a room's records as they happened, taken one by one.
 *
 * What must hold: each record comes once, in order of offset, over as many connections as that takes; no more of them wait here than
 * there was credit for; whoever stops taking ends it.
 */
import { ANSWER_SHAPES } from '../generated/protocol.js';
import type { ReplayCommand, ReplayedEvent, ReplayPush } from '../generated/schema.js';
import { ClientError, ofRefusal, RoomlogError } from '../errors.js';
import type { Ask, Outcome } from '../machine/types.js';
import { read } from '../protocol/check.js';

/** Where a replay begins and ends, and how it is taken. */
export interface ReplayOptions {
  /** The first record; `epoch` and `partition` go with an offset that was kept with them. */
  readonly from: ReplayCommand['from'];
  /** The last record: of `offset` the one before it; the log's end as it is now, if absent. */
  readonly to?: NonNullable<ReplayCommand['to']>;
  /** How many records may wait here, 1 to 10,000; 256 if absent. */
  readonly window?: number;
  /** Whether each comes with its Avro bytes, base64. */
  readonly datum?: boolean;
}

/** What a replay asks of its client. */
export interface ReplayHost {
  /** Asks; the answer is given in the same step in which it comes. */
  ask(ask: Ask, settled: (outcome: Outcome) => void): void;
  /** From now on, pushes of this number are this replay's. */
  listen(replay: number, replaying: Replaying): void;
  forget(replay: number): void;
}

const WINDOW = 256;
/** Failures in a row, without a record between them, after which it is given up. */
const TRIES = 5;
const PAUSE_MS = 500;

export class Replaying implements AsyncIterableIterator<ReplayedEvent, undefined> {
  private readonly window: number;
  private readonly waiting: ReplayedEvent[] = [];
  /** Those who wait for a record, or the end: several may ask at once, and take in the order in which they asked. */
  private takers: (() => void)[] = [];
  private pause: ReturnType<typeof setTimeout> | undefined;
  private phase: 'idle' | 'asked' | 'running' | 'done' = 'idle';
  private replay: number | undefined;
  private error: Error | undefined;
  /** Taken since credit was last given. */
  private taken = 0;
  private from: ReplayCommand['from'];
  private to: ReplayCommand['to'];
  private tries = 0;

  constructor(
    private readonly room: string,
    private readonly options: ReplayOptions,
    private readonly host: ReplayHost,
  ) {
    this.window = options.window ?? WINDOW;
    this.from = options.from;
    this.to = options.to;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  /** The next record. */
  async next(): Promise<IteratorResult<ReplayedEvent, undefined>> {
    if (this.phase === 'idle') this.ask();
    for (;;) {
      const record = this.waiting.shift();
      if (record !== undefined) {
        this.give();
        return { done: false, value: record };
      }
      if (this.error !== undefined) throw this.error;
      if (this.phase === 'done') return { done: true, value: undefined };
      await new Promise<void>((resolve) => this.takers.push(resolve));
    }
  }

  /** Ends it: what `break` does. */
  return(): Promise<IteratorResult<ReplayedEvent, undefined>> {
    if (this.replay !== undefined) {
      this.host.ask({ name: 'cancel', body: { replay: this.replay } }, () => undefined);
    }
    this.finish();
    this.waiting.length = 0;
    return Promise.resolve({ done: true, value: undefined });
  }

  private ask(): void {
    this.phase = 'asked';
    const { datum } = this.options;
    // What still waits here from before a break counts.
    const window = Math.max(1, this.window - this.waiting.length);
    const body: ReplayCommand = { room: this.room, from: this.from, window };
    if (this.to !== undefined) body.to = this.to;
    if (datum !== undefined) body.datum = datum;
    this.taken = 0;
    this.host.ask({ name: 'replay', body }, (outcome) => this.answered(outcome));
  }

  private answered(outcome: Outcome): void {
    if (this.phase === 'done') {
      // It was ended before it began.
      if ('ok' in outcome) {
        const { replay } = read(ANSWER_SHAPES.replay, outcome.ok);
        this.host.ask({ name: 'cancel', body: { replay } }, () => undefined);
      }
      return;
    }
    if ('error' in outcome) {
      this.failed(outcome.error);
      return;
    }
    const { replay, epoch, partition, from, to } = read(ANSWER_SHAPES.replay, outcome.ok);
    this.phase = 'running';
    this.replay = replay;
    // From now on both ends are fixed, whatever happens.
    this.from = { epoch, partition, offset: from };
    this.to = { offset: to };
    this.host.listen(replay, this);
  }

  /** Something of it came. */
  heard({ event, done, error }: ReplayPush): void {
    if (event !== undefined) {
      const { epoch, partition, offset } = event.pos;
      this.from = { epoch, partition, offset: offset + 1 };
      this.tries = 0;
      this.waiting.push(event);
      this.wake();
    } else if (done !== undefined) {
      this.finish();
    } else if (error !== undefined) {
      this.failed(ofRefusal(error));
    }
  }

  /** The connection is gone: it is asked for again, from where it stands. */
  lost(): void {
    if (this.phase === 'running') this.failed(new ClientError('disconnected'));
  }

  private failed(error: Error): void {
    this.tries += 1;
    this.stop();
    const lost = error instanceof ClientError && error.reason === 'disconnected';
    const later = error instanceof RoomlogError && error.retryable;
    if ((!lost && !later) || this.tries > TRIES) {
      this.error = error;
      this.finish();
      return;
    }
    this.phase = 'asked';
    const asked = error instanceof RoomlogError ? (error.retryAfterMs ?? 0) : 0;
    this.pause = setTimeout(() => this.ask(), lost ? 0 : Math.max(asked, PAUSE_MS * Math.random() * 2 ** this.tries));
  }

  /** One was taken: when half of them were, there is credit for as many more. */
  private give(): void {
    this.taken += 1;
    if (this.phase !== 'running' || this.replay === undefined || this.taken < this.window / 2) return;
    this.host.ask({ name: 'more', body: { replay: this.replay, window: this.taken } }, () => undefined);
    this.taken = 0;
  }

  private stop(): void {
    if (this.replay !== undefined) this.host.forget(this.replay);
    this.replay = undefined;
  }

  private finish(): void {
    clearTimeout(this.pause);
    this.stop();
    this.phase = 'done';
    this.wake();
  }

  private wake(): void {
    for (const taker of this.takers.splice(0)) taker();
  }
}
