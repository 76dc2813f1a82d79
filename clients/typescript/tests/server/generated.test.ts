/** The generated types are those of the server that is tested against. */
import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { generate } from '../../scripts/generator.js';
import { Server } from '../support/server.js';

let server: Server;
beforeAll(async () => {
  server = await Server.start();
});
afterAll(() => server.stop());

const document = async (path: string): Promise<Record<string, unknown>> => {
  const answer = await fetch(server.url + path);
  // Any JSON document is such a record; the generator says what it misses.
  return (await answer.json()) as Record<string, unknown>;
};

it('is what the documents of the server make (npm run generate -- URL)', async () => {
  const files = await generate(await document('/v1/openapi.json'), await document('/asyncapi.json'));
  for (const [name, made] of Object.entries(files)) {
    const kept = await readFile(new URL(`../../src/generated/${name}`, import.meta.url), 'utf8');
    // Line by line, so that a failure shows what is different.
    expect(kept.split('\n'), name).toEqual(made.split('\n'));
  }
});
