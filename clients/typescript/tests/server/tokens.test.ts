/**
 * Who one is, over time: tokens that run out, wrong clocks, other tabs. The server is real; the tabs share a stand-in for a browser, whose
 * cookies and Web Locks are imitated (support/browser.ts): the page's proofs in Chromium have real ones.
 */
import { afterEach, expect, it } from 'vitest';
import WebSocket from 'ws';
import { Api, type TabMeans } from '../../src/index.js';
import { addressOf, Browser } from '../support/browser.js';
import { Everybody, PASSWORD } from '../support/people.js';
import { Server } from '../support/server.js';
import { until } from '../support/until.js';

/** A token that is replaced at half its life: after two seconds. */
const SHORT_LIFE = {
  ROOMLOG_PEOPLE__ACCESS_TTL_MS: '4000',
  ROOMLOG_SESSION__PING_INTERVAL_MS: '1000',
  ROOMLOG_SESSION__PONG_TIMEOUT_MS: '500',
};
const HOUR_MS = 3_600_000;

let server: Server;
const everybody = new Everybody();
afterEach(async () => {
  everybody.goHome();
  await server.stop();
});

/** Counts the refreshes that an api asks for. */
function counted(): { fetch: typeof fetch; refreshes: () => number } {
  let count = 0;
  return {
    refreshes: () => count,
    fetch: (input, init) => {
      if (addressOf(input).endsWith('/v1/auth/refresh')) count += 1;
      return fetch(input, init);
    },
  };
}

it.each([
  ['right', 0],
  ['three hours fast', 3 * HOUR_MS],
  ['three hours slow', -3 * HOUR_MS],
])('a token is replaced before it runs out, over the open socket, by a clock that is %s', async (_, offMs) => {
  server = await Server.start(SHORT_LIFE);
  const { fetch: counting, refreshes } = counted();
  const clock = () => Date.now() + offMs;
  const ann = await everybody.person(server.url, { fetch: counting, clock });
  const client = everybody.client(ann.api);
  const room = client.open((await ann.api.rooms.create({ name: 'tea', kind: 'public' })).id);
  await until('it is heard', () => room.view.status === 'live');
  expect(Math.abs(client.now() - Date.now())).toBeLessThan(1_000);
  // The first two tokens have run out by then.
  await until('three tokens were had', () => refreshes() >= 3);
  await room.send('still here').receipt;
  expect(client.stats.connections).toBe(1);
  expect(refreshes()).toBeLessThan(6);
});

it('a token that has run out while nobody was connected is replaced, and the room goes on', async () => {
  server = await Server.start(SHORT_LIFE);
  const ann = await everybody.person(server.url);
  const { id } = await ann.api.rooms.create({ name: 'tea', kind: 'public' });
  const sleeper = everybody.client(ann.api);
  sleeper.close();
  await until('the token has run out', () => ann.api.transport.tokens.access === undefined);
  const client = everybody.client(ann.api);
  const room = client.open(id);
  const { seq } = await room.send('awake').receipt;
  await until('it is shown', () => room.view.seq >= seq);
});

it('a token that the server does not take any more ends in the sign-in page, and signing in begins anew', async () => {
  server = await Server.start();
  const ann = await everybody.person(server.url);
  const phone = await everybody.device(ann);
  const client = everybody.client(phone.api);
  const room = client.open((await ann.api.rooms.create({ name: 'tea', kind: 'public' })).id);
  await until('it is heard', () => room.view.status === 'live');
  const users: unknown[] = [];
  phone.api.on('user', (user) => users.push(user));
  await ann.api.me.endOtherSessions();
  await until('it is signed out', () => client.state.kind === 'ended');
  expect(client.state).toMatchObject({ kind: 'ended', why: 'signed_out' });
  expect(room.view.status).toBe('ended');
  expect(users).toEqual([null]);
  await phone.api.auth.login({ username: ann.username, password: PASSWORD });
  client.connect();
  const again = client.open(room.id);
  await until('it is heard again', () => again.view.status === 'live');
});

it('two tabs share cookies, refreshes and read markers, and each has a socket of its own', async () => {
  server = await Server.start(SHORT_LIFE);
  const browser = new Browser();
  const { fetch: counting, refreshes } = counted();
  const ann = await everybody.person(server.url);
  const tab = () => {
    const options = { url: server.url, auth: 'cookie', fetch: browser.fetch(counting), tabs: browser.tabs } as const;
    return everybody.keep(new Api(options));
  };
  const [one, two] = [tab(), tab()];
  await one.auth.login({ username: ann.username, password: PASSWORD });
  await until('the other tab knows', () => two.user?.id === ann.id);
  const { id } = await ann.api.rooms.create({ name: 'tea', kind: 'public' });
  const sockets = { webSocket: browser.webSocket(WebSocket, server.url) };
  const [here, there] = [everybody.client(one, sockets), everybody.client(two, sockets)];
  const [left, right] = [here.open(id), there.open(id)];
  await until('both hear it', () => left.view.status === 'live' && right.view.status === 'live');
  const { seq } = await left.send('hello').receipt;
  await until('both show it', () => [left, right].every(({ view }) => view.messages.length === 1));
  left.read(seq);
  await until('the other tab knows what was read', () => right.view.readSeq === seq);

  const before = refreshes();
  await until('tokens were replaced', () => refreshes() >= before + 3);
  await right.send('and on').receipt;
  expect([here.stats.connections, there.stats.connections]).toEqual([1, 1]);
  // One for both each time: had each asked for itself, it were twice as many.
  const elapsed = browser.refreshTimes.filter((at, place, all) => place > 0 && at - (all[place - 1] ?? 0) < 1_000);
  expect(elapsed).toEqual([]);

  await two.auth.logout();
  await until('both are signed out', () => here.state.kind === 'ended' && there.state.kind === 'ended');
  await expect(one.auth.refresh()).rejects.toMatchObject({ kind: 'unauthenticated' });
});

it('without the means for tabs each refreshes by itself', async () => {
  server = await Server.start(SHORT_LIFE);
  const browser = new Browser();
  const none: TabMeans = {};
  const ann = await everybody.person(server.url);
  const apis = [1, 2].map(() =>
    everybody.keep(new Api({ url: server.url, auth: 'cookie', fetch: browser.fetch(fetch), tabs: none })),
  );
  await apis[0]?.auth.login({ username: ann.username, password: PASSWORD });
  await Promise.all(apis.map((api) => api.auth.refresh()));
  expect(apis.map((api) => api.user?.id)).toEqual([ann.id, ann.id]);
});
