/** What is said, and what a later life of the client makes of it: the outbox, with the client's socket played by the test. */
import { describe, expect, it } from 'vitest';
import { ClientError, ofRefusal, RoomlogError } from '../../src/errors.js';
import type { Unsent } from '../../src/index.js';
import { DEFAULT_LIMITS } from '../../src/limits.js';
import type { Write } from '../../src/machine/types.js';
import { read } from '../../src/protocol/check.js';
import { ofPush } from '../../src/protocol/event.js';
import type { RoomHost, WriteListener } from '../../src/shell/host.js';
import { Sayings } from '../../src/shell/sayings.js';
import { RoomState } from '../../src/view/room-state.js';
import { event, ME, receipt, refusal, ROOM, subscription } from '../support/machine.js';
import { MemoryOutbox } from '../support/outbox.js';

interface Written {
  readonly write: Write;
  readonly listener: WriteListener;
}

/** A life of a client: what it was left, what it writes. */
class Life {
  readonly outbox: MemoryOutbox;
  readonly state = new RoomState(() => ME, 50, DEFAULT_LIMITS);
  readonly sayings: Sayings;
  readonly written: Written[] = [];
  private cids = 0;

  constructor(left: readonly Unsent[] = []) {
    this.outbox = new MemoryOutbox(left);
    const host: Partial<RoomHost> = {
      outbox: this.outbox,
      now: () => 7,
      newCid: () => `c${(this.cids += 1)}`,
      write: (write, listener) => {
        if (listener) this.written.push({ write, listener });
        return { ticket: this.written.length, receipt: new Promise(() => undefined) };
      },
      discard: () => true,
    };
    // As much of a host as whoever only says something asks.
    this.sayings = new Sayings(ROOM, this.state, host as RoomHost, DEFAULT_LIMITS, () => undefined);
  }

  get bodies(): unknown[] {
    return this.written.map(({ write }) => write.body);
  }

  get shown(): unknown[] {
    return this.state.view.pending.map(({ text, state }) => [text, state]);
  }

  listener(place: number): WriteListener {
    const written = this.written[place];
    if (!written) throw new Error(`only ${this.written.length} were written`);
    return written.listener;
  }

  /** The next one, with what this one leaves. */
  next(): Life {
    const life = new Life(this.outbox.all());
    life.sayings.restore();
    return life;
  }
}

const muted = () => ofRefusal(read('Refusal', refusal('muted', false)));

describe('what is said', () => {
  it('is kept before it leaves, with its since once it has, and until the log has it', () => {
    const life = new Life();
    life.sayings.send('tea?', { replyTo: 3 });
    const unsent = { cid: 'c1', room: ROOM, text: 'tea?', replyTo: 3, at: 7 };
    expect(life.outbox.all()).toEqual([unsent]);
    life.listener(0).tried(4);
    expect(life.outbox.all()).toEqual([{ ...unsent, since: 4 }]);
    life.listener(0).settled({ receipt: read('Receipt', receipt('c1', 5)) });
    expect(life.outbox.all()).toEqual([]);
  });

  it('is said again by the next life, in order, with the same cid and since', () => {
    const life = new Life();
    for (const text of ['one', 'two']) life.sayings.send(text, {});
    life.listener(0).tried(4);
    const next = life.next();
    expect(next.bodies).toEqual(life.bodies);
    expect(next.written.map(({ write }) => write.since)).toEqual([4, undefined]);
    expect(next.shown).toEqual([
      ['one', 'sending'],
      ['two', 'sending'],
    ]);
  });

  it('is said again too where the client gave it up, for that is no outcome', () => {
    const life = new Life();
    life.sayings.send('one', {});
    life.listener(0).settled({ error: new ClientError('closed') });
    expect(life.shown).toEqual([['one', 'failed']]);
    expect(life.next().shown).toEqual([['one', 'sending']]);
  });

  it('stands there as failed where the server refused it, and is said again by a retry', () => {
    const life = new Life();
    life.sayings.send('one', {});
    life.listener(0).tried(4);
    life.listener(0).settled({ error: muted() });
    const next = life.next();
    expect([next.shown, next.bodies]).toEqual([[['one', 'failed']], []]);
    const [pending] = next.state.view.pending;
    expect(pending?.error).toBeInstanceOf(RoomlogError);
    expect(pending?.error).toMatchObject({ kind: 'muted' });
    next.sayings.retry('c1');
    expect(next.written).toMatchObject([{ write: { body: { cid: 'c1' }, since: 4 } }]);
    expect(next.outbox.all()).toMatchObject([{ cid: 'c1', since: 4 }]);
    expect(next.outbox.all()[0]).not.toHaveProperty('refused');
  });

  it('is something new where it can never be accepted any more', () => {
    const life = new Life();
    life.sayings.send('one', {});
    life.listener(0).tried(4);
    life.listener(0).settled({ error: ofRefusal(read('Refusal', refusal('expired', false))) });
    life.sayings.retry('c1');
    expect(life.bodies.at(-1)).toMatchObject({ cid: 'c2', text: 'one' });
    expect(life.outbox.all()).toEqual([{ cid: 'c2', room: ROOM, text: 'one', at: 7 }]);
  });

  it('is forgotten when it is discarded', () => {
    const life = new Life();
    life.sayings.send('one', {});
    life.sayings.discard('c1');
    expect([life.outbox.all(), life.next().shown]).toEqual([[], []]);
  });

  it('is left to the room where it was said', () => {
    const life = new Life([{ cid: 'c9', room: 'another', text: 'there', at: 1 }]);
    life.sayings.restore();
    expect([life.shown, life.bodies]).toEqual([[], []]);
    expect(life.outbox.all()).toHaveLength(1);
  });
});

describe('what may have landed in an earlier life', () => {
  const again = () => {
    const life = new Life([{ cid: 'c5', room: ROOM, text: 'm5', at: 1, since: 4 }]);
    life.sayings.restore();
    return life;
  };
  const m5 = { seq: 5, id: 'e5', from: { id: ME, name: 'me' }, at: 5, text: 'm5', reactions: [] };

  it('is not shown beside itself where it comes with a snapshot or a page', () => {
    for (const way of ['snapshot', 'page']) {
      const life = again();
      const recent = way === 'snapshot' ? [m5] : [];
      const told = read('Subscription', subscription(5, null, { recent }));
      life.state.apply({ kind: 'snapshot', subscription: told }, 0);
      if (way === 'page') {
        expect(life.shown).toEqual([['m5', 'sending']]);
        life.state.fold.prepend([m5]);
        life.state.messagesChanged();
      }
      expect([life.state.view.messages.length, life.shown]).toEqual([1, []]);
      life.listener(0).settled({ receipt: read('Receipt', receipt('c5', 5, true)) });
      expect([life.state.view.messages.length, life.shown, life.outbox.all()]).toEqual([1, [], []]);
    }
  });

  it('is shown again where it turns out to be refused', () => {
    const life = again();
    const told = read('Subscription', subscription(5, null, { recent: [m5] }));
    life.state.apply({ kind: 'snapshot', subscription: told }, 0);
    life.listener(0).settled({ error: muted() });
    expect(life.shown).toEqual([['m5', 'failed']]);
  });

  it('is forgotten when its event comes', () => {
    const life = again();
    life.state.apply({ kind: 'snapshot', subscription: read('Subscription', subscription(4, null)) }, 0);
    const heard = ofPush(read('EventPush', event(5).event));
    life.state.apply({ kind: 'event', event: heard }, 0);
    life.sayings.heard(heard.cid);
    expect([life.shown, life.outbox.all()]).toEqual([[], []]);
  });
});
