/** When the machine connects, comes back, or does not, and with which token. */
import { describe, expect, it } from 'vitest';
import { ClientError } from '../../src/errors.js';
import { Given, HELLO, ROOM, sent, told } from '../support/machine.js';

const send = (cid: string) => ({ name: 'send', body: { room: ROOM, cid, text: cid } }) as const;

describe('a connection', () => {
  it('says who it is first', () => {
    const given = new Given();
    given.machine.connect(given.at);
    expect(given.take()).toEqual([{ kind: 'open', address: 'http://one' }]);
    given.machine.opened(given.at);
    expect(sent(given.take())).toEqual([{ id: 1, auth: { token: 'token' } }]);
  });

  it('that is not greeted is given up, and the next address is tried', () => {
    const given = new Given();
    given.machine.connect(given.at);
    given.take();
    given.machine.opened(given.at);
    given.take();
    expect(given.pass(10_000)).toEqual([{ kind: 'drop' }]);
    expect(given.pass(125)).toEqual([{ kind: 'open', address: 'http://two' }]);
  });

  it('is left by a client whose server is silent longer than its heartbeat allows', () => {
    const given = new Given().greeted();
    expect(given.pass(25_000)).toEqual([]);
    expect(sent(given.hear({ ping: {} }))).toEqual([{ pong: {} }]);
    expect(given.pass(39_999)).toEqual([]);
    expect(given.pass(1)).toEqual([{ kind: 'drop' }]);
  });

  it('that owes an answer for too long is given up', () => {
    const given = new Given().greeted();
    given.machine.write(1, send('a'), given.at);
    given.take();
    given.now += 14_000;
    given.hear({ ping: {} });
    expect(given.pass(1_000)).toContainEqual({ kind: 'drop' });
  });

  it('is probed when the network comes back, and kept if anything is heard', () => {
    const given = new Given().greeted();
    given.machine.network(true, given.at);
    const [ping] = sent(given.take());
    expect(ping).toMatchObject({ ping: {} });
    given.hear({ id: ping?.id, ok: { time: 5 } });
    expect(given.pass(4_000)).toEqual([]);
    given.machine.network(false, given.at);
    given.take();
    expect(given.pass(4_000)).toContainEqual({ kind: 'drop' });
    expect(given.machine.state).toEqual({ kind: 'offline' });
    given.machine.network(true, given.at);
    expect(given.take()).toMatchObject([{ kind: 'open' }]);
  });

  it('ends with a frame that is none', () => {
    const given = new Given().greeted();
    given.machine.message('{"event":{"room":4}}', given.at);
    expect(given.take()).toMatchObject([{ kind: 'note', violation: { kind: 'unreadable' } }, { kind: 'drop' }]);
  });

  it('passes over what a later server says', () => {
    const given = new Given().greeted();
    expect(given.hear({ weather: { sun: true } })).toEqual([]);
  });
});

describe('a close', () => {
  const closed = (code: number | undefined, given = new Given().greeted()): Given => {
    given.machine.closed(code, given.at);
    return given;
  };

  it.each([4001, 4003, 4005])('with %i is for good', (code) => {
    const given = closed(code);
    expect(given.machine.state).toMatchObject({ kind: 'ended', why: 'refused', code });
    expect(given.machine.deadline()).toBeUndefined();
  });

  it('for good fails what waits and ends what is heard', () => {
    const given = new Given().greeted().heard(4);
    given.machine.write(1, send('a'), given.at);
    given.take();
    given.hear({ bye: { code: 4003, reason: 'account disabled', resume: false } });
    const effects = closed(4003, given).take();
    expect(effects).toContainEqual(
      expect.objectContaining({ ticket: 1, outcome: { error: new ClientError('closed') } }),
    );
    expect(told(effects)).toContainEqual({ kind: 'ended', reason: 'account disabled' });
  });

  it.each([4101, 4102, 4103, undefined, 1006])('with %s comes back after a pause of chance', (code) => {
    const given = closed(code);
    expect(given.machine.state).toMatchObject({ kind: 'waiting', inMs: 0.5 * 250 });
  });

  it.each([4201, 4202])('with %i comes back now', (code) => {
    expect(closed(code).machine.state).toMatchObject({ kind: 'waiting', inMs: 0 });
  });

  it('that asks for a time waits as long', () => {
    const given = new Given().greeted();
    given.hear({ bye: { code: 4201, reason: 'draining', resume: true, retry_after_ms: 300 } });
    expect(closed(1006, given).machine.state).toMatchObject({ kind: 'waiting', inMs: 300, why: 'draining' });
  });

  it('after close after close waits under a bound that doubles, up to the largest', () => {
    const given = new Given().greeted();
    const pauses = Array.from({ length: 8 }, () => {
      closed(undefined, given);
      const before = given.now;
      given.now = given.machine.deadline() ?? before;
      given.pass(0);
      return (given.now - before) * 2;
    });
    expect(pauses).toEqual([250, 500, 1_000, 2_000, 4_000, 8_000, 10_000, 10_000]);
  });

  it('after a connection that held begins with the first pause again', () => {
    const given = closed(undefined);
    closed(undefined, (given.pass(10_000), given));
    given.pass(10_000);
    given.greet();
    given.now += 10_000;
    expect(closed(undefined, given).machine.state).toMatchObject({ inMs: 125 });
  });
});

describe('a token', () => {
  it('is asked for where none is known', () => {
    const given = new Given({ token: undefined });
    given.machine.connect(given.at);
    expect(given.take()).toEqual([{ kind: 'refresh' }]);
    given.machine.authorized('new', given.at);
    expect(given.take()).toEqual([{ kind: 'open', address: 'http://one' }]);
  });

  it.each([4204, 4002, 4004])('that was refused with %i is replaced before it comes back', (code) => {
    const given = new Given().greeted();
    given.machine.closed(code, given.at);
    expect(given.take()).toContainEqual({ kind: 'refresh' });
    given.machine.authorized('new', given.at);
    expect(given.take()).toMatchObject([{ kind: 'open' }]);
    given.machine.opened(given.at);
    expect(sent(given.take())).toMatchObject([{ auth: { token: 'new' } }]);
  });

  it('that is new and refused all the same is the end', () => {
    const given = new Given().greeted();
    given.machine.closed(4002, given.at);
    given.machine.authorized('new', given.at);
    given.machine.opened(given.at);
    given.machine.closed(4002, given.at);
    expect(given.machine.state).toMatchObject({ kind: 'ended', why: 'signed_out', code: 4002 });
  });

  it('that runs out as soon as it is made is not asked for in a circle', () => {
    const given = new Given().greeted();
    given.machine.closed(4204, given.at);
    given.machine.authorized('new', given.at);
    given.machine.opened(given.at);
    given.machine.closed(4204, given.at);
    expect(given.machine.state).toMatchObject({ kind: 'waiting' });
    expect(given.pass(10_000)).toContainEqual({ kind: 'refresh' });
  });

  it('that nobody gives out now is asked for again later; that nobody gives out any more is the end', () => {
    const given = new Given({ token: undefined });
    given.machine.connect(given.at);
    given.take();
    given.machine.unauthorized('for_now', given.at);
    expect(given.machine.state).toMatchObject({ kind: 'waiting' });
    expect(given.pass(1_000)).toEqual([{ kind: 'refresh' }]);
    given.machine.unauthorized('signed_out', given.at);
    expect(given.machine.state).toEqual({ kind: 'ended', why: 'signed_out' });
  });

  it('that can not be replaced is the end', () => {
    const given = new Given({ refreshes: false }).greeted();
    given.machine.closed(4204, given.at);
    expect(given.machine.state).toMatchObject({ kind: 'ended', why: 'signed_out', code: 4204 });
  });

  it('is replaced over the open socket', () => {
    const given = new Given().greeted();
    given.machine.authorized('new', given.at);
    expect(sent(given.take())).toMatchObject([{ auth: { token: 'new' } }]);
  });
});

it('learns the time of the server when it is greeted, and asks again in a while', () => {
  const given = new Given();
  given.machine.connect(given.at);
  given.machine.opened(given.at);
  given.take();
  const ping = sent(given.hear({ hello: HELLO })).find((frame) => 'ping' in frame);
  const sentAt = given.now;
  given.now += 40;
  const effects = given.hear({ id: ping?.id, ok: { time: 77 } });
  expect(effects).toEqual([{ kind: 'time', sentAt, heardAt: sentAt + 40, time: 77 }]);
  given.now += 300_000;
  expect(sent(given.hear({ ping: {} }))).toMatchObject([{ pong: {} }, { ping: {} }]);
});
