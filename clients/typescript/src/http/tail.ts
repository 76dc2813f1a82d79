/**
 * The log's records as it takes them, for admins: one stream after another, for as long as somebody takes what comes.
 *
 * What must hold: of each partition a record comes once, in order of offset, over as many connections as that takes; what could not be had is
 * counted, as far as it is known; nothing waits here but what the connection itself holds, so it is the server that passes records over
 * where they are taken too slowly.
 */
import { ConnectionError } from '../errors.js';
import type { LogRecord } from '../generated/schema.js';
import type { Limits } from '../limits.js';
import { doubled } from '../machine/backoff.js';
import { Malformed, read } from '../protocol/check.js';
import type { EventType } from '../protocol/event.js';
import type { ServerClock } from '../shell/clock.js';
import { objects, type Watcher } from './lines.js';
import { pause, pauseAfter } from './pause.js';
import type { Transport } from './transport.js';

/** Which records, and how they are taken. */
export interface TailOptions {
  /** Of one room alone. */
  readonly room?: string;
  /** Of one type alone. */
  readonly type?: EventType;
  /** Begins with so many of the last records of each partition, whatever their type, 0 to 100; 0 if absent. */
  readonly last?: number;
  /** Ends it, also while nothing comes; nothing is thrown then. */
  readonly signal?: AbortSignal;
  /** Failures in a row, without a record between them, after which it is given up; 5 if absent, `Infinity`: never. */
  readonly tries?: number;
  /** Is told how the stream stands. */
  readonly listen?: (state: TailState) => void;
}

/** How a tail stands: it is open, or it broke and is opened again by itself after so many milliseconds. */
export type TailState =
  { readonly kind: 'open' } | { readonly kind: 'broken'; readonly error: Error; readonly inMs: number };

/** Records that did not come: here, or not long before. Behind a break it may count some that came before it. */
export interface PassedOver {
  readonly passed_over: number;
}

const TRIES = 5;
const PAUSE_MS = 500;
/** The largest bound of a pause. */
const PAUSE_MOST_MS = 30_000;
/** As many of the last records of each partition as a server repeats. */
const REPEATED = 100;
/** How much the server's clock may be misjudged here: a `Date` has whole seconds. */
const CLOCK_MS = 1_500;

/** Who asks, by which bounds. */
export interface TailHost {
  readonly transport: Transport;
  readonly limits: Limits;
  readonly clock: ServerClock;
}

/** Begins when the first record is asked for; `break` ends it. */
export async function* tail(
  host: TailHost,
  options: TailOptions,
): AsyncGenerator<LogRecord | PassedOver, void, undefined> {
  const { signal, tries = TRIES, listen } = options;
  const places = new Places(options.room === undefined && options.type === undefined);
  const isOver = (): boolean => signal?.aborted === true;
  let failures = 0;
  while (!isOver()) {
    try {
      const last = places.begun ? REPEATED : (options.last ?? 0);
      const opened = (): void => {
        places.begin(host.clock.now() - CLOCK_MS);
        listen?.({ kind: 'open' });
      };
      for await (const came of stream(host, { ...options, last }, opened)) {
        failures = 0;
        yield* places.sorted(came);
      }
    } catch (error) {
      if (isOver()) return;
      failures += 1;
      const inMs = pauseAfter(error, doubled(PAUSE_MS, PAUSE_MOST_MS, failures));
      if (!(error instanceof Error) || inMs === undefined || failures > tries) throw error;
      listen?.({ kind: 'broken', error, inMs });
      await pause(inMs, signal);
    }
  }
}

/** One connection: what comes over it. It never ends but by an error. */
async function* stream(
  { transport, limits }: TailHost,
  { room, type, last, signal }: TailOptions,
  opened: () => void,
): AsyncGenerator<LogRecord | PassedOver, void, undefined> {
  const ending = new AbortController();
  const end = (): void => ending.abort();
  const silence = new Silence(limits.streamSilenceMs, end);
  signal?.addEventListener('abort', end);
  try {
    silence.waiting();
    const request = { query: { room, type, last }, signal: ending.signal, endless: true };
    const response = await transport.signed('GET /v1/admin/log/tail', request);
    silence.heard();
    if (response.body === null) throw new ConnectionError('the tail has no body');
    opened();
    for await (const json of objects(response.body, silence)) yield parsed(json);
    throw new ConnectionError('the tail broke off');
  } catch (error) {
    throw ending.signal.aborted ? new ConnectionError('the tail fell silent', { cause: error }) : error;
  } finally {
    silence.heard();
    signal?.removeEventListener('abort', end);
    end();
  }
}

function parsed(json: Record<string, unknown>): LogRecord | PassedOver {
  if (!('passed_over' in json)) return read('LogRecord', json);
  const { passed_over } = json;
  if (typeof passed_over !== 'number') throw new Malformed('passed_over is no number');
  return { passed_over };
}

/** Ends a connection over which nothing comes for too long. */
class Silence implements Watcher {
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly mostMs: number,
    private readonly end: () => void,
  ) {}

  waiting(): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(this.end, this.mostMs);
  }

  heard(): void {
    clearTimeout(this.timer);
  }
}

/** How far each partition was read: what a new stream repeats is known again. */
class Places {
  /** Whether a stream was ever open. */
  begun = false;
  private readonly next = new Map<number, number>();
  /** Partitions that were heard since the stream was opened again; undefined in the first stream. */
  private heardAgain: Set<number> | undefined;
  private beganAt = 0;

  /** `whole`: every record of the log comes, so that an offset without a record is a record that is missing. */
  constructor(private readonly whole: boolean) {}

  /** A stream is open; `at` is the server's time, at the latest. */
  begin(at: number): void {
    if (this.begun) {
      this.heardAgain = new Set();
      return;
    }
    this.begun = true;
    this.beganAt = at;
  }

  /** What of it is new. */
  sorted(came: LogRecord | PassedOver): readonly (LogRecord | PassedOver)[] {
    if ('passed_over' in came) return [came];
    const { partition, offset, at } = came;
    const next = this.next.get(partition);
    const again = this.heardAgain;
    // Of a partition that nothing was heard of, what is older than the first stream is none of its business.
    if (again !== undefined && (next === undefined ? at < this.beganAt : offset < next)) return [];
    const isFirst = again !== undefined && !again.has(partition);
    again?.add(partition);
    this.next.set(partition, offset + 1);
    const missing = isFirst && this.whole && next !== undefined ? offset - next : 0;
    return missing > 0 ? [{ passed_over: missing }, came] : [came];
  }
}
