/**
 * Subscriptions: where each stands, and what is due next.
 *
 * What must hold: a room's events are handed on once each, in order of seq; what comes out of order is a violation that is told and
 * mended by asking again from where the room stands.
 */
import type { Refusal, SubscribeCommand, Subscription } from '../generated/schema.js';
import type { Limits } from '../limits.js';
import { doubled } from './backoff.js';
import type { RoomEvent } from '../protocol/event.js';
import type { Effect, Moment, Update } from './types.js';

interface Entry {
  /** How many messages are to come with it. */
  readonly recent: number;
  /** The last event handed on, and the life of the log it is of. */
  stands: { readonly epoch: string; readonly seq: number } | undefined;
  phase: { at: 'idle' } | { at: 'asked'; frame: number } | { at: 'put_off'; until: number } | { at: 'live' };
  /** Events that were missed are still coming. */
  catchingUp: boolean;
  /** It was asked for again because of a gap, and nothing came in order since. */
  mending: boolean;
  refusals: number;
}

const IDLE = { at: 'idle' } as const;

export class Subscriptions {
  private readonly rooms = new Map<string, Entry>();
  /** Still to be asked for, in this order; one that is not idle any more is passed over. */
  private due: string[] = [];
  private asked = 0;

  constructor(private readonly limits: Limits) {}

  /** Somebody wants to hear a room. */
  want(room: string, recent: number): void {
    if (this.rooms.has(room)) return;
    const entry: Entry = { recent, stands: undefined, phase: IDLE, catchingUp: false, mending: false, refusals: 0 };
    this.rooms.set(room, entry);
    this.due.push(room);
  }

  /** They no longer do; answers whether the server should be told. */
  forget(room: string): boolean {
    return this.rooms.delete(room);
  }

  /** The head of a room, where it is seen as it stands now. */
  head(room: string): number | undefined {
    const entry = this.rooms.get(room);
    return entry?.phase.at === 'live' && !entry.catchingUp ? entry.stands?.seq : undefined;
  }

  /** The next room to ask for, in this frame, from where it stands. */
  next(frame: number): SubscribeCommand | undefined {
    while (this.asked < this.limits.subscriptionsAsked) {
      const room = this.due.shift();
      if (room === undefined) return undefined;
      const entry = this.rooms.get(room);
      if (entry?.phase.at !== 'idle') continue;
      entry.phase = { at: 'asked', frame };
      this.asked += 1;
      return { room, recent: entry.recent, ...(entry.stands === undefined ? {} : { resume: entry.stands }) };
    }
    return undefined;
  }

  /** A room's answer came, in this frame. */
  answered(room: string, frame: number, subscription: Subscription, effects: Effect[]): void {
    this.asked -= 1;
    const entry = this.current(room, frame);
    if (entry === undefined) return;
    entry.phase = { at: 'live' };
    entry.refusals = 0;
    const recovered = subscription.recovered === true && entry.stands !== undefined;
    entry.catchingUp = recovered;
    const seq = recovered && entry.stands !== undefined ? entry.stands.seq : subscription.seq;
    entry.stands = { epoch: subscription.epoch, seq };
    tell(effects, room, { kind: recovered ? 'recovered' : 'snapshot', subscription });
  }

  /** A room was refused, in this frame. */
  refused(room: string, frame: number, refusal: Refusal, moment: Moment, effects: Effect[]): void {
    this.asked -= 1;
    const entry = this.current(room, frame);
    if (entry === undefined) return;
    if (!refusal.retryable) {
      this.ended(room, refusal.name, effects);
      return;
    }
    const most = doubled(this.limits.retryFirstMs, this.limits.backoffMostMs, entry.refusals);
    entry.refusals += 1;
    entry.phase = { at: 'put_off', until: moment.now + Math.max(refusal.retry_after_ms ?? 0, moment.random * most) };
  }

  private current(room: string, frame: number): Entry | undefined {
    const entry = this.rooms.get(room);
    return entry?.phase.at === 'asked' && entry.phase.frame === frame ? entry : undefined;
  }

  /** An event came. Answers false when it is out of order again: the connection can't be trusted any more. */
  event(event: RoomEvent, effects: Effect[]): boolean {
    const { room, seq } = event;
    const entry = this.rooms.get(room);
    // What is still on its way from before a `lagged` or a new subscription is of no interest.
    if (entry?.phase.at !== 'live' || entry.stands === undefined) return true;
    const due = entry.stands.seq + 1;
    if (seq === due) {
      entry.stands = { epoch: event.pos.epoch, seq };
      entry.mending = false;
      tell(effects, room, { kind: 'event', event });
      return true;
    }
    effects.push({ kind: 'note', violation: { kind: seq < due ? 'repeat' : 'gap', room, seq, due } });
    if (seq < due) return true;
    if (entry.mending) return false;
    entry.mending = true;
    this.again(room, effects);
    return true;
  }

  /** All that a resume brings has come. */
  caughtUp(room: string, effects: Effect[]): void {
    const entry = this.rooms.get(room);
    if (entry?.phase.at !== 'live' || !entry.catchingUp) return;
    entry.catchingUp = false;
    tell(effects, room, { kind: 'caught_up' });
  }

  /** To be asked for again, from where it stands. What comes of it until then is of no interest. */
  again(room: string, effects: Effect[]): void {
    const entry = this.rooms.get(room);
    if (entry?.phase.at !== 'live') return;
    entry.phase = IDLE;
    this.due.push(room);
    tell(effects, room, { kind: 'paused' });
  }

  /** Something that is not of the room's order: for whoever hears it. */
  tell(room: string, update: Update, effects: Effect[]): void {
    if (this.rooms.get(room)?.phase.at === 'live') tell(effects, room, update);
  }

  /** When the first of those that were put off is due again. */
  deadline(): number | undefined {
    let first: number | undefined;
    for (const { phase } of this.rooms.values()) {
      if (phase.at === 'put_off' && (first === undefined || phase.until < first)) first = phase.until;
    }
    return first;
  }

  tick(now: number): void {
    for (const [room, entry] of this.rooms) {
      if (entry.phase.at === 'put_off' && entry.phase.until <= now) {
        entry.phase = IDLE;
        this.due.push(room);
      }
    }
  }

  ended(room: string, reason: string, effects: Effect[]): void {
    if (this.rooms.delete(room)) tell(effects, room, { kind: 'ended', reason });
  }

  endAll(reason: string, effects: Effect[]): void {
    for (const room of [...this.rooms.keys()]) this.ended(room, reason, effects);
  }

  /** The connection is gone: all are to be asked for again. */
  disconnected(effects: Effect[]): void {
    this.asked = 0;
    this.due = [...this.rooms.keys()];
    for (const [room, entry] of this.rooms) {
      if (entry.phase.at === 'live') tell(effects, room, { kind: 'paused' });
      entry.phase = IDLE;
      entry.catchingUp = false;
      entry.mending = false;
    }
  }
}

function tell(effects: Effect[], room: string, update: Update): void {
  effects.push({ kind: 'tell', room, update });
}
