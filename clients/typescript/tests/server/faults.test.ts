/** What breaks between a client and a real server: nothing is shown twice, out of order, or not at all. */
import { afterEach, expect, it } from 'vitest';
import { ClientError, type ClientOptions } from '../../src/index.js';
import { MemoryOutbox } from '../support/outbox.js';
import { Everybody, texts } from '../support/people.js';
import { Proxy } from '../support/proxy.js';
import { Server } from '../support/server.js';
import { until } from '../support/until.js';
import { Wiretap } from '../support/wiretap.js';
import { Witness } from '../support/witness.js';

let server: Server;
let proxy: Proxy;
const everybody = new Everybody();

async function scene(settings: Record<string, string> = {}, options: Partial<ClientOptions> = {}) {
  server = await Server.start(settings);
  proxy = await Proxy.to(server.url);
  const [ann, ben] = [await everybody.person(server.url), await everybody.person(server.url)];
  const { id } = await ann.api.rooms.create({ name: 'tea', kind: 'public' });
  await ben.api.rooms.join(id);
  const client = everybody.client(ann.api, { addresses: [proxy.url], ...options });
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

it('what one client left unsent another says once, whether it had landed or not', async () => {
  const { ann, ben, id, client: first, room: left } = await scene();
  first.close();
  const outbox = new MemoryOutbox();
  const client = everybody.client(ann.api, { addresses: [proxy.url], outbox });
  const room = client.open(id);
  await until('it is heard', () => room.view.status === 'live');
  proxy.loseAnswers();
  room.send('landed');
  await until('the server has it', async () => (await ben.api.messages.page(id)).messages.length === 1);
  proxy.unplug();
  await until('it waits', () => client.state.kind === 'waiting');
  room.send('not landed');
  expect(texts(room)).toEqual(['landed', 'not landed']);
  // A page that is loaded again has what was kept, and nothing else.
  const kept = outbox.all();
  expect(kept.map(({ text, since }) => [text, typeof since])).toEqual([
    ['landed', 'number'],
    ['not landed', 'undefined'],
  ]);
  client.close();
  const again = new MemoryOutbox(kept);
  const next = everybody.client(ann.api, { outbox: again });
  const shown = next.open(id);
  const witness = new Witness(shown, next);
  await witness.agrees(ann.api, ['landed', 'not landed']);
  expect(again.all()).toEqual([]);
  expect(left.view.status).toBe('ended');
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

it('a client that reads too slowly is told so, goes on over the same socket, and misses nothing', async () => {
  const tap = new Wiretap();
  const patience = { answerTimeoutMs: 300_000 };
  const { ann, ben, id, room, witness, client } = await scene(
    {
      ROOMLOG_EDGE__OUTBOX_BYTES: '262144',
      ROOMLOG_LIMITS__PERSON_PER_SECOND: '0',
      ROOMLOG_LIMITS__ROOM_PER_SECOND: '0',
      // Whoever does not read answers no pings either: here that must not be what ends it.
      ROOMLOG_SESSION__PING_INTERVAL_MS: '600000',
      ROOMLOG_SESSION__PONG_TIMEOUT_MS: '300000',
    },
    { webSocket: tap.webSocket, limits: patience },
  );
  const statuses: string[] = [];
  room.subscribe(({ status }) => statuses.at(-1) !== status && statuses.push(status));
  proxy.pause();
  const loud = everybody.client(ben.api).open(id);
  // Far more than the kernel's buffers of both sockets and the outbox hold together.
  const said = Array.from({ length: 2_500 }, (_, n) => `${n} `.padEnd(4_000, 'x'));
  for (let from = 0; from < said.length; from += 100) {
    await Promise.all(said.slice(from, from + 100).map((text) => loud.send(text).receipt));
  }
  proxy.resume();
  await witness.agrees(ann.api, said);

  // One socket from the first frame to the last, and it was told on it.
  expect(tap.sockets.map(({ code }) => code)).toEqual([undefined]);
  expect(client.stats.connections).toBe(1);
  const frames = tap.sockets[0]?.frames ?? [];
  const pushes = frames.flatMap((frame) => Object.entries(frame).filter(([name]) => name !== 'id'));
  const names = pushes.map(([name]) => name);
  expect(names).not.toContain('bye');
  const lagged = names.indexOf('lagged');
  expect(lagged).toBeGreaterThan(0);
  // Whoever asks for the seq of a push asks of one that has it. The last event before it is the one that it names; what comes next of the room is what follows that one, as a resume.
  const seqOf = (at: number): unknown => (pushes[at]?.[1] as { seq: number } | undefined)?.seq;
  expect(seqOf(names.lastIndexOf('event', lagged))).toBe(seqOf(lagged));
  const answer = pushes.slice(lagged).find(([name]) => name === 'ok')?.[1];
  expect(answer).toMatchObject({ room: { id }, recovered: true });
  expect(names.indexOf('ok', lagged)).toBeLessThan(names.indexOf('event', lagged));
  expect(names.indexOf('caught_up', lagged)).toBeGreaterThan(names.indexOf('event', lagged));
  const seqs = pushes.flatMap(([name], at) => (name === 'event' ? [seqOf(at)] : []));
  expect(seqs).toEqual(said.map((_, n) => n + 3));
  expect(witness.heard).toEqual(seqs);
  expect(statuses).toContain('paused');
  expect(statuses.at(-1)).toBe('live');
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
