/** A tail over connections that a test scripts: what is known again, what is missing, silence, and when it is given up. */
import { expect, it } from 'vitest';
import { Api, type LogRecord, type PassedOver, type TailOptions, type TailState } from '../../src/index.js';

/** What one connection brings: lines, and then it breaks, or stays silent. */
interface Connection {
  readonly lines: readonly string[];
  readonly then: 'breaks' | 'ends' | 'is silent';
}

const NOW = 1_700_000_000_000;
const record = (partition: number, offset: number, at = NOW): string =>
  JSON.stringify({ topic: 'events', partition, offset, at, type: 'message_sent', readable: true, body: {} });

function body({ lines, then }: Connection, signal: AbortSignal | null | undefined): ReadableStream<Uint8Array> {
  return new ReadableStream({
    start(stream) {
      signal?.addEventListener('abort', () => stream.error(signal.reason));
      for (const line of lines) stream.enqueue(new TextEncoder().encode(`${line}\n`));
      if (then === 'ends') stream.close();
    },
    pull(stream) {
      // Only now has all that came before been read.
      if (then === 'breaks') stream.error(new TypeError('terminated'));
    },
  });
}

/** An api whose server gives these connections one after another, and then no more. */
function scripted(...connections: readonly Connection[]) {
  const asked: string[] = [];
  const left = [...connections];
  const api = new Api({
    url: 'http://server.example',
    auth: 'bearer',
    limits: { streamSilenceMs: 50, requestTries: 1 },
    fetch: (input, init) => {
      // The client gives an address as text.
      asked.push(new URL(input as string).search);
      const next = left.shift();
      if (next === undefined) return Promise.reject(new TypeError('nobody is there'));
      const headers = { date: new Date(NOW).toUTCString() };
      return Promise.resolve(new Response(body(next, init?.signal), { headers }));
    },
  });
  return { api, asked };
}

/** Takes all that comes, and what ended it. */
async function taken(api: Api, options: TailOptions = {}) {
  const came: (string | number)[] = [];
  const states: TailState[] = [];
  const shown = (one: LogRecord | PassedOver) =>
    'passed_over' in one ? one.passed_over : `${one.partition}:${one.offset}`;
  let error: unknown;
  try {
    const listen = (state: TailState) => states.push(state);
    for await (const one of api.admin.tail({ tries: 0, ...options, listen })) came.push(shown(one));
  } catch (thrown) {
    error = thrown;
  }
  return { came, states: states.map(({ kind }) => kind), error };
}

const patient = { tries: 1 } as const;

it('knows again what a new connection repeats, and counts what it does not', async () => {
  const { api, asked } = scripted(
    { lines: [record(0, 4), record(0, 5), '', record(1, 9)], then: 'breaks' },
    {
      lines: [record(0, 4), record(0, 5), record(0, 6), record(1, 12), '{"passed_over":3}', record(1, 17)],
      then: 'ends',
    },
  );
  const { came, states, error } = await taken(api, { ...patient, last: 7 });
  expect(came).toEqual(['0:4', '0:5', '1:9', '0:6', 2, '1:12', 3, '1:17']);
  expect(asked.slice(0, 2)).toEqual(['?last=7', '?last=100']);
  expect(states).toEqual(['open', 'broken', 'open', 'broken']);
  expect(error).toMatchObject({ name: 'ConnectionError' });
});

it('of a filtered log, counts no offsets that are others', async () => {
  const { api } = scripted({ lines: [record(0, 4)], then: 'breaks' }, { lines: [record(0, 9)], then: 'breaks' });
  expect((await taken(api, { ...patient, type: 'message_sent' })).came).toEqual(['0:4', '0:9']);
});

it('shows nothing of a partition that is older than itself', async () => {
  const { api } = scripted(
    { lines: [record(0, 4)], then: 'breaks' },
    { lines: [record(1, 7, NOW - 60_000), record(1, 8, NOW + 1)], then: 'breaks' },
  );
  expect((await taken(api, patient)).came).toEqual(['0:4', '1:8']);
});

it('gives up a connection that falls silent, not one that says it is there', async () => {
  const { api } = scripted({ lines: ['', record(0, 1)], then: 'is silent' }, { lines: [record(0, 2)], then: 'ends' });
  const { came, states } = await taken(api, patient);
  expect(came).toEqual(['0:1', '0:2']);
  expect(states).toEqual(['open', 'broken', 'open', 'broken']);
});

it('ends when it is told to, also while nothing comes, and by `break`', async () => {
  const ending = new AbortController();
  const { api, asked } = scripted(
    { lines: [record(0, 1)], then: 'is silent' },
    { lines: [record(0, 1)], then: 'is silent' },
  );
  const tail = api.admin.tail({ signal: ending.signal });
  expect((await tail.next()).done).toBe(false);
  const next = tail.next();
  ending.abort();
  expect(await next).toEqual({ done: true, value: undefined });
  for await (const one of api.admin.tail()) if ('offset' in one) break;
  expect(asked).toHaveLength(2);
  expect(await api.admin.tail({ signal: AbortSignal.abort() }).next()).toEqual({ done: true, value: undefined });
});

it.each([
  ['no JSON', '{"passed_over":'],
  ['no object', '[]'],
  ['no record', '{"offset":1}'],
  ['no number', '{"passed_over":"many"}'],
])('is given up at once where a line is %s', async (_, line) => {
  const { api, asked } = scripted({ lines: [line], then: 'ends' });
  const { error } = await taken(api, { tries: 9 });
  expect(error).toMatchObject({ name: 'Malformed' });
  expect(asked).toHaveLength(1);
});

it('is given up after so many failures in a row', async () => {
  const { api, asked } = scripted();
  const { error, states } = await taken(api, { tries: 2 });
  expect(error).toMatchObject({ name: 'ConnectionError' });
  expect([asked.length, states]).toEqual([3, ['broken', 'broken']]);
});
