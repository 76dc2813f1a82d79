/// Roomlog in one process, with an admin.

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Server } from "../../../clients/typescript/tests/support/server.js";
import { binary, run } from "./command.js";
import { ADMIN, LIMITS, type Place } from "./place.js";

export interface Embedded {
  readonly place: Place;
  readonly server: Server;
  /** Ends it and takes its data along. */
  readonly stop: () => Promise<void>;
}

export async function startEmbedded(): Promise<Embedded> {
  const folder = await mkdtemp(join(tmpdir(), "roomlog-page-"));
  const settings = { ...LIMITS, ROOMLOG_DATA_DIR: folder };
  const admin = { ...settings, ROOMLOG_ADMIN_PASSWORD: ADMIN.password };
  await run(binary(), ["admin", "create", "--username", ADMIN.username], admin);
  const server = await Server.start(settings);
  const stop = async (): Promise<void> => {
    await server.stop();
    await rm(folder, { recursive: true, force: true });
  };
  return { place: { kind: "embedded", url: server.url, edges: [server.url], folder }, server, stop };
}
