/**
 * Clients against a model server over a network that loses, cuts and lags, by chance from a seed: nothing is shown twice, out of order, or
 * not at all, and nothing is said twice.
 */
import { expect, it } from 'vitest';
import { DEFAULT_LIMITS } from '../../src/limits.js';
import { Machine } from '../../src/machine/machine.js';
import type { Effect } from '../../src/machine/types.js';
import { read } from '../../src/protocol/check.js';
import { RoomState, type RoomView } from '../../src/view/room-state.js';
import { ROOM } from '../support/machine.js';
import { chance, ModelRoom, ModelSession } from '../support/model.js';

const SEEDS = 60;
const STEPS = 400;
const SAID = 25;

/** One client: machine, view, and its end of the network. */
class Walker {
  readonly state: RoomState;
  readonly acked = new Map<string, number>();
  private readonly machine: Machine;
  private readonly cids = new Map<number, string>();
  private session: ModelSession | undefined;
  private uplink: Record<string, unknown>[] = [];
  private count = 0;
  private seen: RoomView | undefined;

  constructor(
    private readonly name: string,
    private readonly room: ModelRoom,
    private readonly random: () => number,
    private readonly clock: { now: number },
  ) {
    const limits = { ...DEFAULT_LIMITS, commandTries: Infinity };
    this.machine = new Machine({ addresses: ['a'], first: 0, limits, refreshes: () => true });
    this.machine.knows('token');
    this.state = new RoomState(() => name, 50, limits);
    this.machine.connect(this.moment);
    this.machine.subscribe(ROOM, 50, this.moment);
    this.settle();
  }

  private get moment() {
    return { now: this.clock.now, random: this.random() };
  }

  get said(): number {
    return this.count;
  }

  say(): void {
    this.count += 1;
    const cid = `${this.name}-${this.count}`;
    this.cids.set(this.count, cid);
    this.state.said({ cid, text: cid, at: 0, state: 'sending' });
    this.machine.write(this.count, { name: 'send', body: { room: ROOM, cid, text: cid } }, this.moment);
    this.settle();
  }

  /** The network does one thing, or breaks. */
  step(breaks: boolean): void {
    this.machine.tick(this.moment);
    if (breaks && this.session && this.random() < 0.04) this.cut();
    else if (this.random() < 0.5) this.carryUp();
    else this.carryDown();
    this.settle();
  }

  private cut(): void {
    // Some of what was under way arrives all the same, on either side.
    while (this.uplink.length > 0 && this.random() < 0.5) this.carryUp();
    while (this.session && this.session.outbox.length > 0 && this.random() < 0.5) this.carryDown();
    this.session?.close();
    this.session = undefined;
    this.uplink = [];
    this.machine.closed([undefined, 4201, 4101, 1006][Math.floor(this.random() * 4)], this.moment);
  }

  private carryUp(): void {
    const frame = this.uplink.shift();
    if (frame) this.session?.hear(frame);
  }

  private carryDown(): void {
    const frames = this.session?.outbox.splice(0, 1 + Math.floor(this.random() * 4)) ?? [];
    if (frames.length === 0) return;
    this.machine.message(frames.map((frame) => JSON.stringify(frame)).join('\n'), this.moment);
    this.settle();
  }

  private settle(): void {
    for (let effects = this.machine.takeEffects(); effects.length > 0; effects = this.machine.takeEffects()) {
      for (const effect of effects) this.perform(effect);
    }
    this.look();
  }

  private perform(effect: Effect): void {
    if (effect.kind === 'open') {
      this.session = new ModelSession(this.room, this.name, this.random);
      this.machine.opened(this.moment);
    } else if (effect.kind === 'send') {
      this.uplink.push(JSON.parse(effect.text) as Record<string, unknown>);
    } else if (effect.kind === 'tell') {
      this.state.apply(effect.update, this.clock.now);
    } else if (effect.kind === 'settle') {
      const cid = this.cids.get(effect.ticket) ?? '';
      if (!('ok' in effect.outcome)) throw effect.outcome.error;
      const receipt = read('Receipt', effect.outcome.ok);
      this.acked.set(cid, receipt.seq);
      this.state.acked(cid, receipt);
    } else if (effect.kind === 'drop') {
      this.session?.close();
      this.session = undefined;
      this.uplink = [];
    } else if (effect.kind === 'note') {
      throw new Error(`a promise was broken: ${JSON.stringify(effect.violation)}`);
    }
  }

  /** What must hold of whatever is shown, at every instant. */
  private look(): void {
    const { view } = this.state;
    if (view === this.seen) return;
    const { messages, pending, seq } = view;
    const first = messages[0]?.seq ?? seq;
    const inOrder = messages.every((message, place) => message.seq === first + place);
    const toTheHead = (messages.at(-1)?.seq ?? seq) === seq && seq >= (this.seen?.seq ?? 0);
    const shown = [...messages, ...pending].map(({ text }) => text);
    const once = new Set(shown).size === shown.length;
    if (!inOrder || !toTheHead || !once) throw new Error(`what is shown is not so: ${JSON.stringify(view)}`);
    this.seen = view;
  }
}

it.each(Array.from({ length: SEEDS }, (_, seed) => seed))('seed %i', (seed) => {
  const random = chance(seed);
  const clock = { now: 0 };
  const room = new ModelRoom();
  const walkers = ['ann', 'ben', 'cia'].map((name) => new Walker(name, room, random, clock));
  const all = (breaks: boolean): void => {
    for (const walker of walkers) {
      if (breaks && walker.said < SAID && random() < 0.15) walker.say();
      walker.step(breaks);
    }
  };
  for (let step = 0; step < STEPS; step += 1) {
    clock.now += random() * 40;
    all(true);
  }
  // The network is whole again: all comes to rest.
  for (let step = 0; step < 1_500; step += 1) {
    clock.now += 20;
    all(false);
  }
  const said = walkers.flatMap((walker, at) =>
    Array.from({ length: walker.said }, (_, n) => `${['ann', 'ben', 'cia'][at]}-${n + 1}`),
  );
  expect(room.log.map(({ text }) => text).sort()).toEqual(said.sort());
  for (const walker of walkers) {
    const { messages, pending } = walker.state.view;
    expect(pending).toEqual([]);
    const first = messages[0]?.seq ?? 1;
    expect(messages.map(({ text }) => text)).toEqual(room.log.slice(first - 1).map(({ text }) => text));
    for (const [cid, seq] of walker.acked) expect(room.log[seq - 1]?.cid).toBe(cid);
    expect(walker.acked.size).toBe(walker.said);
  }
});
