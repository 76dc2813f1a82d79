/// Weighs the first load of `/`: the document, and the script and style that it names, with all that they import at once,
/// gzipped. What is imported lazily is listed, not counted. Ends with 1 when the budget is exceeded.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";

/** Bytes that the first load may have, gzipped. */
const BUDGET_BYTES = 120 * 1024;
const DIST = join(import.meta.dirname, "..", "dist");

/** @typedef {{ file: string, isEntry?: boolean, imports?: string[], css?: string[] }} Chunk */

/** @type {Record<string, Chunk>} */
const manifest = JSON.parse(readFileSync(join(DIST, ".vite", "manifest.json"), "utf8"));

/** @param {string} file */
const weigh = (file) => gzipSync(readFileSync(join(DIST, file)), { level: 9 }).length;

/** @type {Set<string>} */
const first = new Set(["index.html"]);

/** @param {string} key */
function add(key) {
  const chunk = manifest[key];
  if (!chunk || first.has(chunk.file)) return;
  first.add(chunk.file);
  for (const style of chunk.css ?? []) first.add(style);
  for (const other of chunk.imports ?? []) add(other);
}

for (const [key, chunk] of Object.entries(manifest)) if (chunk.isEntry) add(key);

let total = 0;
for (const file of first) {
  const bytes = weigh(file);
  total += bytes;
  console.log(`${String(bytes).padStart(8)}  ${file}`);
}
for (const chunk of Object.values(manifest)) {
  if (!first.has(chunk.file)) console.log(`${String(weigh(chunk.file)).padStart(8)}  ${chunk.file} (later)`);
}
console.log(`${String(total).padStart(8)}  first load, gzipped, of ${BUDGET_BYTES}`);
if (total > BUDGET_BYTES) {
  console.error("The first load is over its budget: import lazily what is not needed at once.");
  process.exit(1);
}
