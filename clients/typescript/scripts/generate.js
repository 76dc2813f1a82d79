// @ts-check
/**
 * `npm run generate -- URL` writes src/generated from the documents of the server at that URL; with `--check` it only says
 * whether they are what they would become.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { generate } from './generator.js';

const FOLDER = new URL('../src/generated/', import.meta.url);

const words = process.argv.slice(2);
const check = words.includes('--check');
const url = words.find((word) => !word.startsWith('--')) ?? 'http://127.0.0.1:8080';

const document = async (/** @type {string} */ path) => {
  const answer = await fetch(new URL(path, url));
  if (!answer.ok) throw new Error(`${url}${path} answered ${answer.status}`);
  return /** @type {Record<string, any>} */ (await answer.json());
};

const files = await generate(await document('/v1/openapi.json'), await document('/asyncapi.json'));
for (const [name, made] of Object.entries(files)) {
  const path = new URL(name, FOLDER);
  if (!check) await writeFile(path, made);
  else if ((await readFile(path, 'utf8').catch(() => '')) !== made) {
    console.error(`src/generated/${name} is not what the server's documents make: npm run generate -- ${url}`);
    process.exitCode = 1;
  }
}
