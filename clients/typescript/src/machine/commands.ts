/**
 * Commands that have no outcome yet.
 *
 * What must hold: a write keeps its cid and its `since` over every try; what is said in a room is sent in the order in which it was
 * asked for, and one that was put off holds back those behind it in its room, and no other room's.
 */
import { ClientError, ofRefusal } from '../errors.js';
import type { Refusal } from '../generated/schema.js';
import type { Limits } from '../limits.js';
import { doubled } from './backoff.js';
import type { Ask, Effect, Moment, Outcome, Ticket, Write } from './types.js';

interface Entry {
  readonly ticket: Ticket;
  readonly name: (Write | Ask)['name'];
  readonly body: Record<string, unknown>;
  /** Of a write: its room. It is sent again until its outcome is known. */
  readonly room: string | undefined;
  state: { at: 'waiting' } | { at: 'sent'; frame: number } | { at: 'put_off'; until: number };
  /** Whether `since` was chosen: it is once, before the first try. */
  tried: boolean;
  /** Refusals that asked to come back later. */
  refusals: number;
}

/** A frame to be sent. */
export interface Due {
  readonly ticket: Ticket;
  readonly name: Entry['name'];
  readonly body: Record<string, unknown>;
}

const WAITING = { at: 'waiting' } as const;

export class CommandQueue {
  private entries: Entry[] = [];
  private sent = 0;

  constructor(private readonly limits: Limits) {}

  write(ticket: Ticket, write: Write, effects: Effect[]): void {
    const { name, body, since } = write;
    const entry = { ticket, name, body: { ...body, ...(since == null ? {} : { since }) }, room: body.room };
    this.add({ ...entry, state: WAITING, tried: since !== undefined, refusals: 0 }, effects);
  }

  ask(ticket: Ticket, ask: Ask, effects: Effect[]): void {
    const { name, body } = ask;
    const entry = { ticket, name, body: { ...body }, room: undefined };
    this.add({ ...entry, state: WAITING, tried: false, refusals: 0 }, effects);
  }

  private add(entry: Entry, effects: Effect[]): void {
    if (this.entries.length < this.limits.commandsWaiting) this.entries.push(entry);
    else effects.push(settled(entry, { error: new ClientError('full') }));
  }

  /** The next command to send, which then has this frame's number. `headOf` says what head of a room is seen now, if one is. */
  next(frame: number, headOf: (room: string) => number | undefined, effects: Effect[]): Due | undefined {
    if (this.sent >= this.limits.commandsSent) return undefined;
    const heldBack = new Set<string>();
    for (const entry of this.entries) {
      if (entry.state.at === 'put_off' && entry.room !== undefined) heldBack.add(entry.room);
      if (entry.state.at !== 'waiting' || (entry.room !== undefined && heldBack.has(entry.room))) continue;
      if (entry.room !== undefined && !entry.tried) {
        const head = headOf(entry.room);
        if (head !== undefined) entry.body.since = head;
        effects.push({ kind: 'tried', ticket: entry.ticket, since: head ?? null });
      }
      entry.tried = true;
      entry.state = { at: 'sent', frame };
      this.sent += 1;
      return entry;
    }
    return undefined;
  }

  /** The answer to a frame came. */
  answered(frame: number, answer: { ok: unknown } | { error: Refusal }, moment: Moment, effects: Effect[]): void {
    const entry = this.entries.find(({ state }) => state.at === 'sent' && state.frame === frame);
    if (entry === undefined) return;
    this.sent -= 1;
    if ('ok' in answer) {
      this.settle(entry, { ok: answer.ok }, effects);
    } else if (answer.error.retryable && entry.room !== undefined && entry.refusals + 1 < this.limits.commandTries) {
      entry.state = { at: 'put_off', until: moment.now + this.pause(entry.refusals, answer.error, moment) };
      entry.refusals += 1;
    } else {
      this.settle(entry, { error: ofRefusal(answer.error) }, effects);
    }
  }

  /** As long as the server asks, else something up to a bound that doubles. */
  private pause(refusals: number, { retry_after_ms: asked }: Refusal, { random }: Moment): number {
    const most = doubled(this.limits.retryFirstMs, this.limits.backoffMostMs, refusals);
    return Math.max(asked ?? 0, random * most);
  }

  private settle(entry: Entry, outcome: Outcome, effects: Effect[]): void {
    this.entries = this.entries.filter((other) => other !== entry);
    effects.push(settled(entry, outcome));
  }

  /** When the first of those that were put off is due again. */
  deadline(): number | undefined {
    const until = this.entries.flatMap(({ state }) => (state.at === 'put_off' ? [state.until] : []));
    return until.length === 0 ? undefined : Math.min(...until);
  }

  /** Those that were put off until now wait for their turn again. */
  tick(now: number): void {
    for (const entry of this.entries) {
      if (entry.state.at === 'put_off' && entry.state.until <= now) entry.state = WAITING;
    }
  }

  /** Takes back a command that is not on its way; answers whether it was one. */
  discard(ticket: Ticket, effects: Effect[]): boolean {
    const entry = this.entries.find((other) => other.ticket === ticket && other.state.at !== 'sent');
    if (entry === undefined) return false;
    this.settle(entry, { error: new ClientError('discarded') }, effects);
    return true;
  }

  /** The connection is gone: questions have no answer, writes are to be sent again. */
  disconnected(effects: Effect[]): void {
    this.sent = 0;
    for (const entry of [...this.entries]) {
      if (entry.state.at === 'sent' && entry.room === undefined) {
        this.settle(entry, { error: new ClientError('disconnected') }, effects);
      } else if (entry.state.at === 'sent') {
        entry.state = WAITING;
      }
    }
  }

  /** It is over: none of them has an outcome any more. */
  failAll(effects: Effect[]): void {
    this.sent = 0;
    for (const entry of this.entries) {
      effects.push(settled(entry, { error: new ClientError('closed') }));
    }
    this.entries = [];
  }
}

function settled({ ticket }: Entry, outcome: Outcome): Effect {
  return { kind: 'settle', ticket, outcome };
}
