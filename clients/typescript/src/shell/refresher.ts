/** Replaces the access token: before it runs out, over the open socket, or when a server has refused it. */
import { ConnectionError, RoomlogError } from '../errors.js';
import type { Tokens } from '../http/tokens.js';
import { TIMER_MOST_MS } from './driver.js';
import type { Off } from './emitter.js';

/** How long to wait, at most, until a refresh that nobody answered is tried again, milliseconds. */
const AGAIN_MS = 10_000;

export interface RefresherHost {
  authorized(token: string): void;
  unauthorized(why: 'for_now' | 'signed_out'): void;
  random(): number;
}

export class Refresher {
  private timer: ReturnType<typeof setTimeout> | undefined;
  private off: Off | undefined;

  constructor(
    private readonly tokens: Tokens,
    private readonly host: RefresherHost,
  ) {}

  /** From now on tokens are replaced in time. */
  start(): void {
    this.off ??= this.tokens.on('token', (token) => {
      this.host.authorized(token);
      this.schedule();
    });
    this.schedule();
  }

  stop(): void {
    this.off?.();
    this.off = undefined;
    clearTimeout(this.timer);
  }

  /** The server has refused the token, or there is none. */
  now(): void {
    const before = this.tokens.access;
    this.tokens
      .refresh()
      .then(() => {
        // Another token has told itself; this is for one that is the same.
        if (this.tokens.access === before && before !== undefined) this.host.authorized(before);
      })
      .catch((error: unknown) => {
        const isForNow = error instanceof ConnectionError || (error instanceof RoomlogError && error.retryable);
        this.host.unauthorized(isForNow ? 'for_now' : 'signed_out');
      });
  }

  /** The server's time, or the token, is another: sets the timer anew. */
  schedule(atLeastMs = 0): void {
    clearTimeout(this.timer);
    const { freshForMs, refreshes } = this.tokens;
    if (freshForMs === undefined || !refreshes || this.off === undefined) return;
    this.timer = setTimeout(
      () => {
        this.tokens.refresh().catch(() => {
          // Whoever is signed out has been told; where nobody answers it is tried again, until the server ends the session.
          if (this.tokens.user !== null) this.schedule(this.host.random() * AGAIN_MS);
        });
      },
      Math.min(Math.max(freshForMs, atLeastMs), TIMER_MOST_MS),
    );
  }
}
