/// A proof is a test with people before browsers, whose browsers must have nothing to complain of when it ends. What they
/// saw when it failed is kept where ROOMLOG_TEST_PICTURES names a folder.

import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { pathNamed } from "./command.js";
import { People } from "./people.js";

export function proof(name: string, run: (people: People) => Promise<void>): void {
  test(name, async () => {
    const people = await People.gather();
    try {
      await run(people);
      expect(people.faults, "in the browsers").toEqual([]);
    } catch (error) {
      await keepPictures(name, people);
      throw people.faults.length === 0 ? error : new Error(people.faults.join("\n"), { cause: error });
    } finally {
      await people.leave();
    }
  });
}

async function keepPictures(name: string, people: People): Promise<void> {
  const folder = pathNamed("ROOMLOG_TEST_PICTURES");
  if (folder === null) return;
  await mkdir(folder, { recursive: true });
  const pictures = await people.pictures();
  const file = name.replaceAll(/\W+/g, "-");
  await Promise.all(pictures.map((picture, index) => writeFile(join(folder, `${file}-${index}.png`), picture)));
}
