/** What breaks between a client and a real server: nothing is shown twice, out of order, or not at all. */
import { afterEach, expect, it } from 'vitest';
import { ClientError } from '../../src/index.js';
import { Everybody, texts } from '../support/people.js';
import { Proxy } from '../support/proxy.js';
import { Server } from '../support/server.js';
import { until } from '../support/until.js';
import { Witness } from '../support/witness.js';

let server: Server;
let proxy: Proxy;
const everybody = new Everybody();

async function scene(settings: Record<string, string> = {}) {
  server = await Server.start(settings);
  proxy = await Proxy.to(server.url);
  const [ann, ben] = [await everybody.person(server.url), await everybody.person(server.url)];
  const { id } = await ann.api.rooms.create({ name: 'tea', kind: 'public' });
  await ben.api.rooms.join(id);
  const client = everybody.client(ann.api, { addresses: [proxy.url] });
  const room = client.open(id);
  const witness = new Witness(room, client);
  await until('it is heard', () => room.view.status === 'live');
  return { ann, ben, id, client, room, witness };
}

afterEach(async () => {
  everybody.goHome();
  await proxy.close();
  await server.stop();
});

it('a send whose ack was lost counts once', async () => {
  const { ann, ben, id, client, room, witness } = await scene();
  proxy.loseAnswers();
  const said = Array.from({ length: 20 }, (_, n) => `lost ${n}`);
  const sendings = said.map((text) => room.send(text));
  const page = () => ben.api.messages.page(id, { limit: 200 });
  await until('the server has them all', async () => (await page()).messages.length === said.length);
  expect(room.view.pending.map(({ state }) => state)).toEqual(said.map(() => 'sending'));
  proxy.cut();
  const receipts = await Promise.all(sendings.map(({ receipt }) => receipt));
  expect(receipts.every(({ duplicate }) => duplicate)).toBe(true);
  expect(client.stats.connections).toBe(2);
  await witness.agrees(ann.api, said);
});

it('a connection that breaks again and again loses nothing', async () => {
  const { ann, ben, id, room, witness } = await scene();
  const said: string[] = [];
  for (let round = 0; round < 12; round += 1) {
    for (let n = 0; n < 5; n += 1) {
      said.push(`ann ${round}.${n}`, `ben ${round}.${n}`);
      room.send(`ann ${round}.${n}`);
      await ben.api.messages.send(id, { text: `ben ${round}.${n}` });
    }
    if (round % 2 === 0) proxy.loseAnswers();
    room.send(`late ${round}`);
    said.push(`late ${round}`);
    proxy.cut();
    await until('it is heard again', () => room.view.status === 'live');
  }
  await witness.agrees(ann.api, said);
});

it('what is said without a connection waits, is shown, and is said when there is one', async () => {
  const { ann, ben, id, client, room, witness } = await scene();
  proxy.unplug();
  await until('it waits', () => client.state.kind === 'waiting');
  const said = ['one', 'two', 'three'];
  for (const text of said) room.send(text);
  const unsaid = room.send('not so');
  expect(texts(room)).toEqual([...said, 'not so']);
  expect(room.discard(unsaid.cid)).toBe(true);
  await expect(unsaid.receipt).rejects.toThrow(new ClientError('discarded'));
  await ben.api.messages.send(id, { text: 'meanwhile' });
  proxy.mend();
  await witness.agrees(ann.api, [...said, 'meanwhile']);
  expect(room.view.messages.map(({ text }) => text)).toEqual(['meanwhile', ...said]);
});

it('the queue of what is said without a connection is bounded', async () => {
  const { ann, client, witness, id } = await scene();
  const bounded = everybody.client(ann.api, { addresses: [proxy.url], limits: { pendingMost: 3 } });
  const room = bounded.open(id);
  await until('it is heard', () => room.view.status === 'live');
  proxy.unplug();
  await until('both wait', () => client.state.kind === 'waiting' && bounded.state.kind === 'waiting');
  const sendings = ['1', '2', '3', '4'].map((text) => room.send(text));
  await expect(sendings[3]?.receipt).rejects.toThrow(new ClientError('full'));
  expect(texts(room)).toEqual(['1', '2', '3']);
  proxy.mend();
  await witness.agrees(ann.api, ['1', '2', '3']);
});

it('a client that reads too slowly is paused, and misses nothing', async () => {
  const { ann, ben, id, room, witness, client } = await scene({
    ROOMLOG_EDGE__OUTBOX_BYTES: '65536',
    ROOMLOG_EDGE__OUTBOX_RESERVE_BYTES: '16384',
    ROOMLOG_LIMITS__PERSON_PER_SECOND: '0',
    ROOMLOG_LIMITS__ROOM_PER_SECOND: '0',
  });
  let paused = 0;
  room.subscribe(({ status }) => (paused += status === 'paused' ? 1 : 0));
  proxy.pause();
  const loud = everybody.client(ben.api).open(id);
  // Far more than the kernel's buffers of both sockets and the outbox hold together.
  const said = Array.from({ length: 2_500 }, (_, n) => `${n} `.padEnd(4_000, 'x'));
  for (let from = 0; from < said.length; from += 100) {
    await Promise.all(said.slice(from, from + 100).map((text) => loud.send(text).receipt));
  }
  proxy.resume();
  await witness.agrees(ann.api, said);
  expect(paused).toBeGreaterThan(0);
  // It was told so on the connection that it had, or was closed as too slow: both ways it went on where it stood.
  expect(client.stats.connections).toBeLessThan(3);
});

it('a log with another epoch is shown from its beginning, and what was on its way is said there', async () => {
  const { ann, room, client, id } = await scene();
  await room.send('in the old log').receipt;
  await until('it is shown', () => room.view.messages.length === 1);
  const { epoch } = room.view;
  room.close();
  const general = client.open('a97685bd-efe0-5571-84e1-aa9bd8918750');
  await until('general is heard', () => general.view.status === 'live');
  await general.send('general, of old').receipt;
  proxy.unplug();
  const { receipt } = general.send('to whom it may concern');
  await server.restartWithNewLog();
  proxy.mend();
  await receipt;
  await until('the new log is shown', () => texts(general).length === 1);
  expect(texts(general)).toEqual(['to whom it may concern']);
  expect(general.view.epoch).not.toBe(epoch);
  expect(client.stats.violations).toEqual([]);
  await expect(ann.api.rooms.get(id)).rejects.toMatchObject({ kind: 'not_found' });
});
