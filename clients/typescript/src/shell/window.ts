/**
 * Messages around a place in a room's past, apart from those at its head: where a link, a search or a date leads to.
 *
 * What must hold: they are without holes between their ends, and kept current by the room's events like all others. No more of them are kept
 * than of a room: those that are farthest from where one reads on go first.
 */
import type { Message } from '../generated/schema.js';
import type { RoomEvent } from '../protocol/event.js';
import { MessageFold } from '../view/message-fold.js';
import type { MessageView } from '../view/message.js';
import type { Off } from './emitter.js';
import { isRepeatable, reactedTo, type Loads } from './loads.js';
import { Store } from './store.js';

/** A window as it is shown. */
export interface WindowView {
  /** Oldest first, without holes. */
  readonly messages: readonly MessageView[];
  /** Whether they reach back to the room's beginning. */
  readonly atStart: boolean;
  /** Whether they reach to its head, and what is said from now on is added. */
  readonly atEnd: boolean;
}

/** What a window asks of its room. */
export interface WindowHost {
  readonly loads: Loads;
  readonly viewer: () => string | undefined;
  page(query: { before?: number; after?: number; limit: number }): Promise<{
    messages: Message[];
    before: number | null;
    after: number | null;
  }>;
  one(seq: number): Promise<Message>;
  closed(window: MessageWindow): void;
}

/** Messages of one page, if nothing else is said. */
const PAGE = 50;
/** And at most: what the server gives. */
const PAGE_MOST = 200;

export class MessageWindow {
  private readonly fold: MessageFold;
  private shown: WindowView = { messages: [], atStart: false, atEnd: false };
  private readonly store = new Store<WindowView>(() => this.shown);
  private loading: Promise<unknown> = Promise.resolve();

  /** At most `most` messages are kept. */
  constructor(
    private readonly host: WindowHost,
    private readonly most: number,
  ) {
    this.fold = new MessageFold(host.viewer, most);
  }

  get view(): WindowView {
    return this.shown;
  }

  /** Calls `run` now and whenever something is different: the contract of Svelte's stores. */
  subscribe(run: (view: WindowView) => void): Off {
    return this.store.subscribe(run);
  }

  /** The messages around `seq`, about `limit` of them, at most 400 and what is kept; those that were there are forgotten. */
  async around(seq: number, limit = PAGE): Promise<void> {
    await this.alone(async () => {
      const half = Math.min(Math.max(1, Math.ceil(Math.min(limit, this.most) / 2)), PAGE_MOST);
      const { loaded, events } = await this.host.loads.run(async () => ({
        before: await this.host.page({ before: seq + 1, limit: half }),
        after: await this.host.page({ after: seq, limit: half }),
      }));
      this.fold.reset([...loaded.before.messages, ...loaded.after.messages]);
      this.shown = { ...this.shown, atStart: loaded.before.before === null, atEnd: loaded.after.after === null };
      await this.folded(this.fold.messages, events);
    });
  }

  /** A page of older ones; answers how many. */
  async older(limit = PAGE): Promise<number> {
    return await this.alone(async () => {
      const first = this.fold.messages[0];
      if (this.shown.atStart || first === undefined) return 0;
      const { loaded, events } = await this.host.loads.run(() => this.host.page({ before: first.seq, limit }));
      this.fold.prepend(loaded.messages);
      const atEnd = !this.fold.forgetNewest() && this.shown.atEnd;
      this.shown = { ...this.shown, atStart: loaded.before === null, atEnd };
      await this.folded(loaded.messages, events);
      return loaded.messages.length;
    });
  }

  /** A page of newer ones; answers how many. */
  async newer(limit = PAGE): Promise<number> {
    return await this.alone(async () => {
      const last = this.fold.messages.at(-1);
      if (this.shown.atEnd || last === undefined) return 0;
      const { loaded, events } = await this.host.loads.run(() => this.host.page({ after: last.seq, limit }));
      this.fold.append(loaded.messages);
      const atStart = !this.fold.forgetOldest() && this.shown.atStart;
      this.shown = { ...this.shown, atStart, atEnd: loaded.after === null };
      await this.folded(loaded.messages, events);
      return loaded.messages.length;
    });
  }

  /** What happened while a page was on its way. */
  private async folded(page: readonly Message[], events: readonly RoomEvent[]): Promise<void> {
    const last = this.fold.messages.at(-1)?.seq ?? 0;
    for (const event of events) {
      if (isRepeatable(event) || (event.type === 'message_sent' && this.shown.atEnd && event.seq > last)) {
        this.take(event);
      }
    }
    this.publish();
    for (const seq of reactedTo(page, events)) {
      this.fold.replace(await this.host.one(seq));
      this.publish();
    }
  }

  /** An event of the room came. */
  event(event: RoomEvent): void {
    if (event.type === 'message_sent' && !this.shown.atEnd) return;
    if (this.take(event)) this.publish();
  }

  /** One more at the end may be one too many at the beginning. */
  private take(event: RoomEvent): boolean {
    const { oldest } = this.fold;
    if (!this.fold.apply(event)) return false;
    if (oldest !== undefined && this.fold.oldest !== oldest) this.shown = { ...this.shown, atStart: false };
    return true;
  }

  /** The room has jumped: what these messages became meanwhile is not known, so they are asked for again. */
  jump(): void {
    const middle = this.fold.messages[this.fold.messages.length >> 1];
    if (middle === undefined) return;
    // Where even that fails they stay as they were; the next page, or jump, tries again.
    this.around(middle.seq, this.fold.messages.length).catch(() => undefined);
  }

  private publish(): void {
    this.shown = { ...this.shown, messages: this.fold.messages };
    this.store.publish();
  }

  /** One page at a time: the next begins where the one before has ended. */
  private async alone<T>(load: () => Promise<T>): Promise<T> {
    const run = this.loading.then(load, load);
    this.loading = run.catch(() => undefined);
    return await run;
  }

  /** It is not wanted any more. */
  close(): void {
    this.host.closed(this);
  }
}
