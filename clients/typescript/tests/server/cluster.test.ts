/** Two edges, one of which is killed with messages in flight: each message counts once, is shown once, in order. */
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { Cluster } from '../support/cluster.js';
import { Everybody } from '../support/people.js';
import { until } from '../support/until.js';
import { Witness } from '../support/witness.js';

let cluster: Cluster;
const everybody = new Everybody();
beforeAll(async () => {
  cluster = await Cluster.up();
});
afterEach(() => everybody.goHome());
afterAll(() => cluster.wipe());

it('goes on at the other edge when its own is killed, again and again', async () => {
  const { edges } = cluster;
  const [ann, ben] = [await everybody.person(edges[1]), await everybody.person(edges[1])];
  const { id } = await ann.api.rooms.create({ name: 'tea', kind: 'public' });
  await ben.api.rooms.join(id);
  // Both begin at the first edge.
  const here = everybody.client(ann.api, { addresses: edges, random: () => 0 });
  const there = everybody.client(ben.api, { addresses: edges, random: () => 0 });
  const [left, right] = [here.open(id), there.open(id)];
  const witnesses = [new Witness(left, here), new Witness(right, there)] as const;
  await until('both hear it', () => left.view.status === 'live' && right.view.status === 'live');

  const said: string[] = [];
  const receipts: Promise<unknown>[] = [];
  const say = (round: number, n: number) => {
    for (const [name, room] of [
      ['ann', left],
      ['ben', right],
    ] as const) {
      const text = `${name} ${round}.${n}`;
      said.push(text);
      receipts.push(room.send(text).receipt);
    }
  };
  for (const round of [0, 1]) {
    const edge = round === 0 ? 1 : 2;
    for (let n = 0; n < 5; n += 1) say(round, n);
    const killed = cluster.kill(edge);
    for (let n = 5; n < 10; n += 1) say(round, n);
    await killed;
    await Promise.all(receipts);
    await until('both are live at the other', () => left.view.status === 'live' && right.view.status === 'live');
    await cluster.start(edge);
  }
  await witnesses[0].agrees(ann.api, said);
  await witnesses[1].agrees(ann.api, said);
  expect(here.stats.connections).toBeGreaterThan(1);
  expect(left.view.messages.map(({ seq }) => seq)).toEqual(right.view.messages.map(({ seq }) => seq));
});
