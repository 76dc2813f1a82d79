/** The machine by itself: what comes in, what goes out. */
import { describe, expect, it } from 'vitest';
import { ClientError } from '../../src/errors.js';
import { EPOCH, event, Given, receipt, refusal, ROOM, sent, subscription, told } from '../support/machine.js';

const send = (cid: string, room = ROOM) => ({ name: 'send', body: { room, cid, text: cid } }) as const;

describe('a room', () => {
  it('hands events on in order', () => {
    const given = new Given().greeted().heard(4);
    const effects = given.hear(event(5), event(6));
    expect(told(effects)).toMatchObject([{ event: { seq: 5 } }, { event: { seq: 6 } }]);
  });

  it('notes a repeat and does not hand it on', () => {
    const given = new Given().greeted().heard(4);
    const effects = given.hear(event(4), event(5));
    expect(effects[0]).toEqual({ kind: 'note', violation: { kind: 'repeat', room: ROOM, seq: 4, due: 5 } });
    expect(told(effects)).toMatchObject([{ event: { seq: 5 } }]);
  });

  it('notes a gap and asks again from where it stands', () => {
    const given = new Given().greeted().heard(4);
    const effects = given.hear(event(6), event(7));
    expect(effects[0]).toEqual({ kind: 'note', violation: { kind: 'gap', room: ROOM, seq: 6, due: 5 } });
    expect(told(effects)).toEqual([{ kind: 'paused' }]);
    const [asked] = sent(effects);
    expect(asked?.subscribe).toEqual({ room: ROOM, recent: 50, resume: { epoch: EPOCH, seq: 4 } });
    const mended = given.hear({ id: asked?.id, ok: subscription(7, true) }, event(5));
    expect(told(mended)).toMatchObject([{ kind: 'recovered' }, { event: { seq: 5 } }]);
  });

  it('gives the connection up when asking again does not mend a gap', () => {
    const given = new Given().greeted().heard(4);
    const [asked] = sent(given.hear(event(6)));
    given.hear({ id: asked?.id, ok: subscription(7, true) });
    expect(given.hear(event(6))).toContainEqual({ kind: 'drop' });
  });

  it('resumes from the last event on the next connection', () => {
    const given = new Given().greeted().heard(4);
    given.hear(event(5));
    given.machine.closed(1006, given.at);
    given.pass(10_000);
    const asked = given.greet().find((frame) => 'subscribe' in frame);
    expect(asked?.subscribe).toMatchObject({ resume: { epoch: EPOCH, seq: 5 } });
    const effects = given.hear({ id: asked?.id, ok: subscription(6, true) }, event(6), {
      caught_up: { room: ROOM, seq: 6 },
    });
    expect(told(effects)).toMatchObject([{ kind: 'recovered' }, { event: { seq: 6 } }, { kind: 'caught_up' }]);
  });

  it('begins anew from a snapshot where it could not be recovered', () => {
    const given = new Given().greeted().heard(4);
    given.machine.closed(1006, given.at);
    given.pass(10_000);
    const asked = given.greet().find((frame) => 'subscribe' in frame);
    const other = subscription(2, false, { epoch: 'other', reason: 'epoch' });
    expect(told(given.hear({ id: asked?.id, ok: other }))).toMatchObject([
      { kind: 'snapshot', subscription: { seq: 2 } },
    ]);
    expect(told(given.hear(event(3)))).toMatchObject([{ event: { seq: 3 } }]);
  });

  it('asks again when it lagged', () => {
    const given = new Given().greeted().heard(4);
    const [asked] = sent(given.hear({ lagged: { room: ROOM, seq: 4 } }));
    expect(asked?.subscribe).toMatchObject({ resume: { seq: 4 } });
  });

  it('that was put off waits for its time', () => {
    const given = new Given().greeted();
    given.machine.subscribe(ROOM, 50, given.at);
    const [asked] = sent(given.take());
    given.hear({ id: asked?.id, error: refusal('unavailable', true, { retry_after_ms: 700 }) });
    expect(sent(given.pass(699))).toEqual([]);
    expect(sent(given.pass(1))).toMatchObject([{ subscribe: { room: ROOM } }]);
  });

  it('ends with the reason of the server', () => {
    const given = new Given().greeted().heard(4);
    expect(told(given.hear({ gone: { room: ROOM, reason: 'kicked' } }))).toEqual([{ kind: 'ended', reason: 'kicked' }]);
    given.machine.subscribe(ROOM, 50, given.at);
    const [asked] = sent(given.take());
    const effects = given.hear({ id: asked?.id, error: refusal('not_found', false) });
    expect(told(effects)).toEqual([{ kind: 'ended', reason: 'not_found' }]);
  });

  it('is one of a thousand that come back a few at a time', () => {
    const given = new Given();
    for (let room = 1; room <= 1_000; room += 1) given.machine.subscribe(`room ${room}`, 0, given.at);
    given.machine.connect(given.at);
    const waiting = given.greet().filter((frame) => 'subscribe' in frame);
    let subscribed = 0;
    for (let asked = waiting.shift(); asked; asked = waiting.shift()) {
      expect(waiting.length).toBeLessThan(64);
      waiting.push(...sent(given.hear({ id: asked.id, ok: subscription(0, null) })));
      subscribed += 1;
    }
    expect(subscribed).toBe(1_000);
  });

  it('of an event of a later server takes its seq', () => {
    const given = new Given().greeted().heard(4);
    const effects = given.hear(event(5, { type: 'poll_opened', body: { question: '?' } }), event(6));
    expect(told(effects)).toMatchObject([
      { event: { seq: 5, type: 'unknown', called: 'poll_opened' } },
      { event: { seq: 6 } },
    ]);
  });
});

describe('a write', () => {
  it('is sent again with its cid and since', () => {
    const given = new Given().greeted().heard(4);
    given.machine.write(1, send('a'), given.at);
    const effects = given.take();
    expect(effects.map(({ kind }) => kind)).toEqual(['tried', 'send']);
    expect(effects[0]).toEqual({ kind: 'tried', ticket: 1, since: 4 });
    const [first] = sent(effects);
    expect(first?.send).toEqual({ room: ROOM, cid: 'a', text: 'a', since: 4 });
    given.hear(event(5));
    given.machine.closed(undefined, given.at);
    given.pass(10_000);
    expect(given.greet().find((frame) => 'send' in frame)?.send).toEqual(first?.send);
  });

  it('tried without a since is never given one', () => {
    const given = new Given().greeted();
    given.machine.write(1, send('a'), given.at);
    expect(given.take()[0]).toEqual({ kind: 'tried', ticket: 1, since: null });
    given.heard(4);
    given.machine.closed(undefined, given.at);
    given.pass(10_000);
    expect(given.greet().find((frame) => 'send' in frame)?.send).toEqual({ room: ROOM, cid: 'a', text: 'a' });
  });

  it('has no since while the room catches up', () => {
    const given = new Given().greeted().heard(4);
    given.machine.closed(undefined, given.at);
    given.pass(10_000);
    const asked = given.greet().find((frame) => 'subscribe' in frame);
    given.hear({ id: asked?.id, ok: subscription(6_000, true) });
    given.machine.write(1, send('a'), given.at);
    expect(sent(given.take())).toMatchObject([{ send: expect.not.objectContaining({ since: 4 }) as unknown }]);
  });

  it('that was put off holds back those behind it in its room alone', () => {
    const given = new Given().greeted();
    given.machine.write(1, send('a'), given.at);
    const [first] = sent(given.take());
    given.hear({ id: first?.id, error: refusal('rate_limited', true, { retry_after_ms: 400 }) });
    given.machine.write(2, send('b'), given.at);
    given.machine.write(3, send('c', 'other'), given.at);
    expect(sent(given.take())).toMatchObject([{ send: { cid: 'c' } }]);
    expect(sent(given.pass(400))).toMatchObject([{ send: { cid: 'a' } }, { send: { cid: 'b' } }]);
  });

  it('fails after so many tries, and is tried again with the since that was told', () => {
    const given = new Given({ limits: { commandTries: 2 } }).greeted().heard(4);
    given.machine.write(1, send('a'), given.at);
    const late = refusal('timeout', true, { outcome: 'unknown' });
    given.hear({ id: sent(given.take())[0]?.id, error: late });
    const again = sent(given.pass(10_000)).find((frame) => 'send' in frame);
    const effects = given.hear({ id: again?.id, error: late });
    expect(effects).toMatchObject([{ kind: 'settle', ticket: 1, outcome: { error: { kind: 'timeout' } } }]);
    given.machine.write(2, { ...send('a'), since: 4 }, given.at);
    expect(sent(given.take())[0]?.send).toMatchObject({ cid: 'a', since: 4 });
  });

  it('can be taken back until it is on its way', () => {
    const given = new Given();
    given.machine.write(1, send('a'), given.at);
    expect(given.machine.discard(1)).toBe(true);
    expect(given.take()).toEqual([{ kind: 'settle', ticket: 1, outcome: { error: new ClientError('discarded') } }]);
    given.greeted().machine.write(2, send('b'), given.at);
    given.take();
    expect(given.machine.discard(2)).toBe(false);
  });

  it('beyond the bound is refused at once', () => {
    const given = new Given({ limits: { commandsWaiting: 1 } });
    given.machine.write(1, send('a'), given.at);
    given.machine.write(2, send('b'), given.at);
    expect(given.take()).toEqual([{ kind: 'settle', ticket: 2, outcome: { error: new ClientError('full') } }]);
  });

  it('waits for its turn beyond what may be on its way', () => {
    const given = new Given({ limits: { commandsSent: 2 } }).greeted();
    for (const ticket of [1, 2, 3]) given.machine.write(ticket, send(`${ticket}`), given.at);
    const [first, second, ...rest] = sent(given.take());
    expect([first, second, rest]).toMatchObject([{ send: { cid: '1' } }, { send: { cid: '2' } }, []]);
    expect(sent(given.hear({ id: first?.id, ok: receipt('1', 1) }))).toMatchObject([{ send: { cid: '3' } }]);
  });
});

it('a question that lost its answer is not asked again', () => {
  const given = new Given().greeted();
  given.machine.ask(5, { name: 'presence', body: { room: ROOM } }, given.at);
  given.take();
  given.machine.closed(undefined, given.at);
  expect(given.take()).toEqual([{ kind: 'settle', ticket: 5, outcome: { error: new ClientError('disconnected') } }]);
  given.pass(10_000);
  expect(given.greet().filter((frame) => 'presence' in frame)).toEqual([]);
});
