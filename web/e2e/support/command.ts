/// Processes beside the proofs: the binary under test and the project's scripts.

import { execFile } from "node:child_process";
import { accessSync, constants } from "node:fs";
import { delimiter, join, resolve } from "node:path";
import { promisify } from "node:util";

/** The checkout. */
export const ROOT = resolve(import.meta.dirname, "../../..");
/** What a script may say, bytes. */
const MOST_OUTPUT_BYTES = 1 << 20;

/** The path that a variable names, from the checkout; null where it names none. */
export function pathNamed(variable: string): string | null {
  const path = process.env[variable];
  return path === undefined ? null : resolve(ROOT, path);
}

/** The binary under test: ROOMLOG_TEST_BIN. */
export function binary(): string {
  const named = process.env["ROOMLOG_TEST_BIN"];
  if (named === undefined) throw new Error("ROOMLOG_TEST_BIN names no binary of roomlog: run `make test-web`");
  return resolve(ROOT, named);
}

/** The first of some programs that is there. */
export function findExecutable(names: readonly string[]): string | null {
  const folders = (process.env["PATH"] ?? "").split(delimiter);
  for (const name of names) {
    const found = folders.map((folder) => join(folder, name)).find(isExecutable);
    if (found !== undefined) return found;
  }
  return null;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** This process's environment without what would configure Roomlog, and with some settings. */
export function environment(settings: Readonly<Record<string, string>>): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(([name]) => !/^ROOMLOG_(?!RUN$|CACHE$)/.test(name));
  return { ...Object.fromEntries(kept), ...settings };
}

/** Runs a program to its end, and answers what it printed; throws with what it complained of. */
export async function run(
  program: string,
  words: readonly string[],
  settings: Readonly<Record<string, string>> = {},
): Promise<string> {
  const { stdout } = await promisify(execFile)(program, words, {
    env: environment(settings),
    maxBuffer: MOST_OUTPUT_BYTES,
  });
  return stdout;
}

/** The value that a script prints as `export NAME=value`. */
export function exported(printed: string, name: string): string {
  const line = printed.split("\n").find((one) => one.startsWith(`export ${name}=`));
  if (line === undefined) throw new Error(`${name} is not in: ${printed}`);
  return line.slice(`export ${name}=`.length).replaceAll("'", "");
}
