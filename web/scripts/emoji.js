/// Writes the table of emoji, src/lib/emoji-table.json: groups, and in each the emoji with a name and the words it is found by.
/// Run it after an update of its sources; `npm run check` says when the table is not what they make.
import { readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";

const require = createRequire(import.meta.url);
const TABLE = join(import.meta.dirname, "..", "src", "lib", "emoji-table.json");
/** Newer ones are not in the fonts that people have. */
const NEWEST_VERSION = 15;
/** Words beside the name that an emoji is found by. */
const WORDS = 12;

/** @type {{ name: string, emojis: { emoji: string, name: string, emoji_version: string }[] }[]} */
const groups = require("unicode-emoji-json/data-by-group.json");
/** @type {Record<string, string[]>} */
const words = require("emojilib/dist/emoji-en-US.json");

/** @param {string} emoji @param {string} name */
function found(emoji, name) {
  const plain = (words[emoji] ?? []).map((word) => word.replaceAll("_", " ")).filter((word) => word !== name);
  return [...new Set(plain)].slice(0, WORDS).join(" ");
}

const table = groups.map((group) => [
  group.name.replace(" & ", " and "),
  group.emojis
    .filter((one) => Number(one.emoji_version) <= NEWEST_VERSION)
    .map((one) => [one.emoji, one.name, found(one.emoji, one.name)]),
]);
const text = JSON.stringify(table) + "\n";

if (process.argv.includes("--check")) {
  if (readFileSync(TABLE, "utf8") !== text) {
    console.error("src/lib/emoji-table.json is not what its sources make: run node scripts/emoji.js");
    process.exit(1);
  }
} else {
  writeFileSync(TABLE, text);
}
