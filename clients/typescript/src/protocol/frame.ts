/** Frames of `roomlog.v1.json`: lines of JSON to and fro. */
import { PUSH_SHAPES, type Commands, type Pushes } from '../generated/protocol.js';
import type { Refusal } from '../generated/schema.js';
import { isObject, Malformed, read } from './check.js';

/** Something that the server says by itself. */
export type Push = { [N in keyof Pushes]: { readonly kind: N; readonly body: Pushes[N] } }[keyof Pushes];

/** What came. */
export type Frame =
  | Push
  | { readonly kind: 'ok'; readonly id: number; readonly ok: unknown }
  | { readonly kind: 'error'; readonly id: number; readonly error: Refusal }
  /** A push of a later server. */
  | { readonly kind: 'unknown' };

/**
 * The frames of a WebSocket message: several may come in one, a line each.
 *
 * @throws {@link Malformed} at the first that is none
 */
export function* frames(message: string): Generator<Frame> {
  for (const line of message.split('\n')) {
    if (line.trim() !== '') yield frame(line);
  }
}

function frame(line: string): Frame {
  const json = parse(line);
  if (!isObject(json)) throw new Malformed('a frame is an object');
  const { id } = json;
  if (typeof id === 'number') {
    if ('error' in json) return { kind: 'error', id, error: read('Refusal', json.error) };
    return { kind: 'ok', id, ok: json.ok };
  }
  for (const name of Object.keys(json)) {
    if (isPush(name)) return push(name, json[name]);
  }
  return { kind: 'unknown' };
}

function isPush(name: string): name is keyof Pushes {
  return Object.hasOwn(PUSH_SHAPES, name);
}

function push(name: keyof Pushes, body: unknown): Push {
  // Both halves are of the same name: the shape that was read is that of the push.
  return { kind: name, body: read(PUSH_SHAPES[name], body) } as Push;
}

function parse(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    throw new Malformed('a frame is JSON');
  }
}

/** The frame of a command. */
export function command<N extends keyof Commands>(id: number, name: N, body: Commands[N]['body']): string {
  return JSON.stringify({ id, [name]: body });
}

/** The answer to a `ping`. */
export const PONG = '{"pong":{}}';
