/// Records that no Roomlog would write, put into a cluster's log by Kafka's own producer in a terminal, kcat.

import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { serviceOf } from "./cluster.js";
import { run } from "./command.js";
import type { Place } from "./place.js";

export interface RawRecord {
  readonly topic: string;
  readonly partition: number;
  readonly key: string;
  readonly value: string;
}

export async function appendRaw(place: Place, { topic, partition, key, value }: RawRecord): Promise<void> {
  const brokers = await serviceOf(place, "ROOMLOG_KAFKA__BROKERS");
  const folder = await mkdtemp(join(tmpdir(), "roomlog-raw-"));
  try {
    // A file is one record, whatever is in it.
    const file = join(folder, "value");
    await writeFile(file, value);
    await run("kcat", ["-P", "-b", brokers, "-t", topic, "-p", String(partition), "-k", key, file]);
  } finally {
    await rm(folder, { recursive: true });
  }
}
