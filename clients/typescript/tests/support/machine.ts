/** A machine with what was said to it and what it wants, as given / when / then. */
import { DEFAULT_LIMITS, type Limits } from '../../src/limits.js';
import { Machine } from '../../src/machine/machine.js';
import type { Effect, Moment, Update } from '../../src/machine/types.js';

export const ROOM = '00000000-0000-0000-0000-000000000007';
export const EPOCH = '00000000-0000-0000-0000-000000000009';
export const ME = '00000000-0000-0000-0000-000000000001';
export const HELLO = {
  session: 's',
  user: { id: ME, name: 'me' },
  epoch: EPOCH,
  heartbeat_ms: 25_000,
  limits: { commands: 64, rooms: 1_000, message_bytes: 65_536, text: 4_096 },
};

type Json = Record<string, unknown>;

/** Frames that the machine has sent. */
export function sent(effects: readonly Effect[]): Json[] {
  // What was sent is JSON that the machine has made.
  return effects.flatMap((effect) => (effect.kind === 'send' ? [JSON.parse(effect.text) as Json] : []));
}

/** What the room's subscriber was told. */
export function told(effects: readonly Effect[]): Update[] {
  return effects.flatMap((effect) => (effect.kind === 'tell' ? [effect.update] : []));
}

export function event(seq: number, part: Json = {}): Json {
  return {
    event: {
      room: ROOM,
      seq,
      pos: { epoch: EPOCH, partition: 0, offset: seq },
      event_id: `e${seq}`,
      type: 'message_sent',
      from: { id: ME, name: 'me' },
      cid: `c${seq}`,
      at: seq,
      body: { text: `m${seq}` },
      ...part,
    },
  };
}

export function subscription(seq: number, recovered: boolean | null, part: Json = {}): Json {
  const head = { seq, digest: '' };
  const room = { id: ROOM, kind: 'open', name: 'r', topic: '', owner: null, role: null, created_at: 0, rules: 1, head };
  const presence = { count: 0, users: [] };
  return { room, epoch: EPOCH, seq, digest: '', recovered, recent: [], presence, read_seq: 0, role: 'member', ...part };
}

export function receipt(cid: unknown, seq: number, duplicate = false): Json {
  const pos = { epoch: EPOCH, partition: 0, offset: seq };
  return { cid, seq, pos, at: seq, digest: null, duplicate, trace_id: 't' };
}

export function refusal(name: string, retryable: boolean, part: Json = {}): Json {
  return { code: 300, name, message: '', retryable, outcome: 'none', trace_id: 't', ...part };
}

export class Given {
  now = 1_000;
  random = 0.5;
  readonly machine: Machine;

  constructor(
    setting: { addresses?: string[]; refreshes?: boolean; token?: string | undefined; limits?: Partial<Limits> } = {},
  ) {
    this.machine = new Machine({
      addresses: setting.addresses ?? ['http://one', 'http://two'],
      first: 0,
      limits: { ...DEFAULT_LIMITS, ...setting.limits },
      refreshes: () => setting.refreshes ?? true,
    });
    this.machine.knows('token' in setting ? setting.token : 'token');
  }

  get at(): Moment {
    return { now: this.now, random: this.random };
  }

  /** What is to be done since somebody asked last. */
  take(): Effect[] {
    return this.machine.takeEffects();
  }

  hear(...frames: Json[]): Effect[] {
    this.machine.message(frames.map((frame) => JSON.stringify(frame)).join('\n'), this.at);
    return this.take();
  }

  /** Time passes. */
  pass(ms: number): Effect[] {
    this.now += ms;
    this.machine.tick(this.at);
    return this.take();
  }

  /** Connected, greeted, and the server's time known. */
  greeted(): this {
    this.machine.connect(this.at);
    this.take();
    return this.comeBack();
  }

  /** The next connection, greeted: answers with what was sent then. */
  greet(): Json[] {
    this.machine.opened(this.at);
    this.take();
    const frames = sent(this.hear({ hello: HELLO }, { id: 1, ok: {} }));
    this.answerClock(frames);
    return frames;
  }

  comeBack(): this {
    this.greet();
    return this;
  }

  private answerClock(frames: Json[]): void {
    const ping = frames.find((frame) => 'ping' in frame);
    if (ping) this.hear({ id: ping.id, ok: { time: 0 } });
  }

  /** The room, heard from this seq on. */
  heard(seq: number): this {
    this.machine.subscribe(ROOM, 50, this.at);
    const [asked] = sent(this.take());
    this.hear({ id: asked?.id, ok: subscription(seq, null) });
    return this;
  }
}
