/// The room that is shown: its messages as a timeline, drawn at most once a frame. Two sources: the room's live end, or a window
/// somewhere in its history after a jump.

import type {
  Member,
  MessageView,
  MessageWindow,
  PendingMessage,
  Room,
  RoomEvent,
  RoomView,
  WindowView,
} from "@roomlog/client";
import { explain } from "../lib/errors.js";
import { anchorOf, findMessage, replyCounts } from "../lib/messages.js";
import type { Standing } from "../lib/rights.js";
import { timeline, type TimelineItem } from "../lib/timeline.js";
import { perFrame } from "./frames.js";
import { names } from "./names.svelte.js";
import { Quotes } from "./quotes.svelte.js";
import { rooms } from "./rooms.svelte.js";
import { session } from "./session.svelte.js";
import { toasts } from "./toasts.svelte.js";

/** Messages that the room is opened with. */
const RECENT = 50;
/** Messages of a page of history. */
const PAGE = 100;
/** Messages around one that is jumped to. */
const AROUND = 60;
/** How long a message that was jumped to is marked. */
const MARKED_MS = 2_500;

/** Where the list is to scroll to: a row, or the end (null). A new value each time. */
export interface Target {
  readonly key: string | null;
}

export class RoomModel {
  readonly id: string;
  readonly me: string;
  /** The client's room: what is done to messages is done by it. */
  readonly room: Room;
  readonly quotes: Quotes;
  readonly #offs: (() => void)[];
  readonly #frame = perFrame(() => this.#draw());
  #window: MessageWindow | null = null;
  #windowOff: (() => void) | null = null;
  #loading = false;
  /** Which jump is under way: of several the last one counts. */
  #jumps = 0;
  #markTimer: ReturnType<typeof setTimeout> | undefined;

  #view = $state.raw<RoomView | null>(null);
  #windowView = $state.raw<WindowView | null>(null);
  #items = $state.raw<readonly TimelineItem[]>([]);
  #replies = $state.raw<ReadonlyMap<number, number>>(new Map());
  #unreadAfter = $state<number | null>(null);
  #marked = $state<number | null>(null);
  #missed = $state(0);
  #jumping = $state(false);
  #members = $state.raw<readonly Member[]>([]);
  #target = $state.raw<Target | null>(null);
  /** Whether the reader sees the end of what is loaded. */
  atEnd = $state(true);

  constructor(id: string, me: string) {
    this.id = id;
    this.me = me;
    this.quotes = new Quotes(id);
    this.room = session.client.open(id, { recent: RECENT });
    this.#offs = [this.room.subscribe(() => this.#frame.ask()), this.room.on("event", (event) => this.#heard(event))];
    this.#draw();
    void this.#learnMembers();
  }

  get view(): RoomView {
    return this.#view ?? this.room.view;
  }

  get items(): readonly TimelineItem[] {
    return this.#items;
  }

  get messages(): readonly MessageView[] {
    return this.#windowView?.messages ?? this.view.messages;
  }

  get pending(): readonly PendingMessage[] {
    return this.view.pending;
  }

  /** Whether the newest message is loaded, and the next one will follow it. */
  get live(): boolean {
    return this.#windowView?.atEnd ?? true;
  }

  /** Whether the room's beginning is loaded. */
  get complete(): boolean {
    return this.#windowView?.atStart ?? this.view.complete;
  }

  /** Answers to each message, as far as they are loaded. */
  get replies(): ReadonlyMap<number, number> {
    return this.#replies;
  }

  /** The message that was jumped to a moment ago. */
  get marked(): number | null {
    return this.#marked;
  }

  /** Messages that came while the reader was further up. */
  get missed(): number {
    return this.#missed;
  }

  get jumping(): boolean {
    return this.#jumping;
  }

  get target(): Target | null {
    return this.#target;
  }

  /** The last seq that was read when the room was opened; null once that is of no interest any more. */
  get unreadAfter(): number | null {
    return this.#unreadAfter;
  }

  /** One's own standing; an open room's kind is known before the room is. */
  get standing(): Standing {
    const entry = rooms.get(this.id);
    return { kind: this.view.room?.kind ?? entry?.kind ?? "public", role: this.view.role };
  }

  /** The room's first members, as they were when it was opened. */
  get members(): readonly Member[] {
    return this.#members;
  }

  message(seq: number): MessageView | undefined {
    return findMessage(this.messages, seq);
  }

  /** Asks for older messages, if there are any; one page at a time. */
  older(): void {
    if (this.complete) return;
    void this.#load(() => (this.#window === null ? this.room.older(PAGE) : this.#window.older(PAGE)));
  }

  /** Asks for newer messages, where a window ends before the room does. */
  newer(): void {
    const window = this.#window;
    if (window === null || this.live) return;
    void this.#load(() => window.newer(PAGE));
  }

  /** Shows a message: scrolls to it, or opens a window of history around it. */
  async jumpTo(seq: number): Promise<void> {
    if (this.message(seq) !== undefined) this.#callOffJumps();
    else if (!(await this.#openWindow(seq))) return;
    // What is at that seq may be no message: the next one is near enough.
    const message = this.message(seq) ?? this.messages.find((one) => one.seq >= seq) ?? this.messages.at(-1);
    if (message === undefined) return;
    this.#target = { key: `m${message.seq}` };
    this.#mark(message.seq);
  }

  /** Shows the first message of a time, or the last before it. Milliseconds since 1970. */
  async jumpToTime(at: number): Promise<void> {
    try {
      const seq = anchorOf(await session.api.messages.page(this.id, { time: at, limit: 1 }));
      if (seq === null) toasts.notice("Nothing was said here yet.");
      else await this.jumpTo(seq);
    } catch (error) {
      toasts.error(explain(error));
    }
  }

  jumpToUnread(): void {
    if (this.#unreadAfter !== null) void this.jumpTo(this.#unreadAfter + 1);
  }

  jumpToLatest(): void {
    this.#callOffJumps();
    this.#closeWindow();
    this.#draw();
    this.#missed = 0;
    this.#target = { key: null };
  }

  /** The reader sees the end: all is read, if the page is looked at. */
  markRead(): void {
    if (!this.live || this.view.status === "opening" || !document.hasFocus()) return;
    this.#missed = 0;
    const { seq, readSeq } = this.view;
    if (seq <= readSeq) return;
    this.room.read(seq);
    rooms.markRead(this.id, seq);
  }

  /** The line of the unread has served. */
  forgetUnread(): void {
    if (this.#unreadAfter === null) return;
    this.#unreadAfter = null;
    this.#draw();
  }

  close(): void {
    for (const off of this.#offs) off();
    clearTimeout(this.#markTimer);
    this.#frame.stop();
    this.#callOffJumps();
    this.#closeWindow();
    this.room.close();
  }

  /** A window that is still on its way is not shown. */
  #callOffJumps(): void {
    this.#jumps += 1;
    this.#jumping = false;
  }

  async #learnMembers(): Promise<void> {
    this.#members = await names.learnMembers(this.id);
  }

  async #load(page: () => Promise<number>): Promise<void> {
    if (this.#loading) return;
    this.#loading = true;
    try {
      await page();
    } catch (error) {
      toasts.error(`More messages could not be loaded. ${explain(error)}`, {
        label: "Try again",
        run: () => void this.#load(page),
      });
      return;
    } finally {
      this.#loading = false;
    }
    this.#frame.ask();
  }

  async #openWindow(seq: number): Promise<boolean> {
    this.#jumps += 1;
    const jump = this.#jumps;
    this.#jumping = true;
    try {
      const window = await this.room.window(seq, AROUND);
      // Somebody has jumped elsewhere since, or left the room.
      if (jump !== this.#jumps) {
        window.close();
        return false;
      }
      this.#closeWindow();
      this.#window = window;
      this.#windowOff = window.subscribe(() => this.#frame.ask());
      this.#draw();
      return true;
    } catch (error) {
      if (jump === this.#jumps) toasts.error(explain(error));
      return false;
    } finally {
      if (jump === this.#jumps) this.#jumping = false;
    }
  }

  #closeWindow(): void {
    this.#windowOff?.();
    this.#window?.close();
    this.#window = null;
    this.#windowOff = null;
  }

  #mark(seq: number): void {
    clearTimeout(this.#markTimer);
    this.#marked = seq;
    this.#markTimer = setTimeout(() => (this.#marked = null), MARKED_MS);
  }

  #heard(event: RoomEvent): void {
    names.heard(event.from);
    this.quotes.heard(event);
    if (event.type !== "message_sent" || event.from.id === this.me) return;
    if (!this.atEnd || !this.live) this.#missed += 1;
  }

  #draw(): void {
    const first = this.#view === null || this.#view.status === "opening";
    this.#view = this.room.view;
    this.#windowView = this.#window?.view ?? null;
    if (first && this.view.status !== "opening" && this.view.seq > this.view.readSeq)
      this.#unreadAfter = this.view.readSeq;
    const { messages, complete } = this;
    const reachesUnread = complete || (messages[0]?.seq ?? Infinity) <= (this.#unreadAfter ?? 0);
    const input = {
      messages,
      complete,
      pending: this.live ? this.pending : [],
      readSeq: reachesUnread ? this.#unreadAfter : null,
      me: this.me,
    };
    this.#items = timeline(input, this.#items);
    this.#replies = replyCounts(messages, this.#replies);
  }
}
