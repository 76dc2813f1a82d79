/// A message's receipt: it says what the log says, the browser checks the room's chain by itself, and an answer that was
/// changed on its way is found out. Where there is Jaeger, its link leads to the trace of that send.

import type { Locator, Page } from "playwright-core";
import { describe, expect } from "vitest";
import { Room } from "./pages/room.js";
import type { Recorded } from "./support/caller.js";
import { serviceOf } from "./support/cluster.js";
import type { People, Person } from "./support/people.js";
import type { Place } from "./support/place.js";
import { CLUSTERS, placeOf, PLACES } from "./support/places.js";
import { proof } from "./support/proof.js";

interface Said {
  readonly ann: Person;
  readonly room: Room;
  readonly id: string;
  /** The message whose receipt is looked at; there are events before it. */
  readonly seq: number;
}

async function said(people: People, place: Place): Promise<Said> {
  const ann = await people.person(place, "Ann");
  const id = await ann.caller.room("Registry", "public");
  const first = await ann.caller.say(id, "The first of three");
  await ann.caller.react(id, first, "👍");
  const seq = await ann.caller.say(id, "Put this on record");
  const room = new Room(ann.page);
  await room.open(id);
  return { ann, room, id, seq };
}

async function receiptOf(room: Room, seq: number): Promise<Locator> {
  await room.choose(room.bySeq(seq), "Receipt");
  const receipt = room.page.getByRole("dialog", { name: `Receipt of message ${seq}` });
  await receipt.getByText("Digest", { exact: true }).waitFor();
  return receipt;
}

/** Its fields by name, as they are shown. */
async function fieldsOf(receipt: Locator): Promise<Readonly<Record<string, string>>> {
  const [names, values] = [receipt.getByRole("term"), receipt.getByRole("definition")];
  const texts = await values.evaluateAll((all) =>
    all.map((one) => one.querySelector("code, time") ?? one).map((one) => one.textContent.trim()),
  );
  return Object.fromEntries((await names.allTextContents()).map((name, index) => [name, texts[index] ?? ""]));
}

/** Changes what the server answers to whoever reads a chain: no server does so, so it is done on the way. */
async function forge(page: Page, change: (records: Record<string, unknown>[]) => void): Promise<void> {
  await page.route(/\/events\?.*datum=true/, async (route) => {
    const answer = await route.fetch();
    const lines = (await answer.text()).split("\n").filter((line) => line !== "");
    const records = lines.map(recordOf);
    change(records);
    await route.fulfill({ response: answer, body: records.map((record) => `${JSON.stringify(record)}\n`).join("") });
  });
}

function recordOf(line: string): Record<string, unknown> {
  const record: unknown = JSON.parse(line);
  if (typeof record !== "object" || record === null) throw new Error(`no record: ${line}`);
  return { ...record };
}

/** With one bit of its last byte turned. */
function turned(base64: unknown): string {
  const bytes = Buffer.from(String(base64), "base64");
  bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1;
  return bytes.toString("base64");
}

describe.each(PLACES)("a receipt, $kind", (place) => {
  proof("says what the log says, and its chain holds", async (people) => {
    const { ann, room, id, seq } = await said(people, place);
    const receipt = await receiptOf(room, seq);
    const event: Recorded = await ann.caller.event(id, seq);
    expect(await fieldsOf(receipt)).toMatchObject({
      Seq: `${seq} in this room`,
      "Partition, offset": `${event.partition}, ${event.offset}`,
      Digest: event.digest,
      Event: event.id,
      Epoch: event.epoch,
      Trace: event.trace,
    });
    const appended = receipt.locator("time[datetime]").first();
    expect(await appended.getAttribute("datetime")).toBe(new Date(event.at).toISOString());

    await receipt.getByRole("button", { name: "Verify" }).click();
    await receipt.getByText("The chain holds").waitFor();
    await receipt.getByText(`${seq} digests were computed in this browser, from the room's beginning`).waitFor();
    // What was checked once is where the next check begins.
    await receipt.getByRole("button", { name: "Verify again" }).click();
    await receipt.getByText("The chain holds").waitFor();
    await receipt.getByRole("link", { name: "The room at that time" }).click();
    await ann.page.getByRole("region", { name: "Messages as they stood" }).getByText("Put this on record").waitFor();
  });
});

describe("a receipt that was forged", () => {
  const place = placeOf("embedded");
  const FORGERIES: readonly {
    readonly what: string;
    readonly change: (records: Record<string, unknown>[]) => void;
    readonly verdict: string;
  }[] = [
    {
      what: "a byte of an event",
      change: (records) => Object.assign(records[1] ?? {}, { datum: turned(records[1]?.["datum"]) }),
      verdict: "It differs at event 2",
    },
    {
      what: "a stated digest",
      change: (records) => Object.assign(records[2] ?? {}, { digest: "0".repeat(32) }),
      verdict: "It differs at event 3",
    },
    {
      what: "an event left out",
      change: (records) => records.splice(1, 1),
      verdict: "It could not be checked",
    },
    {
      what: "an answer that ends too soon",
      change: (records) => records.splice(2, 2),
      verdict: "It could not be checked",
    },
  ];

  proof("is found out, whatever of it was changed", async (people) => {
    const { ann, room, seq } = await said(people, place);
    const receipt = await receiptOf(room, seq);
    const check = receipt.getByRole("region", { name: "Check of the digest chain" });
    for (const { what, change, verdict } of FORGERIES) {
      await forge(ann.page, change);
      await receipt.getByRole("button", { name: /^Verify/ }).click();
      await expect.poll(() => check.getByRole("status").textContent(), { message: what }).toContain(verdict);
      expect(await receipt.getByText("The chain holds").count(), what).toBe(0);
      await ann.page.unroute(/\/events\?.*datum=true/);
    }
    await receipt.getByRole("button", { name: "Verify again" }).click();
    await receipt.getByText("The chain holds").waitFor();
  });
});

describe.each(CLUSTERS)("a receipt's trace, $kind", (place) => {
  proof("is a link to Jaeger, which has the spans of that send", async (people) => {
    const jaeger = await serviceOf(place, "ROOMLOG_TELEMETRY__JAEGER_URL");
    const { ann, room, id, seq } = await said(people, place);
    const { trace } = await ann.caller.event(id, seq);
    // Its page asks its own host for what it shows.
    ann.watch.expect(new RegExp(`asked elsewhere: ${jaeger}/`));
    const receipt = await receiptOf(room, seq);
    const opened = ann.context.waitForEvent("page");
    await receipt.getByRole("link", { name: "Open the trace" }).click();
    const tab = await opened;
    await tab.waitForURL(`${jaeger}/trace/${trace}`);
    // Spans are sent in batches, a moment later. How they are drawn is Jaeger's.
    await expect.poll(() => spansOf(tab, trace)).toEqual(expect.arrayContaining(["append", "fold", "ack"]));
  });
});

/** The names of a trace's spans, asked of Jaeger from its own page. */
function spansOf(tab: Page, trace: string): Promise<readonly string[]> {
  return tab.evaluate(async (id) => {
    const answer: unknown = await (await fetch(`/api/traces/${id}`)).json();
    return JSON.stringify(answer).match(/(?<="operationName":")[^"]+/g) ?? [];
  }, trace);
}
