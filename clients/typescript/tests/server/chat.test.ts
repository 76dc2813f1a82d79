/** Two people in a room of a real server. */
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { RoomlogError } from '../../src/index.js';
import { Everybody, texts } from '../support/people.js';
import { Server } from '../support/server.js';
import { until } from '../support/until.js';

let server: Server;
const everybody = new Everybody();
beforeAll(async () => {
  server = await Server.start();
});
afterEach(() => everybody.goHome());
afterAll(() => server.stop());

it('shows what is said at once, and the same to both in the end', async () => {
  const [ann, ben] = [await everybody.person(server.url), await everybody.person(server.url)];
  const { id } = await ann.api.rooms.create({ name: 'tea', kind: 'public' });
  await ben.api.rooms.join(id);
  const [here, there] = [everybody.client(ann.api).open(id), everybody.client(ben.api).open(id)];
  await until('both hear it', () => here.view.status === 'live' && there.view.status === 'live');

  const { cid, receipt } = here.send('hello');
  expect(here.view.pending).toMatchObject([{ cid, text: 'hello', state: 'sending' }]);
  const { seq, digest } = await receipt;
  await until('ben hears it', () => texts(there).includes('hello'));
  await until('it is no longer pending', () => here.view.pending.length === 0);
  expect(here.view.messages.at(-1)).toMatchObject({
    seq,
    cid,
    text: 'hello',
    from: { id: ann.id },
    receipt: { digest },
  });

  await there.react(seq, '👍');
  await here.edit(seq, 'hello!');
  const reply = await there.send('hi', { replyTo: seq }).receipt;
  await until('ann hears it', () => texts(here).includes('hi'));
  expect(here.view.messages.find((message) => message.seq === seq)).toMatchObject({
    text: 'hello!',
    reactions: [{ emoji: '👍', count: 1 }],
  });
  await there.delete(reply.seq);
  await until('it is a tombstone', () => here.view.messages.at(-1)?.deleted === true);
  const { messages } = await ann.api.messages.page(id, { min_seq: here.view.seq });
  expect(here.view.messages.map(({ cid: _, pos: __, receipt: ___, ...message }) => message)).toEqual(messages);
});

it('shows who is there, who writes, and what was read elsewhere', async () => {
  const [ann, ben] = [await everybody.person(server.url), await everybody.person(server.url)];
  const { id } = await ann.api.rooms.create({ name: 'tea', kind: 'public' });
  await ben.api.rooms.join(id);
  const phone = await everybody.device(ann);
  const [here, there, pocket] = [ann.api, ben.api, phone.api].map((api) => everybody.client(api).open(id));
  if (!here || !there || !pocket) throw new Error('three rooms');
  await until('all hear it', () => [here, there, pocket].every(({ view }) => view.status === 'live'));
  await until('both are there', () => here.view.presence.users.length === 2);

  there.typing();
  await until('ben writes', () => here.view.typing.includes(ben.id));
  const { seq } = await there.send('done').receipt;
  await until('it came, and he has stopped', () => here.view.seq === seq && here.view.typing.length === 0);

  here.read(seq);
  expect(here.view.readSeq).toBe(seq);
  await until('the phone knows', () => pocket.view.readSeq === seq);
  there.close();
  await until('ben has left', () => here.view.presence.count === 1);
});

it('says why something is refused, and lets it be discarded', async () => {
  const [ann, ben] = [await everybody.person(server.url), await everybody.person(server.url)];
  const { id } = await ann.api.rooms.create({ name: 'tea', kind: 'public' });
  await ben.api.rooms.join(id);
  await ann.api.moderation.mute(id, ben.id);
  const there = everybody.client(ben.api).open(id);
  const { cid, receipt } = there.send('but');
  await expect(receipt).rejects.toThrow(RoomlogError);
  expect(there.view.pending).toMatchObject([{ cid, state: 'failed', error: { kind: 'muted' } }]);
  await ann.api.moderation.unmute(id, ben.id);
  const again = there.retry(cid);
  await again.receipt;
  await until('it is said', () => there.view.messages.at(-1)?.cid === cid && there.view.pending.length === 0);
  await ann.api.moderation.ban(id, ben.id);
  await until('he is out', () => there.view.ended === 'banned');
});

it('finds somebody by their username, and begins no room with them by that', async () => {
  const [ann, ben] = [await everybody.person(server.url), await everybody.person(server.url)];
  const { id } = await ann.api.rooms.create({ name: 'tea', kind: 'private' });
  const found = await ann.api.people.get(ben.username);
  expect(found).toEqual({ id: ben.id, username: ben.username, display_name: ben.username });
  await ann.api.moderation.invite(id, found.id);
  const { invitations } = await ann.api.rooms.invitees(id);
  expect(invitations.map((invitee) => invitee.id)).toEqual([ben.id]);
  await until('history has the room', async () => (await ann.api.rooms.mine()).rooms.length > 0);
  expect((await ann.api.rooms.mine()).rooms.map((room) => room.id)).toEqual([id]);
  await expect(ann.api.people.get(`${ben.username}x`)).rejects.toMatchObject({ kind: 'not_found', status: 404 });
});
