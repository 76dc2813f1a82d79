/// What all proofs share is started once, before the first of them: the browser, a server in one process, a cluster. What is
/// missing is said in one sentence.

import { chromium } from "playwright-core";
import type { TestProject } from "vitest/node";
import { startCluster } from "./cluster.js";
import { findExecutable } from "./command.js";
import { startEmbedded } from "./embedded.js";
import type { Place } from "./place.js";

declare module "vitest" {
  export interface ProvidedContext {
    /** Where the browser is asked, `ws://…`. */
    readonly browser: string;
    readonly places: readonly Place[];
  }
}

/** Debian's, Fedora's and Google's names of it. */
const BROWSERS = ["chromium", "chromium-browser", "google-chrome"];
/** As in a container without a graphics card, and without a word to anybody but the page's own server. */
const FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

const STARTS = { embedded: startEmbedded, cluster: startCluster };
/** While one works on a proof, one place is enough: `embedded` or `cluster`. */
const ONLY = "ROOMLOG_TEST_PLACE";

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const executablePath = findExecutable(BROWSERS);
  if (executablePath === null)
    throw new Error(`there is no Chromium (${BROWSERS.join(", ")}): scripts/install browser`);
  const ends: (() => Promise<void>)[] = [];
  const end = async (): Promise<void> => {
    for (const stop of ends.reverse()) await stop();
  };
  try {
    const places: Place[] = [];
    for (const [kind, start] of Object.entries(STARTS)) {
      if (process.env[ONLY] !== undefined && process.env[ONLY] !== kind) continue;
      const { place, stop } = await start();
      ends.push(stop);
      places.push(place);
    }
    const browser = await chromium.launchServer({ executablePath, args: FLAGS, headless: true });
    ends.push(() => browser.close());
    project.provide("browser", browser.wsEndpoint());
    project.provide("places", places);
  } catch (error) {
    await end().catch(() => undefined);
    throw error;
  }
  return end;
}
