/// One's rooms, kept as they are: the listing is asked for now and then and after whatever it alone can tell; each room is
/// open on the socket, so that its events count at once. What is unread is the server's number and what came since.

import type { Client, Invitation, MyRoom, Room, RoomEvent } from "@roomlog/client";
import { afterEvent, afterRead, type Entry, entryOf, sorted } from "../lib/unread.js";
import { explain } from "../lib/errors.js";
import { names } from "./names.svelte.js";
import { perFrame } from "./frames.js";
import { session } from "./session.svelte.js";
import { toasts } from "./toasts.svelte.js";

/** Rooms that are listened to at once: an edge allows 1,000 a session. */
const LISTENED = 500;
/** Rooms that are listed. */
const LISTED = 2_000;
/** How often the listing is asked for: nothing else tells of an invitation. */
const REFRESH_MS = 30_000;

/** How far the listing may lag behind the log, usually. */
const LISTING_LAG_MS = 500;
/** How long an answer is waited for by whoever wants that nothing is asked. */
const REST_MS = 2_000;
/** Pauses before each look for a room that must come. */
const EXPECTING_MS = [0, 150, 300, 600, 1_200, 2_400];

class Rooms {
  #entries = $state.raw<ReadonlyMap<string, Entry>>(new Map());
  #invitations = $state.raw<readonly Invitation[]>([]);
  #loaded = $state(false);
  #failed = $state<string | null>(null);
  readonly #open = new Map<string, Room>();
  /** How far one has read, of rooms that were looked at here: the listing may not know it yet. */
  readonly #read = new Map<string, number>();
  /** Events and markers not drawn yet. */
  #waiting: (() => void)[] = [];
  /** The listing that is being asked for. */
  #asking: Promise<void> | null = null;
  #again = false;
  #resting = false;
  /** Of whoever is signed in: what comes of their questions after they have gone is not shown. */
  #life = new AbortController();
  readonly #frame = perFrame(() => this.#drain());

  readonly list = $derived(sorted([...this.#entries.values()]));
  /** As shown from top to bottom. */
  readonly order = $derived([...this.list.rooms, ...this.list.direct]);

  get entries(): ReadonlyMap<string, Entry> {
    return this.#entries;
  }

  get invitations(): readonly Invitation[] {
    return this.#invitations;
  }

  /** Whether the listing came at least once. */
  get loaded(): boolean {
    return this.#loaded;
  }

  /** Why the listing could not be had at last; null where it could. */
  get failed(): string | null {
    return this.#failed;
  }

  get(room: string): Entry | undefined {
    return this.#entries.get(room);
  }

  /** Keeps the list until the answer is called. `heard` is told of each event, with the room's row as it is then. */
  start(client: Client, me: string, heard: (event: RoomEvent, entry: Entry) => void): () => void {
    this.#life = new AbortController();
    this.#resting = false;
    const { signal } = this.#life;
    const onEvent = client.on("event", (event) => this.#later(() => this.#hear(event, me, heard)));
    const onRead = client.on("read", ({ room, seq }) => this.markRead(room, seq));
    const onState = client.on("state", (state) => state.kind === "live" && void this.refresh());
    const timer = setInterval(() => document.hidden || void this.refresh(), REFRESH_MS);
    const seen = (): void => void (document.hidden || this.refresh());
    document.addEventListener("visibilitychange", seen, { signal });
    void this.refresh();
    return () => {
      for (const off of [onEvent, onRead, onState]) off();
      clearInterval(timer);
      this.#life.abort();
      this.#frame.stop();
      this.#waiting = [];
      for (const room of this.#open.values()) room.close();
      this.#open.clear();
      this.#read.clear();
      names.clear();
      this.#entries = new Map();
      this.#invitations = [];
      this.#loaded = false;
      this.#failed = null;
    };
  }

  /** Asks for the listing and the invitations anew; one call at a time, the last one counts. */
  async refresh(): Promise<void> {
    if (this.#resting) return;
    if (this.#asking !== null) {
      this.#again = true;
      return;
    }
    this.#asking = this.#ask(this.#life.signal);
    await this.#asking;
    this.#asking = null;
    if (!this.#again) return;
    this.#again = false;
    void this.refresh();
  }

  /** Asks nothing more, until `wake` or the next `start`; answers when nothing is being asked, or when that takes too long. */
  async rest(): Promise<void> {
    this.#resting = true;
    const patience = new Promise((resolve) => setTimeout(resolve, REST_MS));
    await Promise.race([this.#asking, patience]);
  }

  wake(): void {
    this.#resting = false;
    void this.refresh();
  }

  async #ask(signal: AbortSignal): Promise<void> {
    try {
      const [mine, invitations] = await Promise.all([listMine(), session.api.rooms.invitations({ limit: 200 })]);
      if (signal.aborted) return;
      this.#invitations = invitations.invitations;
      await this.#take(mine, signal);
      this.#failed = null;
      this.#loaded = true;
    } catch (error) {
      if (!signal.aborted) this.#failed = explain(error);
    }
  }

  /** Refreshes until a room is listed that one has just entered or made: the listing follows the log by a moment. */
  async expect(room: string): Promise<void> {
    const { signal } = this.#life;
    for (const pauseMs of EXPECTING_MS) {
      await new Promise((resolve) => setTimeout(resolve, pauseMs));
      if (signal.aborted) return;
      await this.refresh();
      if (this.#entries.has(room)) return;
    }
  }

  /** One's own marker moved. */
  markRead(room: string, seq: number): void {
    this.#read.set(room, Math.max(seq, this.#read.get(room) ?? 0));
    this.#later(() => {
      const entry = this.#entries.get(room);
      if (entry === undefined) return;
      const next = afterRead(entry, seq);
      this.#put(next);
      if (next.unread > 0 && next !== entry) void this.refresh();
    });
  }

  /** Joins a room; false where that was refused, which is said. */
  async join(room: string): Promise<boolean> {
    try {
      await session.api.rooms.join(room);
    } catch (error) {
      toasts.error(explain(error));
      return false;
    }
    this.#invitations = this.#invitations.filter((invitation) => invitation.id !== room);
    await this.expect(room);
    return true;
  }

  async #take(mine: readonly MyRoom[], signal: AbortSignal): Promise<void> {
    const me = session.me?.id ?? "";
    await names.learnPeers(mine, me);
    if (signal.aborted) return;
    const entries = new Map<string, Entry>();
    for (const room of mine) {
      const listed = entryOf(room, room.peer === undefined ? undefined : names.of(room.peer));
      const known = this.#entries.get(room.id);
      // The listing may be older than what the socket said since.
      const newer = known !== undefined && (known.head > listed.head || known.readSeq > listed.readSeq);
      const entry = newer ? { ...known, name: listed.name } : listed;
      entries.set(room.id, afterRead(entry, this.#read.get(room.id) ?? 0));
    }
    this.#entries = entries;
    for (const room of this.#read.keys()) if (!entries.has(room)) this.#read.delete(room);
    this.#listen([...entries.keys()]);
  }

  #listen(ids: readonly string[]): void {
    const wanted = new Set(ids.slice(0, LISTENED));
    for (const [id, room] of this.#open) {
      if (wanted.has(id)) continue;
      room.close();
      this.#open.delete(id);
    }
    for (const id of wanted) if (!this.#open.has(id)) this.#open.set(id, this.#opened(id));
  }

  #opened(id: string): Room {
    const room = session.client.open(id, { recent: 0 });
    // Kicked, banned, or the room is gone: the listing says so.
    room.on("ended", () => void this.refresh());
    return room;
  }

  #hear(event: RoomEvent, me: string, heard: (event: RoomEvent, entry: Entry) => void): void {
    names.heard(event.from);
    const entry = this.#entries.get(event.room);
    if (entry === undefined || event.seq <= entry.head) return;
    const next = afterEvent(entry, event, me);
    this.#put(next);
    heard(event, next);
    // Kicked from a room that one may still read: it is listed no more, once history knows.
    if (event.type === "member_removed" && event.body.user === me) void this.#refreshLater();
  }

  async #refreshLater(): Promise<void> {
    const { signal } = this.#life;
    await new Promise((resolve) => setTimeout(resolve, LISTING_LAG_MS));
    if (!signal.aborted) await this.refresh();
  }

  #later(change: () => void): void {
    this.#waiting.push(change);
    this.#frame.ask();
  }

  #drain(): void {
    const changes = this.#waiting;
    this.#waiting = [];
    for (const change of changes) change();
  }

  #put(entry: Entry): void {
    if (this.#entries.get(entry.id) === entry) return;
    this.#entries = new Map(this.#entries).set(entry.id, entry);
  }
}

async function listMine(): Promise<readonly MyRoom[]> {
  const all: MyRoom[] = [];
  let after: string | null = null;
  do {
    const page = await session.api.rooms.mine(after === null ? { limit: 200 } : { limit: 200, after });
    all.push(...page.rooms);
    after = page.after;
  } while (after !== null && all.length < LISTED);
  return all;
}

export const rooms = new Rooms();
