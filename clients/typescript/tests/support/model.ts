/**
 * A server as the protocol promises it, without sockets, clock or chance of its own; and a network that breaks as a seed says.
 *
 * It stands in for the real one where thousands of breaks are to be seen in a second; `tests/server` holds the client against the real one.
 */
import { EPOCH, HELLO, receipt, refusal, ROOM, subscription } from './machine.js';

type Json = Record<string, unknown>;

export interface Logged {
  readonly seq: number;
  readonly author: string;
  readonly cid: string;
  readonly text: string;
}

/** Numbers from a seed: mulberry32. */
export function chance(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let bits = Math.imul(state ^ (state >>> 15), 1 | state);
    bits = (bits + Math.imul(bits ^ (bits >>> 7), 61 | bits)) ^ bits;
    return ((bits ^ (bits >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** The room: every session of every client hears it. */
export class ModelRoom {
  readonly log: Logged[] = [];
  readonly sessions = new Set<ModelSession>();

  append(author: string, cid: string, text: string): { entry: Logged; duplicate: boolean } {
    const before = this.log.find((entry) => entry.author === author && entry.cid === cid);
    if (before) return { entry: before, duplicate: true };
    const entry = { seq: this.log.length + 1, author, cid, text };
    this.log.push(entry);
    for (const session of this.sessions) session.push(entry);
    return { entry, duplicate: false };
  }
}

/** One connection of one client: what the server says waits in `outbox` until the network carries it. */
export class ModelSession {
  readonly outbox: Json[] = [];
  private listens = false;

  constructor(
    private readonly room: ModelRoom,
    private readonly author: string,
    private readonly random: () => number,
  ) {
    room.sessions.add(this);
    this.outbox.push({ hello: { ...HELLO, user: { id: author, name: author } } });
  }

  /** The client's frame. */
  hear(frame: Json): void {
    const { id } = frame;
    if ('send' in frame) this.send(id, frame.send as { cid: string; text: string });
    else if ('subscribe' in frame) this.subscribe(id, frame.subscribe as { resume?: { seq: number } });
    else if (id !== undefined) this.outbox.push({ id, ok: 'ping' in frame ? { time: 0 } : {} });
  }

  private send(id: unknown, { cid, text }: { cid: string; text: string }): void {
    const dice = this.random();
    if (dice < 0.1) {
      this.outbox.push({ id, error: refusal('rate_limited', true, { retry_after_ms: 20 }) });
      return;
    }
    const { entry, duplicate } = this.room.append(this.author, cid, text);
    // Written, and yet nobody can say so in time.
    const unknown = { id, error: refusal('timeout', true, { outcome: 'unknown' }) };
    this.outbox.push(dice < 0.2 ? unknown : { id, ok: receipt(cid, entry.seq, duplicate) });
  }

  private subscribe(id: unknown, { resume }: { resume?: { seq: number } }): void {
    const { log } = this.room;
    this.listens = true;
    if (resume && log.length - resume.seq <= 30) {
      this.outbox.push({ id, ok: subscription(log.length, true) });
      for (const entry of log.slice(resume.seq)) this.outbox.push(event(entry));
      this.outbox.push({ caught_up: { room: ROOM, seq: log.length } });
      return;
    }
    const recent = log.slice(-50).map(({ seq, author, text }) => message(seq, author, text));
    const why = resume ? { reason: 'too_far' } : {};
    this.outbox.push({ id, ok: subscription(log.length, resume ? false : null, { recent, ...why }) });
  }

  push(entry: Logged): void {
    if (!this.listens) return;
    if (this.random() < 0.02) {
      // Too slow: paused, until it asks again.
      this.listens = false;
      this.outbox.push({ lagged: { room: ROOM, seq: entry.seq - 1 } });
    } else {
      this.outbox.push(event(entry));
    }
  }

  close(): void {
    this.room.sessions.delete(this);
  }
}

function message(seq: number, author: string, text: string): Json {
  return { seq, id: `e${seq}`, from: { id: author, name: author }, at: seq, text, reactions: [] };
}

function event({ seq, author, cid, text }: Logged): Json {
  const pos = { epoch: EPOCH, partition: 0, offset: seq };
  const said = { type: 'message_sent', from: { id: author, name: author }, cid, at: seq, body: { text } };
  return { event: { room: ROOM, seq, pos, event_id: `e${seq}`, ...said } };
}
