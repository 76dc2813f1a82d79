/** A window of a room's past: it ends where the room does, or says that it doesn't, and never holds more than is kept. */
import { describe, expect, it } from 'vitest';
import type { Message } from '../../src/generated/schema.js';
import { read } from '../../src/protocol/check.js';
import { ofPush, type RoomEvent } from '../../src/protocol/event.js';
import { Loads } from '../../src/shell/loads.js';
import { MessageWindow } from '../../src/shell/window.js';
import { event, ME } from '../support/machine.js';

/** Messages of the room, seq 1 to this. */
const SAID = 100;
const MOST = 20;

function message(seq: number): Message {
  return { seq, id: `id-${seq}`, from: { id: ME, name: 'me' }, at: seq, text: `m${seq}`, reactions: [] };
}

function heard(seq: number): RoomEvent {
  return ofPush(read('EventPush', event(seq, { type: 'message_sent', body: { text: `m${seq}` } }).event));
}

/** A window of a room whose pages are a double's, for what comes between them must be known. */
function room(): MessageWindow {
  const all = Array.from({ length: SAID }, (_, index) => message(index + 1));
  const page = ({ before, after, limit }: { before?: number; after?: number; limit: number }) => {
    const older = before !== undefined;
    const wanted = all.filter(({ seq }) => (older ? seq < before : seq > (after ?? 0)));
    const messages = older ? wanted.slice(-limit) : wanted.slice(0, limit);
    const [first, last] = [messages[0]?.seq ?? 1, messages.at(-1)?.seq ?? SAID];
    return Promise.resolve({ messages, before: first > 1 ? first : null, after: last < SAID ? last : null });
  };
  const host = {
    loads: new Loads(100),
    viewer: () => ME,
    page,
    one: (seq: number) => Promise.resolve(message(seq)),
    closed: () => undefined,
  };
  return new MessageWindow(host, MOST);
}

const ends = ({ view }: MessageWindow) => [view.messages[0]?.seq, view.messages.at(-1)?.seq, view.atStart, view.atEnd];

/** From seq to seq without a hole. */
function isWhole({ view }: MessageWindow): boolean {
  return view.messages.every(({ seq }, index) => index === 0 || seq === (view.messages[index - 1]?.seq ?? 0) + 1);
}

describe('a window', () => {
  it('forgets its newest messages when older ones are read, and says that it ends before the room', async () => {
    const window = room();
    await window.around(95, 12);
    expect(ends(window)).toEqual([90, 100, false, true]);
    expect(await window.older(8)).toBe(8);
    expect(ends(window)).toEqual([82, 100, false, true]);
    await window.older(8);
    expect(ends(window)).toEqual([74, 93, false, false]);
    window.event(heard(101));
    expect(ends(window), 'what comes is not after what it shows').toEqual([74, 93, false, false]);
    await window.newer(5);
    expect(ends(window)).toEqual([79, 98, false, false]);
    expect(isWhole(window)).toBe(true);
  });

  it('forgets its oldest messages when newer ones are read, and can go back to them', async () => {
    const window = room();
    await window.around(3, 10);
    expect(ends(window)).toEqual([1, 8, true, false]);
    await window.newer(20);
    expect(ends(window)).toEqual([9, 28, false, false]);
    await window.older(20);
    expect(ends(window)).toEqual([1, 20, true, false]);
    expect(isWhole(window)).toBe(true);
  });

  it('that stands at the end of a busy room does not grow', async () => {
    const window = room();
    await window.around(100, 40);
    expect(window.view.messages.length).toBeLessThanOrEqual(MOST);
    for (let seq = SAID + 1; seq <= SAID + 3 * MOST; seq += 1) window.event(heard(seq));
    expect(ends(window)).toEqual([SAID + 2 * MOST + 1, SAID + 3 * MOST, false, true]);
    expect(isWhole(window)).toBe(true);
  });

  it('of a room that fits stays whole when something is said', async () => {
    const window = room();
    await window.around(3, 4);
    await window.older(10);
    expect(window.view.atStart).toBe(true);
    window.event(heard(SAID + 1));
    expect(window.view.atStart).toBe(true);
  });
});
