/** A long room of a real server: pages backwards, windows elsewhere, and all of it kept current. */
import { afterAll, afterEach, beforeAll, expect, it, vi } from 'vitest';
import { Everybody, type Person } from '../support/people.js';
import { Server } from '../support/server.js';
import { until } from '../support/until.js';
import { bare } from '../support/witness.js';

const SAID = 240;

let server: Server;
let ann: Person;
let ben: Person;
let id: string;
const everybody = new Everybody();

beforeAll(async () => {
  server = await Server.start({ ROOMLOG_LIMITS__PERSON_PER_SECOND: '0' });
  ann = await everybody.person(server.url);
  ben = await everybody.person(server.url);
  id = (await ann.api.rooms.create({ name: 'tea', kind: 'public' })).id;
  await ben.api.rooms.join(id);
  const room = everybody.client(ann.api, { limits: { pendingMost: SAID } }).open(id);
  await Promise.all(Array.from({ length: SAID }, (_, n) => room.send(`message ${n}`).receipt));
});
afterEach(() => everybody.goHome());
afterAll(() => server.stop());

async function all(min_seq: number): Promise<unknown[]> {
  const [old, young] = await Promise.all([
    ann.api.messages.page(id, { after: 0, limit: 200, min_seq }),
    ann.api.messages.page(id, { after: 202, limit: 200, min_seq }),
  ]);
  return [...old.messages, ...young.messages];
}

it('is read backwards without holes while people edit, react and delete', async () => {
  const room = everybody.client(ann.api).open(id, { recent: 20 });
  await until('it is heard', () => room.view.status === 'live');
  expect(room.view).toMatchObject({ complete: false, messages: { length: 20 } });
  const other = everybody.client(ben.api).open(id, { recent: 0 });
  const busy = (async () => {
    for (let seq = 10; seq < 200; seq += 15) {
      await other.react(seq, '👍');
      await ann.api.messages.edit(id, seq, { text: `edited ${seq}` });
      await ann.api.messages.delete(id, seq + 1);
    }
  })();
  while (!room.view.complete) await room.older(30);
  await busy;
  // Messages whose reactions were in doubt are asked for again, a little later.
  await vi.waitFor(async () => expect(room.view.messages.map(bare)).toEqual(await all(room.view.seq)), {
    timeout: 30_000,
    interval: 200,
  });
  expect(room.view.messages.filter(({ reactions }) => reactions.length > 0).length).toBe(13);
});

it('is looked at elsewhere, and that is kept current too', async () => {
  const room = everybody.client(ann.api).open(id, { recent: 5 });
  await until('it is heard', () => room.view.status === 'live');
  const window = await room.window(100, 20);
  const seqs = () => window.view.messages.map(({ seq }) => seq);
  expect(seqs()).toEqual(Array.from({ length: 20 }, (_, n) => 91 + n));
  expect(window.view).toMatchObject({ atStart: false, atEnd: false });
  await room.edit(100, 'seen in the window');
  await until('it is edited there', () => window.view.messages.some(({ text }) => text === 'seen in the window'));
  await window.older(50);
  while (!window.view.atEnd) await window.newer(50);
  await room.send('and on').receipt;
  await until('it goes on at the head', () => window.view.messages.at(-1)?.text === 'and on');
  expect(seqs()).toEqual(seqs().toSorted((one, two) => one - two));
  expect(new Set(seqs()).size).toBe(seqs().length);
  expect(seqs()[0]).toBe(41);
  window.close();
});
