/**
 * A body that comes line by line, for as long as it comes.
 *
 * What must hold: it is read as fast as its lines are taken, and no faster; what breaks off is a {@link ConnectionError}, what is no JSON
 * object {@link Malformed}; whoever stops taking ends the body.
 */
import { ConnectionError } from '../errors.js';
import { isObject, Malformed } from '../protocol/check.js';

/** A line that is longer, in UTF-16 units, is none of a Roomlog server: a record has at most a few MiB. */
const LINE_UNITS = 16 * 1024 * 1024;

/** Who looks at how a body comes. */
export interface Watcher {
  /** From now on more of it is waited for. */
  waiting(): void;
  /** Some of it has come, or its end. */
  heard(): void;
}

const NOBODY: Watcher = { waiting: () => undefined, heard: () => undefined };

/**
 * Its lines, each a JSON object; empty ones, by which a server says that it is there, are passed over.
 *
 * @throws {@link ConnectionError}, {@link Malformed}
 */
export async function* objects(
  body: ReadableStream<Uint8Array>,
  watcher: Watcher = NOBODY,
): AsyncGenerator<Record<string, unknown>, void, undefined> {
  for await (const line of lines(body, watcher)) {
    if (line.trim() !== '') yield object(line);
  }
}

async function* lines(body: ReadableStream<Uint8Array>, watcher: Watcher): AsyncGenerator<string, void, undefined> {
  const decoder = new TextDecoder();
  const reader = body.getReader();
  let rest = '';
  try {
    for (;;) {
      watcher.waiting();
      const { done, value } = await reader.read().catch((error: unknown) => {
        throw new ConnectionError('the stream broke off', { cause: error });
      });
      watcher.heard();
      if (done) return;
      const parts = (rest + decoder.decode(value, { stream: true })).split('\n');
      rest = parts.pop() ?? '';
      if (rest.length > LINE_UNITS) throw new Malformed('a line of a stream does not end');
      yield* parts;
    }
  } finally {
    watcher.heard();
    // What has broken off can't be ended any more, and need not be.
    await reader.cancel().catch(() => undefined);
  }
}

function object(line: string): Record<string, unknown> {
  let json: unknown;
  try {
    json = JSON.parse(line);
  } catch {
    throw new Malformed('a line of a stream is no JSON');
  }
  if (!isObject(json)) throw new Malformed('a line of a stream is no object');
  return json;
}
