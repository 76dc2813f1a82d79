import { blake3 } from "@noble/hashes/blake3.js";
import { describe, expect, it } from "vitest";
import { firstLink, follow, type ChainRecord, type Link } from "./chain.js";
import kitchen from "./kitchen.ndjson?raw";
import { forget, nearest, parseVerified, remember, type Verified } from "./verified.js";
import { verify, type Check, type Outcome } from "./verify.js";

/** What a server answered to `GET /v1/rooms/{room}/events?from_seq=1&datum=true`, byte for byte, of a room that was chatted in. */
const RECORDS = kitchen.trim().split("\n").map(parseRecord);

function parseRecord(line: string): ChainRecord {
  const value: unknown = JSON.parse(line);
  if (typeof value !== "object" || value === null || !("verdict" in value) || typeof value.verdict !== "string") {
    throw new Error(`no record: ${line}`);
  }
  return { ...value, verdict: value.verdict };
}

const ROOM = "5c9eeb54-f613-558f-a660-376ee03a6a64";
const HEAD = 8;
const hash = (bytes: Uint8Array): Uint8Array => blake3(bytes);
const START = firstLink(hash, ROOM);

const changed = (seq: number, change: Partial<ChainRecord>): ChainRecord[] =>
  RECORDS.map((record) => (record.seq === seq ? { ...record, ...change } : record));

// eslint-disable-next-line @typescript-eslint/require-await -- a stream of what is there already
async function* stream(records: readonly ChainRecord[]): AsyncGenerator<ChainRecord> {
  yield* records;
}

function checked(records: readonly ChainRecord[], more: Partial<Check> = {}): Promise<Outcome> {
  return verify({
    records: stream(records),
    from: START,
    to: HEAD,
    hash,
    signal: new AbortController().signal,
    onprogress: () => undefined,
    now: () => 0,
    pause: () => Promise.resolve(),
    explain: (error) => (error instanceof Error ? error.message : "?"),
    ...more,
  });
}

/** Why a check came to no end. */
async function why(records: readonly ChainRecord[]): Promise<string> {
  const outcome = await checked(records);
  return outcome.kind === "unchecked" ? outcome.why : outcome.kind;
}

/** The same bytes with one bit of the last one's other. */
function flipped(base64: string): string {
  const binary = atob(base64);
  const last = binary.length - 1;
  return btoa(binary.slice(0, last) + String.fromCharCode(binary.charCodeAt(last) ^ 1));
}

describe("the chain of a real room", () => {
  it("holds from its beginning to its head", async () => {
    const outcome = await checked(RECORDS);
    const digest = RECORDS.at(-1)?.digest;
    expect(outcome).toEqual({
      kind: "holds",
      from: 0,
      link: { seq: HEAD, digest, trusted: 0 },
      computed: HEAD,
      trusted: 0,
    });
  });

  it.each(RECORDS.map(({ seq }) => seq ?? 0))("shows one flipped bit in event %i", async (seq) => {
    const datum = flipped(RECORDS[seq - 1]?.datum ?? "");
    expect(await checked(changed(seq, { datum }))).toMatchObject({
      kind: "differs",
      seq,
      stated: RECORDS[seq - 1]?.digest,
    });
  });

  it("shows a digest that was changed", async () => {
    const digest = "0".repeat(32);
    expect(await checked(changed(3, { digest }))).toMatchObject({ kind: "differs", seq: 3, stated: digest });
  });

  it("differs at once where it began with another digest", async () => {
    expect(await checked(RECORDS, { from: firstLink(hash, ROOM.replace("5", "6")) })).toMatchObject({
      kind: "differs",
      seq: 1,
    });
  });

  it("goes on from a digest checked before, whatever comes before that", async () => {
    const from: Link = { seq: 5, digest: RECORDS[4]?.digest ?? "", trusted: 0 };
    expect(await checked(RECORDS.slice(5), { from })).toMatchObject({ kind: "holds", from: 5, computed: 3 });
    expect(await checked(RECORDS.slice(2), { from })).toMatchObject({ kind: "holds", from: 5, computed: 3 });
  });

  it("stops at the message that was asked for", async () => {
    expect(await checked(changed(6, { digest: "0".repeat(32) }), { to: 5 })).toMatchObject({
      kind: "holds",
      computed: 5,
    });
  });

  it("takes a withheld step on trust, says so, and goes on", async () => {
    const outcome = await checked(changed(4, { datum: undefined, withheld: "deleted" }));
    expect(outcome).toMatchObject({ kind: "holds", computed: HEAD - 1, trusted: 1 });
  });

  it("passes over what does not count", async () => {
    const ignored: ChainRecord = { verdict: "ignored", datum: RECORDS[1]?.datum };
    expect(await checked(RECORDS.flatMap((record) => [record, ignored]))).toMatchObject({
      kind: "holds",
      computed: HEAD,
    });
  });
});

describe("what could not be checked", () => {
  it("is said of an event that is missing, and of an answer that ends too soon", async () => {
    expect(await checked(RECORDS.filter(({ seq }) => seq !== 4))).toEqual({
      kind: "unchecked",
      why: "Event 4 is missing: the server sent event 5 in its place.",
    });
    expect(await why(RECORDS.slice(0, 6))).toContain("ended with event 6 of 8");
  });

  it("is said of bytes that are missing or are none", async () => {
    expect(await why(changed(2, { datum: undefined }))).toContain("without its bytes");
    expect(await why(changed(2, { datum: "%" }))).toContain("not base64");
    expect(await why(changed(2, { digest: "short" }))).toContain("without a digest");
  });

  it("is said of a stream that fails", async () => {
    async function* failing(): AsyncGenerator<ChainRecord> {
      yield* stream(RECORDS.slice(0, 2));
      throw new Error("The server is away.");
    }
    expect(await checked([], { records: failing() })).toEqual({ kind: "unchecked", why: "The server is away." });
  });
});

describe("a long check", () => {
  it("lets others go first each slice, tells how far it is, and can be cancelled", async () => {
    const abort = new AbortController();
    const told: number[] = [];
    let ms = 0;
    const outcome = await checked(RECORDS, {
      signal: abort.signal,
      now: () => (ms += 3),
      onprogress: (seq) => told.push(seq),
      pause: () => {
        if (told.length === 2) abort.abort();
        return Promise.resolve();
      },
    });
    expect(outcome).toEqual({ kind: "cancelled" });
    expect(told).toEqual([3, 6]);
  });
});

describe("links checked before", () => {
  const link = (seq: number): Link => ({ seq, digest: seq.toString(16).padStart(32, "0"), trusted: 0 });
  const rooms = (links: readonly number[]): readonly Verified[] =>
    links.reduce<readonly Verified[]>((all, seq) => remember(all, ROOM, "epoch", link(seq)), []);

  it("give the nearest before a message, of this life of the log alone", () => {
    const all = rooms([10, 30, 20]);
    expect(nearest(all, ROOM, "epoch", 30)).toEqual(link(20));
    expect(nearest(all, ROOM, "epoch", 31)).toEqual(link(30));
    expect(nearest(all, ROOM, "epoch", 10)).toBeNull();
    expect(nearest(all, ROOM, "another", 31)).toBeNull();
    expect(nearest(forget(all, ROOM), ROOM, "epoch", 31)).toBeNull();
  });

  it("are bounded: the one goes that is missed least, and the furthest stays", () => {
    const all = rooms([100, 200, 300, 301, 400, 500, 600, 700, 800]);
    expect(all[0]?.links.map(({ seq }) => seq)).toEqual([100, 200, 300, 400, 500, 600, 700, 800]);
    const many = Array.from({ length: 60 }, (_, index) => index).reduce<readonly Verified[]>(
      (known, index) => remember(known, `room ${index}`, "epoch", link(1)),
      [],
    );
    expect(many).toHaveLength(50);
    expect(many.at(-1)?.room).toBe("room 59");
  });

  it("come back from text, and nothing else does", () => {
    const all = rooms([3, 9]);
    expect(parseVerified(JSON.stringify(all))).toEqual(all);
    expect(parseVerified('[{"room":"r","epoch":"e","links":[{"seq":1,"digest":"x","trusted":0}]}]')).toEqual([]);
    expect(parseVerified("{")).toEqual([]);
    expect(parseVerified(null)).toEqual([]);
  });
});

describe("a step", () => {
  it("is of the event after the link", () => {
    const record = RECORDS[0];
    expect(record && follow(hash, START, record)).toMatchObject({ kind: "computed", link: { seq: 1 } });
  });
});
