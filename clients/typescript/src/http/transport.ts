/**
 * Requests over HTTP: what is asked leaves as an {@link Operation} of the server's document, what comes back is read by its schema.
 *
 * What must hold: a refusal becomes a {@link RoomlogError}, silence a {@link ConnectionError}; what may be repeated (reads, and writes with
 * a cid) is repeated by itself a few times; a token that has run out is replaced once on the way.
 */
import { ConnectionError, ofProblem, RoomlogError } from '../errors.js';
import type { Operation } from '../generated/protocol.js';
import type { SignedIn } from '../generated/schema.js';
import type { Limits } from '../limits.js';
import { read, type Schemas, type ShapeName } from '../protocol/check.js';
import type { ServerClock } from '../shell/clock.js';
import type { TabMeans } from '../shell/tabs.js';
import { pause, pauseAfter } from './pause.js';
import { Tokens, type AuthMode } from './tokens.js';

/** What a request carries. */
export interface Request {
  /** What stands in the braces of the operation's path. */
  readonly path?: Readonly<Record<string, string | number>>;
  readonly query?: Readonly<Record<string, string | number | boolean | undefined>>;
  readonly body?: object;
  /** Calls it off: then the `AbortError` of `fetch` is thrown, or the signal's reason. */
  readonly signal?: AbortSignal;
  /** Whether the answer may go on for as long as it likes: a stream, which is its reader's to end. */
  readonly endless?: boolean;
  /** Whether it may be asked twice: reads may, writes only with a cid. */
  readonly repeatable?: boolean;
}

export interface TransportSetting {
  /** Where the server is: `https://chat.example`, or nothing for the page's own. */
  readonly url: string;
  readonly mode: AuthMode;
  readonly fetch: typeof fetch;
  readonly clock: ServerClock;
  readonly limits: Limits;
  readonly tabs: TabMeans;
  readonly refreshToken?: string;
}

/** A pause that the server asks for is kept if it is no longer than this, milliseconds: otherwise it is the caller's to wait. */
const LONGEST_PAUSE_MS = 3_000;
const FIRST_PAUSE_MS = 200;

export class Transport {
  readonly tokens: Tokens;

  constructor(private readonly setting: TransportSetting) {
    const { mode, url, tabs, clock, limits, refreshToken } = setting;
    const ask = async (refresh_token: string | undefined): Promise<SignedIn> => {
      const body = refresh_token === undefined ? {} : { refresh_token };
      return await this.open('POST /v1/auth/refresh', { body }, 'SignedIn');
    };
    this.tokens = new Tokens(mode, url, tabs, clock, limits, ask, refreshToken);
  }

  /** Asks as who one is, and reads the answer by its schema. */
  async call<N extends ShapeName>(operation: Operation, request: Request, answer: N): Promise<Schemas[N]> {
    return read(answer, await json(await this.signed(operation, request)));
  }

  /** The same, with the answer unread; undefined where there is none. */
  async unread(operation: Operation, request: Request): Promise<unknown> {
    const response = await this.signed(operation, request);
    return response.status === 204 ? undefined : await json(response);
  }

  /** The same, for what answers nothing. */
  async run(operation: Operation, request: Request): Promise<void> {
    await this.signed(operation, request);
  }

  /** Asks without saying who one is. */
  async open<N extends ShapeName>(operation: Operation, request: Request, answer: N): Promise<Schemas[N]> {
    return read(answer, await json(await this.tried(operation, request, undefined)));
  }

  /**
   * Asks as who one is: the answer as it came, if it is a good one.
   *
   * @throws `RoomlogError`, `ConnectionError`
   */
  async signed(operation: Operation, request: Request): Promise<Response> {
    const { tokens } = this;
    if (tokens.refreshes && tokens.freshForMs === 0) await tokens.refresh();
    const used = tokens.access;
    try {
      return await this.tried(operation, request, used);
    } catch (error) {
      const isStale = error instanceof RoomlogError && error.kind === 'unauthenticated' && tokens.refreshes;
      if (!isStale) throw error;
      await tokens.refresh(used);
      return await this.tried(operation, request, tokens.access);
    }
  }

  private async tried(operation: Operation, request: Request, access: string | undefined): Promise<Response> {
    for (let tries = 1; ; tries += 1) {
      try {
        return await this.once(operation, request, access);
      } catch (error) {
        const may = operation.startsWith('GET ') || request.repeatable === true;
        const pauseMs = may && tries < this.setting.limits.requestTries ? patience(error, tries) : undefined;
        if (pauseMs === undefined || request.signal?.aborted === true) throw error;
        await pause(pauseMs, request.signal);
      }
    }
  }

  private async once(operation: Operation, request: Request, access: string | undefined): Promise<Response> {
    const { setting } = this;
    const sentAt = setting.clock.local();
    let response: Response;
    try {
      response = await setting.fetch(this.address(operation, request), this.init(operation, request, access));
    } catch (error) {
      if (request.signal?.aborted === true) throw error;
      throw new ConnectionError(`no answer to ${operation}`, { cause: error });
    }
    setting.clock.heardDate(sentAt, setting.clock.local(), response.headers.get('date'));
    if (response.ok) return response;
    throw await refusal(operation, response);
  }

  private init(operation: Operation, request: Request, access: string | undefined): RequestInit {
    const { mode, limits } = this.setting;
    return {
      method: operation.slice(0, operation.indexOf(' ')),
      headers: {
        accept: 'application/json',
        ...(request.body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(mode === 'bearer' && access !== undefined ? { authorization: `Bearer ${access}` } : {}),
      },
      credentials: mode === 'cookie' ? 'include' : 'omit',
      ...(request.body === undefined ? {} : { body: JSON.stringify(request.body) }),
      signal: endOf(request, limits.requestTimeoutMs),
    };
  }

  private address(operation: Operation, { path = {}, query = {} }: Request): string {
    const template = operation.slice(operation.indexOf(' ') + 1);
    const filled = template.replace(/\{(\w+)\}/g, (_, name: string) => {
      const value = path[name];
      if (value === undefined) throw new Error(`${operation} needs ${name}`);
      return encodeURIComponent(value);
    });
    const asked = Object.entries(query).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, String(value)]],
    );
    const text = new URLSearchParams(asked).toString();
    return `${this.setting.url}${filled}${text && `?${text}`}`;
  }
}

/** When a request is given up. */
function endOf({ signal, endless }: Request, timeoutMs: number): AbortSignal | null {
  if (endless === true) return signal ?? null;
  const timeout = AbortSignal.timeout(timeoutMs);
  return signal === undefined ? timeout : AbortSignal.any([signal, timeout]);
}

async function json(response: Response): Promise<unknown> {
  try {
    return await response.json();
  } catch (error) {
    throw new ConnectionError('the answer broke off', { cause: error });
  }
}

async function refusal(operation: Operation, response: Response): Promise<RoomlogError | ConnectionError> {
  try {
    return ofProblem(read('Problem', await response.json()));
  } catch {
    // Somebody on the way answered in the server's place.
    return new ConnectionError(`${operation} was answered ${response.status} by something that is not Roomlog`);
  }
}

/** How long to wait before asking again, milliseconds; undefined: not at all. */
function patience(error: unknown, tries: number): number | undefined {
  const ms = pauseAfter(error, FIRST_PAUSE_MS * 2 ** tries);
  return error instanceof RoomlogError && ms !== undefined && ms > LONGEST_PAUSE_MS ? undefined : ms;
}
