/** The small parts around the machine: each by itself. */
import { describe, expect, it, vi } from 'vitest';
import type { Ask, Outcome } from '../../src/machine/types.js';
import { ReadMarker } from '../../src/shell/read-marker.js';
import { Replaying } from '../../src/shell/replay.js';
import { Store } from '../../src/shell/store.js';
import { Tabs, type TabMessage } from '../../src/shell/tabs.js';

const EPOCH = 'a97685bd-efe0-5571-84e1-aa9bd8918750';

/** A record of a replay, as far as it matters here. */
function record(offset: number) {
  return { at: 1, pos: { epoch: EPOCH, partition: 0, offset }, room: EPOCH, verdict: 'accepted' } as const;
}

describe('a replay', () => {
  /** One that is under way, and what it has asked for. */
  function replaying() {
    const asked: Ask[] = [];
    let answer: (outcome: Outcome) => void = () => undefined;
    const host = {
      ask: (ask: Ask, settled: (outcome: Outcome) => void) => {
        asked.push(ask);
        answer = settled;
      },
      listen: () => undefined,
      forget: () => undefined,
    };
    const replay = new Replaying(EPOCH, { from: { seq: 1 } }, host);
    const begin = () => answer({ ok: { replay: 1, epoch: EPOCH, partition: 0, from: 0, to: 9 } });
    return { replay, asked, begin, fail: () => replay.lost() };
  }

  it('serves several who wait at once, in their order', async () => {
    const { replay, begin } = replaying();
    const nexts = [replay.next(), replay.next(), replay.next()];
    begin();
    for (const offset of [3, 4]) replay.heard({ replay: 1, event: record(offset) });
    replay.heard({ replay: 1, done: { to: 9 } });
    const taken = await Promise.all(nexts);
    expect(taken.map(({ value }) => value?.pos.offset)).toEqual([3, 4, undefined]);
    expect(taken[2]?.done).toBe(true);
  });

  it('that is ended asks no more, also where it was about to', async () => {
    vi.useFakeTimers();
    try {
      const { replay, asked, begin, fail } = replaying();
      const next = replay.next();
      begin();
      fail();
      await replay.return();
      expect(vi.getTimerCount()).toBe(0);
      expect((await next).done).toBe(true);
      expect(asked.map(({ name }) => name)).toEqual(['replay']);
    } finally {
      vi.useRealTimers();
    }
  });
});

describe('a store', () => {
  it('tells everybody, whoever of them throws', async () => {
    let value = 1;
    const store = new Store(() => value);
    const heard: number[] = [];
    store.subscribe((now) => {
      if (now > 1) throw new Error('a careless watcher');
    });
    store.subscribe((now) => heard.push(now));
    const thrown: unknown[] = [];
    const before = process.listeners('uncaughtException');
    process.removeAllListeners('uncaughtException');
    process.once('uncaughtException', (error) => thrown.push(error));
    value = 2;
    expect(store.publish()).toBe(true);
    await new Promise((later) => setImmediate(later));
    for (const listener of before) process.on('uncaughtException', listener);
    expect(heard).toEqual([1, 2]);
    expect(thrown).toEqual([new Error('a careless watcher')]);
  });
});

describe('a read marker', () => {
  it('that is closed asks no more, whatever the server says', () => {
    vi.useFakeTimers();
    try {
      const asked: number[] = [];
      let settle: (outcome: Outcome) => void = () => undefined;
      const marker = new ReadMarker(10, (seq, settled) => {
        asked.push(seq);
        settle = settled;
      });
      marker.want(5);
      marker.flush();
      marker.want(6);
      marker.close();
      settle({ ok: {} });
      marker.want(7);
      vi.advanceTimersByTime(10_000);
      expect(asked).toEqual([5]);
      expect(vi.getTimerCount()).toBe(0);
    } finally {
      vi.useRealTimers();
    }
  });
});

describe('tabs', () => {
  it('pass over what a tab of another version says', () => {
    let say: (event: { data: unknown }) => void = () => undefined;
    class Channel {
      addEventListener(_: 'message', listener: (event: { data: unknown }) => void): void {
        say = listener;
      }
      postMessage(): void {
        // Nobody else is there.
      }
      close(): void {
        // Nothing is open.
      }
    }
    const heard: TabMessage[] = [];
    const tabs = new Tabs('http://server.example', { channel: Channel }, (message) => heard.push(message));
    const user = { id: EPOCH, username: 'ann', display_name: 'Ann' };
    const signedIn = { user, access_token: 'a', expires_at: 1 };
    for (const data of [null, 'signed_out', {}, { kind: 'signed_up' }, { kind: 'signed_in', signedIn: { user } }]) {
      say({ data });
    }
    expect(heard).toEqual([]);
    say({ data: { kind: 'signed_out', by: 'a later version' } });
    say({ data: { kind: 'signed_in', signedIn } });
    expect(heard).toEqual([{ kind: 'signed_out' }, { kind: 'signed_in', signedIn }]);
    tabs.close();
  });
});
