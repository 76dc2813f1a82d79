/**
 * The door of what the server says: JSON becomes a value of a generated type here, or is refused.
 *
 * What must hold: what comes out has the shape of the server's own schema, as far as names and kinds of fields go. Fields that are
 * not in it are kept and never looked at, and so are words that a later server may add to an enumeration: both may come.
 */
import { SHAPES } from '../generated/protocol.js';
import type { components } from '../generated/schema.js';

/** What the server sends, by the name of its schema. */
export type Schemas = components['schemas'];
/** The schemas that can be checked. */
export type ShapeName = keyof typeof SHAPES & keyof Schemas;

type Kind = string | Shape;

/** Fields and their kinds, as the generator writes them: `n`, `s`, `b`, `o`, `@Name`, then `[]` or `?`; a name may end in `?`. */
export interface Shape {
  readonly [field: string]: Kind;
}

/** Something that is not what the server's documents say. */
export class Malformed extends Error {
  override readonly name = 'Malformed';
}

/** Any JSON object. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * `value` as what it is said to be.
 *
 * @throws {@link Malformed}, naming the field, when it is something else
 */
export function read<N extends ShapeName>(name: N, value: unknown): Schemas[N] {
  hold(name, value, SHAPES[name]);
  // It has just been held against the shape that was made from this very schema.
  return value as Schemas[N];
}

/**
 * Holds `value`, which is said to be a `name`, against a shape.
 *
 * @throws {@link Malformed}
 */
export function hold(name: string, value: unknown, shape: Shape): void {
  const wrong = faultOfShape(value, shape);
  if (wrong !== undefined) throw new Malformed(`this is no ${name}: ${wrong || 'it'} is not what it should be`);
}

/** The path of the first field that is wrong; nothing where all is well. */
function faultOfShape(value: unknown, shape: Shape): string | undefined {
  if (!isObject(value)) return '';
  for (const [field, kind] of Object.entries(shape)) {
    const optional = field.endsWith('?');
    const name = optional ? field.slice(0, -1) : field;
    const part = value[name];
    if (part === undefined && optional) continue;
    const wrong = fault(part, kind);
    if (wrong !== undefined) return wrong === '' ? name : `${name}.${wrong}`;
  }
  return undefined;
}

function fault(value: unknown, kind: Kind): string | undefined {
  if (typeof kind !== 'string') return faultOfShape(value, kind);
  if (kind.endsWith('?')) return value === null ? undefined : fault(value, kind.slice(0, -1));
  if (kind.endsWith('[]')) {
    if (!Array.isArray(value)) return '';
    const of = kind.slice(0, -2);
    for (const [place, item] of value.entries()) {
      const wrong = fault(item, of);
      if (wrong !== undefined) return `${place}${wrong && '.'}${wrong}`;
    }
    return undefined;
  }
  return isOfKind(value, kind) ? undefined : kind.startsWith('@') ? faultOfShape(value, shapeNamed(kind)) : '';
}

function isOfKind(value: unknown, kind: string): boolean {
  switch (kind) {
    case 'n':
      return typeof value === 'number';
    case 's':
      return typeof value === 'string';
    case 'b':
      return typeof value === 'boolean';
    case 'o':
      return isObject(value);
    default:
      return false;
  }
}

const BY_NAME: Readonly<Record<string, Shape>> = SHAPES;

function shapeNamed(kind: string): Shape {
  const shape = BY_NAME[kind.slice(1)];
  if (shape === undefined) throw new Error(`the generated shapes lack ${kind}`);
  return shape;
}
