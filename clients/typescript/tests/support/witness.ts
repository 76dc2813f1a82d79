/** Sees all that a room shows, and holds it against what the server says in the end. */
import { expect } from 'vitest';
import type { Api, Client, MessageView, Room } from '../../src/index.js';
import { until } from './until.js';

export class Witness {
  private wrong: string | undefined;
  readonly heard: number[] = [];

  constructor(
    private readonly room: Room,
    private readonly client: Client,
  ) {
    room.subscribe(({ messages, pending, seq }) => {
      const seqs = messages.map((message) => message.seq);
      if (seqs.some((at, place) => place > 0 && at <= (seqs[place - 1] ?? 0)))
        this.wrong = `out of order: ${seqs.join()}`;
      const cids = [...messages, ...pending].flatMap(({ cid }) => (cid === undefined ? [] : [cid]));
      const texts = [...messages, ...pending].map(({ text }) => text);
      if (new Set(cids).size !== cids.length || new Set(texts).size !== texts.length)
        this.wrong = `twice: ${texts.join()}`;
      if ((seqs.at(-1) ?? 0) > seq) this.wrong = 'ahead of itself';
    });
    room.on('event', ({ seq }) => this.heard.push(seq));
  }

  /** Once all has come to rest: what is shown is what the server has, and nothing was ever shown twice or out of order. */
  async agrees(api: Api, texts: readonly string[]): Promise<void> {
    const { room } = this;
    await until('all that was said is shown', () => {
      const { status, pending, messages } = room.view;
      return status === 'live' && pending.length === 0 && texts.every((text) => messages.some((m) => m.text === text));
    });
    const all: unknown[] = [];
    let before: number | undefined;
    do {
      const query = { limit: 200, min_seq: room.view.seq, ...(before === undefined ? {} : { before }) };
      const page = await api.messages.page(room.id, query);
      all.unshift(...page.messages);
      before = page.before ?? undefined;
    } while (before !== undefined);
    while (!room.view.complete) await room.older(200);
    expect(room.view.messages.map(bare)).toEqual(all);
    expect(room.view.messages.map(({ text }) => text).sort()).toEqual([...texts].sort());
    expect(this.heard).toEqual(this.heard.toSorted((one, other) => one - other));
    expect(new Set(this.heard).size).toBe(this.heard.length);
    expect(this.wrong).toBeUndefined();
    expect(this.client.stats.violations).toEqual([]);
  }
}

/** As the server shows it to the same person. */
export function bare({ cid: _, pos: __, receipt: ___, ...message }: MessageView): unknown {
  return message;
}
