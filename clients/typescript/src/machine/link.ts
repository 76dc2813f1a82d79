/**
 * The connection of a client: whether there is one, when to come back, to where, and with which token.
 *
 * What must hold: no clock and no randomness; it knows nothing of rooms and commands. Whoever owns it is told when a connection is gone for
 * good (`ended`) and does the rest.
 */
import type { ByePush, HelloPush } from '../generated/schema.js';
import type { Limits } from '../limits.js';
import { Backoff, comeback } from './backoff.js';
import type { ConnectionState, Effect, EndReason, Moment } from './types.js';

/** What a client connects with. */
export interface Setting {
  /** Where servers are, in the order in which they are tried, round and round. */
  readonly addresses: readonly string[];
  /** Which is tried first. */
  readonly first: number;
  readonly limits: Limits;
  /** Whether another token can be had when this one is no good. */
  readonly refreshes: () => boolean;
}

type Phase =
  | { readonly at: 'idle' | 'offline' }
  /** Another token is on its way. */
  | { readonly at: 'authorizing' }
  | { readonly at: 'waiting'; readonly until: number; readonly withToken: boolean }
  | { readonly at: 'opening'; readonly since: number }
  | { readonly at: 'live'; readonly since: number; readonly hello: HelloPush }
  | { readonly at: 'ended' };

export class Link {
  /** What can be said of it; another object whenever it is another. */
  state: ConnectionState = { kind: 'idle' };
  /** The access token that is said to be good. */
  token: string | undefined;
  /** The server's announcement of a close. */
  bye: ByePush | undefined;
  private phase: Phase = { at: 'idle' };
  /** The token is another than the one that the server refused, and no server has taken it yet. */
  private untried = false;
  private turn: number;
  private hasNetwork = true;
  private readonly backoff: Backoff;

  /** `effects` is where effects go; `ended` is called when it does not come back by itself. */
  constructor(
    private readonly setting: Setting,
    private readonly effects: (effect: Effect) => void,
    private readonly ended: (reason: string) => void,
  ) {
    this.backoff = new Backoff(setting.limits);
    this.turn = setting.first;
  }

  get isOpening(): boolean {
    return this.phase.at === 'opening';
  }

  get isLive(): boolean {
    return this.phase.at === 'live';
  }

  get isEnded(): boolean {
    return this.phase.at === 'ended';
  }

  /** The token that is in force before it connects; without, one is asked for. */
  knows(token: string | undefined): void {
    this.token = token;
    this.untried = false;
  }

  /** Connects, if it does not already; also at once where it waits. */
  connect(moment: Moment): void {
    const { at } = this.phase;
    if (at === 'idle' || at === 'ended') this.backoff.failures = 0;
    if (at === 'idle' || at === 'ended' || at === 'waiting' || at === 'offline') this.open(moment);
  }

  private open({ now }: Moment): void {
    if (this.token === undefined) {
      this.authorize();
      return;
    }
    const { addresses } = this.setting;
    const address = addresses[this.turn % addresses.length];
    if (address === undefined) throw new Error('a client needs the address of a server');
    this.turn += 1;
    this.bye = undefined;
    this.phase = { at: 'opening', since: now };
    this.state = { kind: 'connecting', attempt: this.backoff.failures + 1 };
    this.effects({ kind: 'open', address });
  }

  private authorize(): void {
    if (!this.setting.refreshes()) {
      this.end('signed_out');
      return;
    }
    this.phase = { at: 'authorizing' };
    this.state = { kind: 'connecting', attempt: this.backoff.failures + 1 };
    this.effects({ kind: 'refresh' });
  }

  /** Another access token, for this connection and those to come; answers whether the server is to be told. */
  authorized(token: string, moment: Moment): boolean {
    this.untried = token !== this.token;
    this.token = token;
    if (this.phase.at === 'authorizing') this.open(moment);
    return this.phase.at === 'live';
  }

  /** No token could be had: for now, or because nobody is signed in. */
  unauthorized(why: 'for_now' | 'signed_out', moment: Moment): void {
    if (why === 'signed_out') {
      this.token = undefined;
      if (!this.isEnded) this.end('signed_out');
    } else if (this.phase.at === 'authorizing') {
      this.backoff.ended(undefined);
      this.wait('later', undefined, 'nobody answers', true, moment);
    }
  }

  /** A server has greeted us. */
  greeted(hello: HelloPush, { now }: Moment): void {
    this.phase = { at: 'live', since: now, hello };
    this.state = { kind: 'live' };
    this.untried = false;
  }

  /** The socket is gone, or never came to be. */
  closed(code: number | undefined, moment: Moment): void {
    this.backoff.ended(this.phase.at === 'live' ? moment.now - this.phase.since : undefined);
    const said = this.bye?.code ?? code;
    const why = this.bye?.reason ?? 'the connection broke';
    const when = comeback(said);
    if (when === 'never') this.end('refused', said, why);
    else if (when === 'with_token') this.comeBackWithToken(said, why, moment);
    else if (!this.hasNetwork) this.goOffline();
    else this.wait(when, this.bye?.retry_after_ms, why, false, moment);
  }

  private comeBackWithToken(code: number | undefined, why: string, moment: Moment): void {
    if (!this.setting.refreshes()) this.end('signed_out', code, why);
    else if (!this.untried) this.authorize();
    // One that was made a moment ago and has run out already: not as fast again.
    else if (code === 4204) this.wait('later', undefined, why, true, moment);
    else this.end('signed_out', code, why);
  }

  private wait(
    how: 'later' | 'now',
    askedMs: number | undefined,
    why: string,
    withToken: boolean,
    moment: Moment,
  ): void {
    const inMs = this.backoff.pause(how, askedMs, moment.random);
    this.phase = { at: 'waiting', until: moment.now + inMs, withToken };
    this.state = { kind: 'waiting', attempt: this.backoff.failures + 1, inMs, why };
  }

  private goOffline(): void {
    this.phase = { at: 'offline' };
    this.state = { kind: 'offline' };
  }

  /** It does not come back by itself. */
  end(why: EndReason, code?: number, reason?: string): void {
    this.phase = { at: 'ended' };
    const said = { ...(code === undefined ? {} : { code }), ...(reason === undefined ? {} : { reason }) };
    this.state = { kind: 'ended', why, ...said };
    this.ended(why === 'closed' ? 'closed' : (reason ?? why));
  }

  /** This machine says that it has a network, or none; answers whether what is open should be probed. */
  network(present: boolean, moment: Moment): boolean {
    this.hasNetwork = present;
    const { at } = this.phase;
    if (present && (at === 'offline' || at === 'waiting')) {
      this.backoff.failures = 0;
      this.open(moment);
    } else if (!present && at === 'waiting') {
      this.goOffline();
    }
    return at === 'live';
  }

  /** When {@link Link.tick} is to be called; undefined: not of itself. */
  deadline(heardAt: number): number | undefined {
    switch (this.phase.at) {
      case 'waiting':
        return this.phase.until;
      case 'opening':
        return this.phase.since + this.setting.limits.connectTimeoutMs;
      case 'live':
        // Longer than its heartbeat no server is silent.
        return heardAt + this.phase.hello.heartbeat_ms + this.setting.limits.silenceGraceMs;
      default:
        return undefined;
    }
  }

  /** Some time has passed; answers whether the connection is worth nothing any more. */
  tick(heardAt: number, moment: Moment): boolean {
    const deadline = this.deadline(heardAt);
    if (deadline === undefined || deadline > moment.now) return false;
    if (this.phase.at !== 'waiting') return true;
    if (this.phase.withToken) this.authorize();
    else this.open(moment);
    return false;
  }
}
