/** Replays over the socket of a real server: credit, early ends, and connections that break. */
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Client, ReplayedEvent } from '../../src/index.js';
import { Everybody, type Person } from '../support/people.js';
import { Proxy } from '../support/proxy.js';
import { Server } from '../support/server.js';
import { until } from '../support/until.js';

/** Messages said; with the room's creation before them the log has one record more. */
const SAID = 300;

let server: Server;
let proxy: Proxy;
let ann: Person;
let id: string;
let client: Client;
const everybody = new Everybody();

beforeEach(async () => {
  server = await Server.start({ ROOMLOG_LIMITS__PERSON_PER_SECOND: '0' });
  proxy = await Proxy.to(server.url);
  ann = await everybody.person(server.url);
  id = (await ann.api.rooms.create({ name: 'tea', kind: 'public' })).id;
  client = everybody.client(ann.api, { addresses: [proxy.url], limits: { pendingMost: SAID } });
  const room = client.open(id);
  const sent = Array.from({ length: SAID }, (_, n) => room.send(`message ${n}`).receipt);
  await Promise.all(sent);
});
afterEach(async () => {
  everybody.goHome();
  await proxy.close();
  await server.stop();
});

const seqs = (records: readonly ReplayedEvent[]) => records.map(({ seq }) => seq);
const allSeqs = Array.from({ length: SAID + 1 }, (_, n) => n + 1);

it('brings every record once, in order, as far as there is credit', async () => {
  const records: ReplayedEvent[] = [];
  for await (const record of client.replay(id, { from: { seq: 1 }, window: 7, datum: true })) records.push(record);
  expect(seqs(records)).toEqual(allSeqs);
  expect(records[0]).toMatchObject({ type: 'room_created', verdict: 'accepted' });
  expect(records.every(({ datum, digest }) => Boolean(datum) && Boolean(digest))).toBe(true);
});

it('ends where it is told to', async () => {
  const records: ReplayedEvent[] = [];
  for await (const record of client.replay(id, { from: { seq: 5 }, to: { seq: 9 } })) records.push(record);
  expect(seqs(records)).toEqual([5, 6, 7, 8, 9]);
});

it('ends with `break`, and gives its place to the next', async () => {
  // More than one person may have at once: each must be given back.
  for (let round = 0; round < 12; round += 1) {
    let taken = 0;
    for await (const record of client.replay(id, { from: { seq: 1 }, window: 4 })) {
      taken += 1;
      if (record.seq === 10) break;
    }
    expect(taken).toBe(10);
  }
});

it('goes on where it was when the connection breaks', async () => {
  const records: ReplayedEvent[] = [];
  for await (const record of client.replay(id, { from: { seq: 1 }, window: 16 })) {
    records.push(record);
    if (records.length % 60 === 0) {
      const { connections } = client.stats;
      proxy.cut();
      await until('it has come back', () => client.stats.connections > connections);
    }
  }
  expect(seqs(records)).toEqual(allSeqs);
  expect(client.stats.connections).toBe(6);
});

it('says what is wrong with what was asked', async () => {
  const replay = client.replay(id, { from: { offset: 1_000_000 } });
  await expect(replay.next()).rejects.toMatchObject({ kind: 'out_of_range' });
});

it('is the same over HTTP, and ends there with `break` too', async () => {
  const records: ReplayedEvent[] = [];
  for await (const record of ann.api.log.events(id, { from_seq: 1 })) records.push(record);
  expect(seqs(records)).toEqual(allSeqs);
  for await (const record of ann.api.log.events(id, { from_seq: 1 })) if (record.seq === 10) break;
  const past = await ann.api.log.at(id, { seq: 11 });
  expect(past.recent.map(({ text }) => text).at(-1)).toBe('message 9');
});
