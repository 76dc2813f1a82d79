// @ts-check
/**
 * From the server's own documents (OpenAPI of REST, AsyncAPI of the socket) to the TypeScript of src/generated.
 *
 * What must hold: it is a pure function of the two documents, so that a test can hold the files against a server.
 * `openapi-typescript` makes the types; what it does not know of (which answer belongs to which command, codes, and the shapes
 * by which frames are checked at run time) is made here.
 */
import openapiTS, { astToString } from 'openapi-typescript';
import ts from 'typescript';

/** @typedef {Record<string, any>} Json */

const HEAD =
  '// Made from the documents of the server by `npm run generate`: what is changed here by hand is lost.\n\n';

/**
 * @param {Json} openapi the document of /v1/openapi.json
 * @param {Json} asyncapi the document of /asyncapi.json
 * @returns {Promise<Record<string, string>>} what stands in each file of src/generated
 */
export async function generate(openapi, asyncapi) {
  const messages = /** @type {Json} */ (asyncapi.components.messages);
  const schemas = { ...openapi.components.schemas, ...asyncapi.components.schemas };
  const frames = framesOf(messages);
  for (const [name, schema] of Object.entries(frames.schemas)) {
    if (name in schemas) throw new Error(`two schemas are called ${name}`);
    schemas[name] = schema;
  }
  // Operations are named in protocol.ts; their parameters and bodies are spelled out by whoever calls them.
  const document = { ...openapi, paths: {}, components: { schemas } };
  return {
    'schema.ts': HEAD + (await types(document)),
    'protocol.ts': HEAD + protocol(asyncapi, frames, openapi.paths, schemas),
  };
}

/** @param {Json} document */
async function types(document) {
  // What the OpenAPI document says of optional properties is right for exactOptionalPropertyTypes as it is.
  const ast = await openapiTS(/** @type {any} */ (document), {
    alphabetize: true,
    rootTypes: true,
    rootTypesNoSchemaPrefix: true,
    transform(schema) {
      const isEmptyObject = schema.type === 'object' && !schema.properties && !schema.additionalProperties;
      return isEmptyObject
        ? ts.factory.createTypeReferenceNode('Record', [
            ts.factory.createKeywordTypeNode(ts.SyntaxKind.StringKeyword),
            ts.factory.createKeywordTypeNode(ts.SyntaxKind.UnknownKeyword),
          ])
        : undefined;
    },
  });
  return astToString(ast);
}

/**
 * Commands, answers and pushes: each by its name, with the name of its schema; and the schemas that had none.
 * @typedef {{ commands: Record<string, string>, answers: Record<string, string>, pushes: Record<string, string>, schemas: Json }} Frames
 * @param {Json} messages
 */
function framesOf(messages) {
  /** @type {Frames} */
  const frames = { commands: {}, answers: {}, pushes: {}, schemas: {} };
  const named = (/** @type {string} */ name, /** @type {string} */ about, /** @type {Json} */ schema) => {
    if (schema.$ref) return last(schema.$ref);
    frames.schemas[name] = { description: about, ...schema };
    return name;
  };
  for (const name of Object.keys(messages).sort()) {
    const { summary, payload } = messages[name];
    if (name === 'error') {
      named('Refusal', summary, payload.properties.error);
    } else if (name.endsWith('_push')) {
      const push = name.slice(0, -'_push'.length);
      frames.pushes[push] = named(`${capital(push)}Push`, summary, payload.properties[push]);
    } else if (`${name}_ok` in messages) {
      const answer = messages[`${name}_ok`];
      frames.commands[name] = named(`${capital(name)}Command`, summary, payload.properties[name]);
      frames.answers[name] = named(`${capital(name)}Answer`, answer.summary, answer.payload.properties.ok);
    }
  }
  return frames;
}

/** @param {string} name in snake case */
function capital(name) {
  return name.replace(/(^|_)([a-z])/g, (_, __, letter) => letter.toUpperCase());
}

/**
 * @param {Json} asyncapi
 * @param {Frames} frames
 * @param {Json} paths
 * @param {Json} schemas
 */
function protocol(asyncapi, frames, paths, schemas) {
  const { code, name } = schemas.Refusal.properties;
  const errors = name.enum.map((/** @type {string} */ name, /** @type {number} */ at) => [name, code.enum[at]]);
  const subprotocol = /Subprotocol `([^`]+)`/.exec(asyncapi.info.description)?.[1];
  if (!subprotocol) throw new Error('the document names no subprotocol');
  const commands = Object.entries(frames.commands).map(
    ([name, schema]) => `  ${name}: { body: schema.${schema}; ok: schema.${frames.answers[name]} };`,
  );
  const pushes = Object.entries(frames.pushes).map(([name, schema]) => `  ${name}: schema.${schema};`);
  const operations = Object.entries(paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `  | '${method.toUpperCase()} ${path}'`),
  );
  const said = (/** @type {string} */ about, /** @type {string} */ code) => `/** ${about} */\n${code}`;
  return [
    `import type * as schema from './schema.js';`,
    said(
      'What may be asked over the socket, and what the answer carries.',
      `export interface Commands {\n${commands.join('\n')}\n}`,
    ),
    said('What the server says by itself.', `export interface Pushes {\n${pushes.join('\n')}\n}`),
    said('What may be asked over HTTP.', `export type Operation =\n${operations.sort().join('\n')};`),
    said('The WebSocket subprotocol.', `export const SUBPROTOCOL = '${subprotocol}';`),
    said('The stable code of each error.', `export const ERROR_CODES = ${object(errors)} as const;`),
    said(
      'The codes with which the server closes a session.',
      `export const CLOSE_CODES = ${JSON.stringify(schemas.ByePush.properties.code.enum)} as const;`,
    ),
    said(
      "The types of events, in the order of the server's documents.",
      `export const EVENT_TYPES = [\n${schemas.EventPush.properties.type.enum.map((/** @type {string} */ type) => `  '${type}',`).join('\n')}\n] as const;`,
    ),
    said(
      "The shape of each command's answer.",
      `export const ANSWER_SHAPES = ${object(Object.entries(frames.answers))} as const;`,
    ),
    said('The shape of each push.', `export const PUSH_SHAPES = ${object(Object.entries(frames.pushes))} as const;`),
    said(
      'The shape of each object that the server sends; `check.ts` reads them.',
      `export const SHAPES = ${object(shapes(heard(paths, frames, schemas), schemas))} as const;\n`,
    ),
  ].join('\n\n');
}

/** @param {[string, unknown][]} entries */
function object(entries) {
  return `{\n${entries.map(([name, value]) => `  ${name}: ${JSON.stringify(value)},`).join('\n')}\n}`;
}

/**
 * The schemas of what a client hears, by either door: pushes, answers, refusals, and all that they are made of.
 * @param {Json} paths
 * @param {Frames} frames
 * @param {Json} schemas
 */
function heard(paths, frames, schemas) {
  const found = new Set(['Refusal', ...Object.values(frames.pushes), ...Object.values(frames.answers)]);
  const refer = (/** @type {unknown} */ part) => {
    for (const [, name] of JSON.stringify(part).matchAll(/"#\/components\/schemas\/([^"]+)"/g)) found.add(String(name));
  };
  for (const operations of Object.values(paths)) {
    for (const operation of Object.values(/** @type {Json} */ (operations))) refer(operation.responses);
  }
  // A set goes on to what is added while it is walked through.
  for (const name of found) refer(schemas[name]);
  return [...found].sort();
}

/**
 * Objects alone: what else has a name is spelled out where it is used.
 * @param {string[]} names
 * @param {Json} schemas
 * @returns {[string, unknown][]}
 */
function shapes(names, schemas) {
  return names.flatMap((name) => {
    const properties = propertiesOf(schemas[name], schemas);
    return properties === undefined ? [] : [[name, properties]];
  });
}

/**
 * The fields of an object, or of several in one; nothing for what is no object with known fields.
 * @param {Json} schema
 * @param {Json} schemas
 * @returns {Json | undefined}
 */
function propertiesOf(schema, schemas) {
  if (schema.$ref) return propertiesOf(schemas[last(schema.$ref)], schemas);
  if (schema.allOf) {
    const parts = schema.allOf.map((/** @type {Json} */ part) => propertiesOf(part, schemas) ?? {});
    return Object.assign({}, ...parts);
  }
  if (schema.type !== 'object' || !schema.properties) return schema.type === 'object' ? {} : undefined;
  const required = new Set(schema.required ?? []);
  const fields = Object.entries(schema.properties).map(([name, field]) => [
    required.has(name) ? name : `${name}?`,
    kind(/** @type {Json} */ (field), schemas),
  ]);
  return Object.fromEntries(fields);
}

/**
 * `n` number, `s` string, `b` boolean, `o` any object, `@X` the shape X, `{…}` a shape; behind it `[]` a list of them, `?` or null.
 * @param {Json} schema
 * @param {Json} schemas
 * @returns {unknown}
 */
function kind(schema, schemas) {
  if (schema.$ref) {
    const target = schemas[last(schema.$ref)];
    return target.type === 'object' || target.allOf ? `@${last(schema.$ref)}` : kind(target, schemas);
  }
  if (schema.oneOf) {
    const [first, second] = schema.oneOf;
    if (second?.type !== 'null') throw new Error(`a choice that is not with null: ${JSON.stringify(schema)}`);
    return `${text(kind(first, schemas))}?`;
  }
  const types = [schema.type].flat();
  const nullable = types.includes('null') ? '?' : '';
  switch (types.find((type) => type !== 'null')) {
    case 'integer':
    case 'number':
      return `n${nullable}`;
    case 'string':
      return `s${nullable}`;
    case 'boolean':
      return `b${nullable}`;
    case 'array':
      return `${text(kind(schema.items, schemas))}[]${nullable}`;
    case 'object':
      return schema.properties && nullable === '' ? propertiesOf(schema, schemas) : `o${nullable}`;
    default:
      throw new Error(`no kind is known for ${JSON.stringify(schema)}`);
  }
}

/** @param {unknown} kind */
function text(kind) {
  if (typeof kind !== 'string') throw new Error('a list of objects without a name');
  return kind;
}

/** @param {string} reference */
function last(reference) {
  return reference.slice(reference.lastIndexOf('/') + 1);
}
