/** What is asked over HTTP: accounts, rooms, messages of the past, moderation, the log. */
import type { Operation } from '../generated/protocol.js';
import type { About, Ready, User } from '../generated/schema.js';
import { DEFAULT_LIMITS, type Limits } from '../limits.js';
import { ServerClock } from '../shell/clock.js';
import { ownMeans, type TabMeans } from '../shell/tabs.js';
import type { Off } from '../shell/emitter.js';
import { AdminApi } from './admin.js';
import { AuthApi, MeApi, MessagesApi, ModerationApi, PeopleApi, RoomsApi } from './groups.js';
import { LogApi } from './log.js';
import type { AuthMode, TokenEvents } from './tokens.js';
import { Transport, type Request } from './transport.js';

/** How the server is reached, and as whom. */
export interface ApiOptions {
  /** Where the server is, `https://chat.example`; a page's own server, if absent. */
  readonly url?: string;
  /** `cookie`: in a browser, HttpOnly cookies say who one is; `bearer`: the tokens are held here. */
  readonly auth: AuthMode;
  /** With `bearer`: a refresh token that was kept from an earlier run. */
  readonly refreshToken?: string;
  readonly limits?: Partial<Limits>;
  /** A `fetch` of one's own. */
  readonly fetch?: typeof fetch;
  /** A clock of this machine, milliseconds; it should only go forward. What it says is of no matter. */
  readonly clock?: () => number;
  /** What other tabs are reached by: the browser's own, if absent. */
  readonly tabs?: TabMeans;
}

/**
 * The server over HTTP, as whoever is signed in. Every method may throw `RoomlogError`, the server's no, and `ConnectionError`, where nobody
 * answers; names and fields are those of the server's document, ids UUID text, times milliseconds since 1970.
 */
export class Api {
  readonly url: string;
  readonly auth: AuthApi;
  readonly me: MeApi;
  readonly people: PeopleApi;
  readonly rooms: RoomsApi;
  readonly messages: MessagesApi;
  readonly moderation: ModerationApi;
  readonly log: LogApi;
  readonly admin: AdminApi;
  /** For {@link Client}: the same tokens, clock and bounds. */
  readonly transport: Transport;
  readonly clock: ServerClock;
  readonly limits: Limits;

  constructor(options: ApiOptions) {
    this.url = (options.url ?? '').replace(/\/+$/, '');
    this.limits = { ...DEFAULT_LIMITS, ...options.limits };
    this.clock = new ServerClock(options.clock);
    this.transport = new Transport({
      url: this.url,
      mode: options.auth,
      // Browsers want their own `fetch` called as their own.
      fetch: options.fetch ?? ((input, init) => globalThis.fetch(input, init)),
      clock: this.clock,
      limits: this.limits,
      tabs: options.tabs ?? ownMeans(),
      ...(options.refreshToken === undefined ? {} : { refreshToken: options.refreshToken }),
    });
    this.auth = new AuthApi(this.transport);
    this.me = new MeApi(this.transport);
    this.people = new PeopleApi(this.transport);
    this.rooms = new RoomsApi(this.transport);
    this.messages = new MessagesApi(this.transport);
    this.moderation = new ModerationApi(this.transport);
    this.log = new LogApi(this.transport);
    this.admin = new AdminApi(this.transport, this.limits, this.clock);
  }

  /** Who is signed in; null: nobody; undefined: nobody has asked yet (`auth.refresh`). */
  get user(): User | null | undefined {
    return this.transport.tokens.user;
  }

  /** `user`: somebody else is signed in, or nobody any more, here or in another tab; `refreshToken`: with `bearer`, one to be kept. */
  on<K extends 'user' | 'refreshToken'>(event: K, listener: (value: TokenEvents[K]) => void): Off {
    return this.transport.tokens.on(event, listener);
  }

  /** An access token from elsewhere, as of another issuer, and until when it is good (milliseconds since 1970). */
  useToken(access: string, expiresAt: number): void {
    this.transport.tokens.use(access, expiresAt);
  }

  /** The server's time, milliseconds since 1970, whatever the clock of this machine says. */
  now(): number {
    return this.clock.now();
  }

  /** What this server is, and what it allows before one has signed in. */
  async about(): Promise<About> {
    return await this.transport.open('GET /v1/about', {}, 'About');
  }

  /** Whether the server should be asked anything, and what it lacks. */
  async ready(): Promise<Ready> {
    return await this.transport.open('GET /readyz', {}, 'Ready');
  }

  /**
   * Anything else that the server's document has: its JSON, unread; undefined where the answer has none.
   *
   * @throws `RoomlogError`, `ConnectionError`
   */
  async request(operation: Operation, request: Request = {}): Promise<unknown> {
    return await this.transport.unread(operation, request);
  }

  /** Hears other tabs no more. */
  close(): void {
    this.transport.tokens.close();
  }
}
