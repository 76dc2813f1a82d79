/**
 * Who is signed in here, and the access token that says so.
 *
 * What must hold: a token is kept in memory alone; at most one refresh is under way, in all tabs that share cookies; a token that is known
 * to have been replaced is not refreshed a second time. No token is ever part of an error or an event.
 */
import type { SignedIn, User } from '../generated/schema.js';
import { RoomlogError } from '../errors.js';
import type { Limits } from '../limits.js';
import type { ServerClock } from '../shell/clock.js';
import { Emitter } from '../shell/emitter.js';
import { Tabs, type TabMeans } from '../shell/tabs.js';

/** Where a browser's cookies say who one is, or the caller keeps the tokens. */
export type AuthMode = 'cookie' | 'bearer';

export interface TokenEvents {
  /** Another access token is in force. */
  token: string;
  /** Somebody is signed in, perhaps somebody else; null: nobody any more. */
  user: User | null;
  /** Bearer mode: a new refresh token, to be kept where the next start finds it; null: none is any good. */
  refreshToken: string | null;
}

interface Held {
  readonly access: string;
  /** In the server's time. */
  readonly expiresAt: number;
  /** In the server's time: from then on it should be replaced. */
  readonly refreshAt: number;
}

export class Tokens extends Emitter<TokenEvents> {
  /** Who is signed in; null: nobody; undefined: it is not known yet. */
  user: User | null | undefined;
  private held: Held | undefined;
  private refreshToken: string | undefined;
  private refreshing: Promise<void> | undefined;
  private readonly tabs: Tabs | undefined;

  /** `ask` asks the server for a refresh: with this token, or by cookie. */
  constructor(
    readonly mode: AuthMode,
    origin: string,
    means: TabMeans,
    private readonly clock: ServerClock,
    private readonly limits: Limits,
    private readonly ask: (refreshToken: string | undefined) => Promise<SignedIn>,
    refreshToken?: string,
  ) {
    super();
    this.refreshToken = refreshToken;
    if (mode === 'cookie') {
      this.tabs = new Tabs(origin, means, (message) => {
        if (message.kind === 'signed_in') this.take(message.signedIn);
        else this.drop();
      });
    }
  }

  /** The access token, if one is known and has not run out. */
  get access(): string | undefined {
    const { held } = this;
    return held && !(this.clock.known && held.expiresAt <= this.clock.now()) ? held.access : undefined;
  }

  /** Whether another token can be had. */
  get refreshes(): boolean {
    return this.mode === 'cookie' || this.refreshToken !== undefined;
  }

  /** How long the token may still be used before it should be replaced, milliseconds; undefined: there is none, or no telling. */
  get freshForMs(): number | undefined {
    return this.held && this.clock.known ? Math.max(0, this.held.refreshAt - this.clock.now()) : undefined;
  }

  /** Somebody has signed in here. */
  signedIn(signedIn: SignedIn): void {
    this.take(signedIn);
    // The refresh token stays in its cookie.
    const { refresh_token: _, ...told } = signedIn;
    this.tabs?.tell({ kind: 'signed_in', signedIn: told });
  }

  /** They have signed out here. */
  signedOut(): void {
    this.drop();
    this.tabs?.tell({ kind: 'signed_out' });
  }

  /** An access token from elsewhere, as of another issuer; it is not refreshed here. */
  use(access: string, expiresAt: number): void {
    this.hold(access, expiresAt);
  }

  private take(signedIn: SignedIn): void {
    const { user, access_token: access, expires_at: expiresAt, refresh_token: refreshToken } = signedIn;
    if (refreshToken !== undefined && this.mode === 'bearer') {
      this.refreshToken = refreshToken;
      this.emit('refreshToken', refreshToken);
    }
    const isNew = JSON.stringify(user) !== JSON.stringify(this.user);
    this.user = user;
    this.hold(access, expiresAt);
    if (isNew) this.emit('user', user);
  }

  private hold(access: string, expiresAt: number): void {
    const life = expiresAt - this.clock.now();
    const before = this.clock.known ? Math.min(this.limits.refreshBeforeMs, life / 2) : this.limits.refreshBeforeMs;
    this.held = { access, expiresAt, refreshAt: expiresAt - before };
    this.emit('token', access);
  }

  private drop(): void {
    this.held = undefined;
    if (this.refreshToken !== undefined) {
      this.refreshToken = undefined;
      this.emit('refreshToken', null);
    }
    if (this.user === null) return;
    this.user = null;
    this.emit('user', null);
  }

  /**
   * Replaces the token. Whoever asks while it is under way waits for the same one.
   *
   * @param refused the token that is no good: if another is in force by now, that one will do
   * @throws `RoomlogError` `unauthenticated` when nobody is signed in any more, `ConnectionError` when nobody answers
   */
  async refresh(refused?: string): Promise<void> {
    if (refused !== undefined && this.access !== undefined && this.access !== refused) return;
    this.refreshing ??= this.replace(this.held?.access).finally(() => (this.refreshing = undefined));
    await this.refreshing;
  }

  private async replace(before: string | undefined): Promise<void> {
    const work = async (): Promise<void> => {
      // Another tab may have been faster while this one waited for its turn.
      if (this.held !== undefined && this.held.access !== before) return;
      this.signedIn(await this.ask(this.mode === 'bearer' ? this.refreshToken : undefined));
    };
    try {
      await (this.tabs ? this.tabs.alone(before === undefined, work) : work());
    } catch (error) {
      const isOver = error instanceof RoomlogError && !error.retryable;
      // The other tabs have the same cookies: they find out by themselves.
      if (isOver) this.drop();
      throw error;
    }
  }

  /** Hears other tabs no more. */
  close(): void {
    this.tabs?.close();
  }
}
