/** What admins ask of a real server: what was done, by name; the log's records as they come, over connections that break. */
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { LogRecord, PassedOver, TailState } from '../../src/index.js';
import { Api } from '../../src/index.js';
import { Everybody, PASSWORD, type Person } from '../support/people.js';
import { Proxy } from '../support/proxy.js';
import { Server } from '../support/server.js';
import { until } from '../support/until.js';

let server: Server;
let proxy: Proxy;
let ann: Person;
/** An admin, who asks over the proxy. */
let root: Api;
const everybody = new Everybody();

beforeEach(async () => {
  server = await Server.start({ ROOMLOG_LIMITS__PERSON_PER_SECOND: '0' });
  await server.makeAdmin('root', PASSWORD);
  proxy = await Proxy.to(server.url);
  ann = await everybody.person(server.url);
  root = everybody.keep(new Api({ url: proxy.url, auth: 'bearer' }));
  await root.auth.login({ username: 'root', password: PASSWORD });
});
afterEach(async () => {
  everybody.goHome();
  await proxy.close();
  await server.stop();
});

/** Takes what comes until it is ended. */
function watch(options: Parameters<Api['admin']['tail']>[0]) {
  const came: (LogRecord | PassedOver)[] = [];
  const states: TailState[] = [];
  const ending = new AbortController();
  const listen = (state: TailState) => states.push(state);
  const over = (async () => {
    for await (const one of root.admin.tail({ ...options, signal: ending.signal, listen })) came.push(one);
  })();
  const offsets = () => came.map((one) => ('offset' in one ? one.offset : one));
  const opened = (times: number) => states.filter(({ kind }) => kind === 'open').length === times;
  return { came, states, offsets, opened, end: () => (ending.abort(), over) };
}

it('shows records as they come, each once over connections that break, and ends when it is told to', async () => {
  const { id } = await ann.api.rooms.create({ name: 'tea', kind: 'private' });
  const say = async (n: number) => (await ann.api.messages.send(id, { text: `secret ${n}` })).pos.offset;
  const expected = [await say(0), await say(1)];
  const tail = watch({ room: id, type: 'message_sent', last: 100 });
  await until('the first ones come', () => tail.offsets().length === 2);
  for (let round = 0; round < 4; round += 1) {
    proxy.cut();
    expected.push(await say(2 * round), await say(2 * round + 1));
    await until('all have come', () => tail.offsets().length >= expected.length);
    await until('it is open again', () => tail.opened(2 + round));
  }
  expect(tail.offsets()).toEqual(expected);
  expect(tail.came[0]).toMatchObject({ room: id, type: 'message_sent', from: { id: ann.id }, withheld: 'said' });
  expect(JSON.stringify(tail.came)).not.toContain('secret');
  await tail.end();
  expect(tail.states.map(({ kind }) => kind)).toEqual(['open', ...Array<string[]>(4).fill(['broken', 'open']).flat()]);
});

it('says how many records are missing behind a break that was too long', async () => {
  const { id } = await ann.api.rooms.create({ name: 'tea', kind: 'public' });
  const room = everybody.client(ann.api, { limits: { pendingMost: 200 } }).open(id);
  const tail = watch({});
  await until('it is open', () => tail.opened(1));
  const { pos } = await room.send('before').receipt;
  await until('it comes', () => tail.offsets().length > 0);
  proxy.unplug();
  await until('it has broken', () => tail.states.at(-1)?.kind === 'broken');
  const receipts = await Promise.all(Array.from({ length: 150 }, (_, n) => room.send(`${n}`).receipt));
  const last = Math.max(...receipts.map((receipt) => receipt.pos.offset));
  proxy.mend();
  await until('it is level', () => tail.offsets().includes(last));
  await tail.end();
  const hundred = Array.from({ length: 100 }, (_, n) => last - 99 + n);
  const here = tail.came.filter((one) => !('offset' in one) || one.partition === pos.partition);
  const offsets = here.map((one) => ('offset' in one ? one.offset : one));
  expect(offsets).toEqual([pos.offset, { passed_over: 50 }, ...hundred]);
});

it('is given up at once where it can not be', async () => {
  const { id } = await ann.api.rooms.create({ name: 'tea', kind: 'public' });
  await expect(ann.api.admin.tail({ room: id }).next()).rejects.toMatchObject({ kind: 'forbidden' });
  await expect(root.admin.tail({ last: 101 }).next()).rejects.toMatchObject({ kind: 'bad_request', field: 'last' });
  proxy.unplug();
  const impatient = root.admin.tail({ tries: 0 });
  await expect(impatient.next()).rejects.toMatchObject({ name: 'ConnectionError' });
});

it('tells what admins did by name, and finds it by who, what and when', async () => {
  const ben = await everybody.person(server.url);
  for (const person of [ann, ben]) await root.admin.disable(person.id);
  await root.admin.enable(ann.id);
  const told = async (query: Parameters<Api['admin']['audit']>[0]) => {
    const { acts } = await root.admin.audit(query);
    return acts.map(({ action, actor_username, target_username }) => [action, actor_username, target_username]);
  };
  const [enabled, disabledBen, disabledAnn, made] = await told({});
  expect([enabled, disabledBen, disabledAnn, made]).toEqual([
    ['user.enable', 'root', ann.username],
    ['user.disable', 'root', ben.username],
    ['user.disable', 'root', ann.username],
    ['admin.create', null, 'root'],
  ]);
  expect(await told({ action: 'user.disable', limit: 1 })).toEqual([disabledBen]);
  expect(await told({ ...(root.user ? { actor: root.user.id } : {}) })).toEqual([enabled, disabledBen, disabledAnn]);
  const { acts } = await root.admin.audit({ limit: 1 });
  const since = (acts[0]?.at ?? 0) + 1;
  expect(await told({ since })).toEqual([]);
  expect((await told({ until: since })).length).toBe(4);
  await expect(root.admin.audit({ since: -1 })).rejects.toMatchObject({ kind: 'bad_request', field: 'since' });
});
