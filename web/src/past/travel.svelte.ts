/// A journey through a room's past: where one is, what waits, whether it plays. It joins the pure parts (room, player,
/// trail) to the server and to the browser's frames.
///
/// What must hold: of several questions the last one alone counts, and a slider that is pulled asks when it rests.

import { SvelteMap } from "svelte/reactivity";
import { explain } from "../lib/errors.js";
import { Feed } from "./feed.js";
import type { Happening } from "./happening.js";
import { due, moved, pause, play, playerAt, tick, type Next, type Player, type Speed } from "./player.js";
import { apply, fromServer, type PastRoom } from "./room.js";
import { readHead, readNames, readRecords, readRoom, type Point } from "./source.js";
import { extended, stepsBackTo, type Step } from "./trail.js";

/** How long a slider that is pulled rests before the server is asked, milliseconds. */
const PULL_MS = 150;
/** How long one stays at a moment before that is told, milliseconds: browsers take few changes of a path a second. */
const REST_MS = 400;
/** Events shown at once at most while it plays: folding more than these would be felt. */
const MOST_AT_ONCE = 256;
/** How often something new is shown while it plays, milliseconds: drawing more often costs more than one sees. */
const SHOW_MS = 40;
/** Names remembered. */
const MOST_NAMES = 2_000;

export class Travel {
  readonly id: string;
  #trail = $state.raw<readonly Step[]>([]);
  #player = $state.raw<Player>(playerAt(0));
  #head = $state(0);
  #aim = $state<number | null>(null);
  #asking = $state(false);
  #failure = $state.raw<{ readonly text: string; readonly point: Point } | null>(null);
  #next = $state.raw<Next>({ kind: "waiting" });
  #feedFailure = $state<string | null>(null);
  readonly #names = new SvelteMap<string, string>();
  readonly #feed: Feed;
  #abort: AbortController | null = null;
  #pulled: ReturnType<typeof setTimeout> | undefined;
  #resting: ReturnType<typeof setTimeout> | undefined;
  readonly #onrest: (seq: number) => void;
  #frame: number | null = null;
  #shownAt = 0;
  readonly #closing = new AbortController();

  /** `onrest` is told when one has come to rest after an event. */
  constructor(room: string, onrest: (seq: number) => void) {
    this.id = room;
    this.#onrest = onrest;
    this.#feed = new Feed(
      (from, to, signal) => readRecords(room, from, to, signal),
      () => this.#heard(),
    );
  }

  /** The room as it stood; null before it is known. */
  get room(): PastRoom | null {
    return this.#trail.at(-1)?.room ?? null;
  }

  /** What led here, oldest first. */
  get trail(): readonly Step[] {
    return this.#trail;
  }

  get player(): Player {
    return this.#player;
  }

  get next(): Next {
    return this.#next;
  }

  /** The room's last event, as far as one knows. */
  get head(): number {
    return this.#head;
  }

  /** Where the slider stands: where one is, or where one is going. */
  get seq(): number {
    return this.#aim ?? this.room?.seq ?? 1;
  }

  /** Whether the server was asked and has not answered. */
  get asking(): boolean {
    return this.#asking;
  }

  /** Why the last question failed. */
  get failure(): string | null {
    return this.#failure?.text ?? null;
  }

  /** Why nothing more is read of what comes. */
  get feedFailure(): string | null {
    return this.#feedFailure;
  }

  nameOf(id: string): string {
    return this.#names.get(id) ?? `someone (${id.slice(0, 8)})`;
  }

  /** Learns what there is, and goes to the event `seq`; to the room's end where that is null. */
  async open(seq: number | null): Promise<void> {
    const { signal } = this.#closing;
    void this.#learnNames();
    this.#asking = true;
    try {
      const head = await readHead(this.id);
      if (signal.aborted) return;
      this.#head = head;
    } catch (error) {
      if (!signal.aborted) this.#fail(error, { kind: "seq", seq: seq ?? 0 });
      return;
    }
    await this.go({ kind: "seq", seq: Math.min(seq ?? this.#head, this.#head) });
  }

  /** Asks how the room stood at a point. */
  async go(point: Point): Promise<void> {
    clearTimeout(this.#pulled);
    this.#abort?.abort();
    const abort = new AbortController();
    this.#abort = abort;
    this.#asking = true;
    this.#failure = null;
    try {
      const past = await readRoom(this.id, point);
      if (abort.signal.aborted) return;
      const room = fromServer(past);
      for (const { message } of room.messages) this.#learn(message.from.id, message.from.name);
      this.#head = Math.max(this.#head, room.seq);
      this.#trail = [{ room, happening: null }];
      const time = point.kind === "time" ? Math.max(point.time, room.at) : room.at;
      this.#player = moved(this.#player, time);
      this.#feed.restart(room, this.#head);
      this.#heard();
      this.#aim = null;
      this.#asking = false;
    } catch (error) {
      if (!abort.signal.aborted) this.#fail(error, point);
    }
  }

  /** Asks again what failed. */
  again(): void {
    const failed = this.#failure;
    if (failed === null) return;
    if (this.#head === 0) void this.open(failed.point.kind === "seq" && failed.point.seq > 0 ? failed.point.seq : null);
    else void this.go(failed.point);
  }

  /** Follows the slider: at once where that is known here, else when it rests. */
  scrub(seq: number): void {
    clearTimeout(this.#pulled);
    const aim = Math.min(Math.max(seq, 1), this.#head);
    if (this.#near(aim)) return;
    this.#aim = aim;
    this.#pulled = setTimeout(() => void this.go({ kind: "seq", seq: aim }), PULL_MS);
  }

  /** One record forward, counted or not. */
  forward(): void {
    if (this.#aim !== null) this.scrub(this.#aim + 1);
    else this.#show(this.#feed.take(1));
  }

  /** One record back. */
  back(): void {
    if (this.#aim === null && this.#trail.length > 1) this.#stepBack(1);
    else if (this.seq > 1) this.scrub(this.seq - 1);
  }

  toggle(): void {
    if (this.#player.playing) this.pause();
    else if (this.#next.kind === "end" && this.seq >= this.#head) void this.#again();
    else {
      // The room has gone on since its end was read.
      if (this.#next.kind === "end") this.retryFeed();
      this.#set(play(this.#player));
    }
  }

  pause(): void {
    this.#set(pause(this.#player));
    this.#heard();
  }

  setSpeed(speed: Speed): void {
    this.#player = { ...this.#player, speed };
  }

  setSkip(skip: boolean): void {
    this.#player = { ...this.#player, skip };
  }

  /** Goes to just before the next event. */
  skipSilence(): void {
    if (this.#next.kind === "event") this.#player = moved(this.#player, this.#next.at);
  }

  /** Reads on after a failure. */
  retryFeed(): void {
    this.#feed.retry();
    this.#heard();
  }

  close(): void {
    this.#closing.abort();
    this.#abort?.abort();
    this.#feed.close();
    clearTimeout(this.#pulled);
    clearTimeout(this.#resting);
    if (this.#frame !== null) cancelAnimationFrame(this.#frame);
    this.#frame = null;
  }

  /** From the beginning once more, playing. */
  async #again(): Promise<void> {
    await this.go({ kind: "seq", seq: 1 });
    if (this.#failure === null && !this.#closing.signal.aborted) this.#set(play(this.#player));
  }

  /** Goes there by what is known here, if it is. */
  #near(seq: number): boolean {
    if (this.#trail.length === 0 || this.#aim !== null) return false;
    const back = stepsBackTo(this.#trail, seq);
    if (back !== null) {
      if (back > 0) this.#stepBack(back);
      return true;
    }
    const index = this.#feed.waiting.findIndex((happening) => happening.seq === seq);
    if (index < 0) return false;
    this.#show(this.#feed.take(index + 1));
    return true;
  }

  #stepBack(count: number): void {
    const kept = this.#trail.slice(0, this.#trail.length - count);
    for (const { happening } of this.#trail.slice(kept.length).reverse()) {
      if (happening !== null) this.#feed.putBack(happening);
    }
    this.#trail = kept;
    const room = this.room;
    if (room !== null) this.#player = moved(this.#player, room.at);
    this.#heard();
  }

  /** Shows what was taken from the feed. */
  #show(happenings: readonly Happening[]): void {
    let room = this.room;
    if (room === null || happenings.length === 0) return;
    const steps: Step[] = [];
    for (const happening of happenings) {
      if (happening.from !== null) this.#learn(happening.from.id, happening.from.name);
      room = apply(room, happening);
      steps.push({ room, happening });
    }
    this.#trail = extended(this.#trail, steps);
    this.#head = Math.max(this.#head, room.seq);
    if (!this.#player.playing || room.at > this.#player.time) this.#player = moved(this.#player, room.at);
    this.#heard();
  }

  #set(player: Player): void {
    this.#player = player;
    if (player.playing && this.#frame === null) this.#frame = requestAnimationFrame((now) => this.#onframe(now));
  }

  #onframe(now: number): void {
    this.#frame = null;
    if (this.#aim === null && !this.#asking) {
      this.#player = tick(this.#player, now, this.#feed.next);
      const count = now - this.#shownAt < SHOW_MS ? 0 : due(this.#feed.waiting, this.#player.time, MOST_AT_ONCE);
      if (count > 0) {
        this.#shownAt = now;
        this.#show(this.#feed.take(count));
      }
    }
    if (this.#player.playing) this.#frame = requestAnimationFrame((later) => this.#onframe(later));
  }

  /** The feed has changed, or where one is. */
  #heard(): void {
    clearTimeout(this.#resting);
    this.#resting = setTimeout(() => this.#rested(), REST_MS);
    this.#next = this.#feed.next;
    const last = this.#feed.waiting.findLast(({ seq }) => seq !== null)?.seq ?? 0;
    if (last > this.#head) this.#head = last;
    const failure = this.#feed.failure;
    this.#feedFailure = failure === null ? null : explain(failure);
    if (failure !== null && this.#feed.waiting.length === 0) this.#player = pause(this.#player);
  }

  #rested(): void {
    const room = this.room;
    if (room !== null && !this.#player.playing && !this.#asking && this.#aim === null) this.#onrest(room.seq);
  }

  #fail(error: unknown, point: Point): void {
    this.#asking = false;
    this.#aim = null;
    this.#player = pause(this.#player);
    this.#failure = { text: explain(error), point };
  }

  #learn(id: string, name: string): void {
    if (this.#names.size < MOST_NAMES && this.#names.get(id) !== name) this.#names.set(id, name);
  }

  async #learnNames(): Promise<void> {
    try {
      for (const [id, name] of await readNames(this.id)) if (!this.#names.has(id)) this.#learn(id, name);
    } catch {
      // Then those who say nothing in this part of the past are called by their ids.
    }
  }
}
