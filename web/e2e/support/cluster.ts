/// A cluster by the script that also serves people: two edges, both projectors, HAProxy, on real services.

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { binary, exported, ROOT, run } from "./command.js";
import { ADMIN, LIMITS, type Place } from "./place.js";

const SCRIPT = join(ROOT, "scripts/cluster");
export const EDGES = ["edge1", "edge2"] as const;
export type Edge = (typeof EDGES)[number];
export type Projector = "history" | "live";

export interface Started {
  readonly place: Place;
  /** Ends it and takes its data along. */
  readonly stop: () => Promise<void>;
}

export async function startCluster(): Promise<Started> {
  const top = await mkdtemp(join(tmpdir(), "roomlog-page-"));
  const folder = join(top, "cluster");
  const stop = async (): Promise<void> => {
    await run(SCRIPT, ["wipe", folder]);
    await rm(top, { recursive: true, force: true });
  };
  try {
    await run(SCRIPT, ["up", folder], { ...LIMITS, ROOMLOG_BIN: binary() });
    const settings = await run(SCRIPT, ["env", "edge1", folder]);
    await makeAdmin(settings);
    const url = exported(await run(SCRIPT, ["env", folder]), "ROOMLOG_URL");
    const edges = await Promise.all(EDGES.map((edge) => addressOf(edge, folder)));
    return { place: { kind: "cluster", url, edges, folder }, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function addressOf(edge: Edge, folder: string): Promise<string> {
  return `http://${exported(await run(SCRIPT, ["env", edge, folder]), "ROOMLOG_LISTEN")}`;
}

async function makeAdmin(settings: string): Promise<void> {
  const names = ["ROOMLOG_KAFKA__BROKERS", "ROOMLOG_POSTGRES__URL", "ROOMLOG_REDIS__URL"];
  const services = Object.fromEntries(names.map((name) => [name, exported(settings, name)]));
  await run(binary(), ["admin", "create", "--username", ADMIN.username], {
    ...services,
    ROOMLOG_ADMIN_PASSWORD: ADMIN.password,
  });
}

/** `kill` is kill -9. */
export async function part(place: Place, verb: "kill" | "start" | "stop", of: Edge | Projector): Promise<void> {
  await run(SCRIPT, [verb, of, place.folder], { ...LIMITS });
}

/** Where a service of the cluster's is, by the setting that names it to Roomlog; throws where it was not started. */
export async function serviceOf(place: Place, setting: string): Promise<string> {
  return exported(await run(SCRIPT, ["env", "edge1", place.folder]), setting);
}

/** How many sessions an edge counts; none while it is away. */
export async function sessionsOf(place: Place, edge: Edge): Promise<number> {
  const answer = await fetch(`${await addressOf(edge, place.folder)}/metrics`).catch(() => null);
  const line = (await answer?.text())?.split("\n").find((one) => one.startsWith("roomlog_sessions "));
  // It is counted from the first session on.
  return line === undefined ? 0 : Number(line.split(" ")[1]);
}
