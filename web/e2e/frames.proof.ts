/// A room with fifty messages a second stays smooth while one writes and scrolls in it. What is asserted is a ratio: felt
/// frames there against felt frames of a page that shows nothing new, under the same load on the same machine. The figures
/// are written where ROOMLOG_TEST_REPORT names a file.

import { writeFile } from "node:fs/promises";
import { describe, expect } from "vitest";
import { Room } from "./pages/room.js";
import { Caller } from "./support/caller.js";
import { pathNamed } from "./support/command.js";
import { FELT_MS, type Frames, framesDuring, longestTasks } from "./support/frames.js";
import { placeOf } from "./support/places.js";
import type { Person } from "./support/people.js";
import { proof } from "./support/proof.js";

const MESSAGES_PER_SECOND = 50;
const SPEAKERS = 10;
/** Presses of a key, and a turn of the wheel after each tenth. */
const PRESSES = 300;
/** Felt frames of a hundred that the busy room may have beyond the idle page: what chance alone makes of a few hundred frames. */
const SLACK_PERCENT = 5;

describe("a room with fifty messages a second", () => {
  proof("is as smooth as a page where nothing happens", async (people) => {
    const place = placeOf("embedded");
    const ann = await people.person(place, "Ann");
    const id = await ann.caller.room("Market", "open");
    const quiet = await ann.caller.room("Backyard", "open");
    const speakers: Caller[] = [];
    for (let index = 0; index < SPEAKERS; index += 1)
      speakers.push((await Caller.register(place.url, `Trader ${index}`)).caller);
    const talk = new Talk(speakers, id);
    try {
      const idle = await watched(ann, quiet);
      const busy = await watched(ann, id);
      await report(idle.frames, busy.frames, busy.tasks, talk.rate);
      expect(busy.frames.feltPercent).toBeLessThanOrEqual(idle.frames.feltPercent + SLACK_PERCENT);
    } finally {
      await talk.end();
    }
  });
});

/** The frames of a room while one writes and scrolls in it, and the longest tasks of that by the browser's trace, milliseconds. */
async function watched({ page, context }: Person, id: string): Promise<{ frames: Frames; tasks: readonly number[] }> {
  const room = new Room(page);
  await room.open(id);
  const browser = context.browser();
  if (browser === null) throw new Error("a context without a browser");
  await browser.startTracing(page, { categories: ["toplevel", "disabled-by-default-devtools.timeline"] });
  const frames = await framesDuring(page, () => writeAndScroll(room));
  return { frames, tasks: longestTasks(await browser.stopTracing(), 5) };
}

async function writeAndScroll(room: Room): Promise<void> {
  await room.composer.fill("");
  for (let press = 0; press < PRESSES; press += 1) {
    await room.composer.press("x");
    if (press % 10 !== 9) continue;
    await room.messages.hover();
    await room.page.mouse.wheel(0, press % 20 === 9 ? -400 : 400);
  }
}

/** People who go on talking until they are told to end, together as often a second as is said above. */
class Talk {
  readonly #ended = new AbortController();
  readonly #speaking: Promise<unknown>;
  readonly #began = performance.now();
  #said = 0;

  constructor(speakers: readonly Caller[], room: string) {
    this.#speaking = Promise.all(speakers.map((speaker) => this.#speak(speaker, room)));
  }

  /** Messages a second so far. */
  get rate(): number {
    return Math.round((1_000 * this.#said) / (performance.now() - this.#began));
  }

  async end(): Promise<void> {
    this.#ended.abort();
    await this.#speaking;
  }

  async #speak(speaker: Caller, room: string): Promise<void> {
    const pauseMs = (1_000 * SPEAKERS) / MESSAGES_PER_SECOND;
    for (let next = performance.now(); !this.#ended.signal.aborted; next += pauseMs) {
      await speaker.say(room, `lot ${this.#said}: apples, pears, and a rather long list of all that is in season`);
      this.#said += 1;
      const restMs = next + pauseMs - performance.now();
      if (restMs > 0) await new Promise((wake) => setTimeout(wake, restMs));
    }
  }
}

async function report(idle: Frames, busy: Frames, tasks: readonly number[], rate: number): Promise<void> {
  const file = pathNamed("ROOMLOG_TEST_REPORT");
  if (file === null) return;
  const row = (name: string, { count, medianMs, p95Ms, p99Ms, longestMs, feltPercent }: Frames): string =>
    `| ${[name, count, medianMs, p95Ms, p99Ms, longestMs, feltPercent].join(" | ")} |`;
  const lines = [
    "# Frames of a busy room",
    "",
    `Written by \`ROOMLOG_TEST_REPORT=FILE scripts/web e2e frames\`: somebody writes and scrolls, in a room where nothing is said and in`,
    `one where ${rate} messages a second come in (${MESSAGES_PER_SECOND} wanted), both while those are said. Milliseconds; headless, drawn by the processor.`,
    "",
    `| room | frames | median | p95 | p99 | longest | over ${FELT_MS} ms, % |`,
    "|---|---|---|---|---|---|---|",
    row("quiet", idle),
    row("busy", busy),
    "",
    `Longest tasks of the main thread in the busy room, by the browser's trace, milliseconds of processor time: ${tasks.join(", ")}.`,
    "",
  ];
  await writeFile(file, lines.join("\n"));
}
