/** A room's messages before those that came with it: pages, windows, and messages whose reactions are in doubt. */
import { ClientError } from '../errors.js';
import type { Message } from '../generated/schema.js';
import type { Limits } from '../limits.js';
import type { RoomEvent } from '../protocol/event.js';
import type { RoomState } from '../view/room-state.js';
import type { RoomHost } from './host.js';
import { isRepeatable, Loads, Overtaken, reactedTo } from './loads.js';
import { MessageWindow, type WindowHost } from './window.js';

/** Messages of one page, if nothing else is said. */
const PAGE = 50;
/** How often a page is asked for that the room has overtaken. */
const TRIES = 3;

export class RoomHistory {
  private readonly loads: Loads;
  private readonly windows = new Set<MessageWindow>();
  private loading: Promise<unknown> = Promise.resolve();
  private doubtTimer: ReturnType<typeof setTimeout> | undefined;
  private stopped = false;

  constructor(
    private readonly room: string,
    private readonly state: RoomState,
    private readonly host: RoomHost,
    private readonly limits: Limits,
    private readonly changed: () => void,
  ) {
    this.loads = new Loads(limits.eventsKept);
  }

  /** An event was folded in. */
  event(event: RoomEvent): void {
    this.loads.event(event);
    for (const window of this.windows) window.event(event);
  }

  /** The room is shown from another place on. */
  jump(): void {
    this.loads.jump();
    for (const window of this.windows) window.jump();
  }

  /**
   * Puts a page of older messages before those that are shown; answers how many.
   *
   * @param limit 1 to 200
   * @throws `RoomlogError`, `ConnectionError`; `ClientError` `closed` where the room was meanwhile; {@link Overtaken} where more happens in
   *   it than is kept, three times in a row
   */
  async older(limit = PAGE): Promise<number> {
    const run = this.loading.then(
      () => this.page(limit, 1),
      () => this.page(limit, 1),
    );
    this.loading = run.catch(() => undefined);
    return await run;
  }

  private async page(limit: number, tries: number): Promise<number> {
    const { view, fold } = this.state;
    if (view.complete || view.room === null) return 0;
    const before = view.messages[0]?.seq ?? view.seq + 1;
    try {
      const { loaded, events } = await this.loads.run(() => this.ask({ before, limit }));
      fold.prepend(loaded.messages);
      for (const event of events) if (isRepeatable(event)) fold.apply(event);
      for (const seq of reactedTo(loaded.messages, events)) fold.doubtful.add(seq);
      this.state.messagesChanged(loaded.before === null);
      this.changed();
      return loaded.messages.length;
    } catch (error) {
      if (this.stopped) throw new ClientError('closed');
      if (!(error instanceof Overtaken) || tries >= TRIES) throw error;
      return await this.page(limit, tries + 1);
    }
  }

  /** The messages around a seq. */
  async window(seq: number, limit?: number): Promise<MessageWindow> {
    const host: WindowHost = {
      loads: this.loads,
      viewer: this.host.viewer,
      page: (query) => this.ask(query),
      one: (at) => this.one(at),
      closed: (window) => this.windows.delete(window),
    };
    const window = new MessageWindow(host, this.limits.messagesKept);
    this.windows.add(window);
    try {
      await window.around(seq, limit);
    } catch (error) {
      window.close();
      throw error;
    }
    return window;
  }

  private async ask(query: { before?: number; after?: number; limit: number }): Promise<{
    messages: Message[];
    before: number | null;
    after: number | null;
  }> {
    return await this.host.messages.page(this.room, { ...query, min_seq: this.state.view.seq });
  }

  private async one(seq: number): Promise<Message> {
    return await this.host.messages.one(this.room, seq, { min_seq: this.state.view.seq });
  }

  /** Asks, a little later, how messages stand whose reactions may be miscounted: where few look, so that few ask. */
  settleDoubts(): void {
    if (this.stopped) return;
    const isDue = this.state.fold.doubtful.size > 0 && this.state.view.presence.count <= this.limits.settleAudience;
    if (!isDue || this.state.view.status !== 'live' || this.doubtTimer !== undefined) return;
    this.doubtTimer = setTimeout(() => {
      // Where the server can't say it now, the next change asks again.
      this.settle()
        .catch(() => undefined)
        .finally(() => (this.doubtTimer = undefined));
    }, this.host.random() * this.limits.settleWithinMs);
  }

  private async settle(): Promise<void> {
    for (const seq of [...this.state.fold.doubtful]) {
      const { loaded, events } = await this.loads.run(() => this.one(seq));
      // Whether it holds what came meanwhile nobody can say: it stays in doubt.
      if (reactedTo([loaded], events).length > 0) continue;
      this.state.fold.replace(loaded);
      for (const event of events) if (isRepeatable(event)) this.state.fold.apply(event);
      this.state.messagesChanged();
    }
    this.changed();
  }

  /** Nothing more is asked. */
  stop(): void {
    this.stopped = true;
    clearTimeout(this.doubtTimer);
    this.loads.jump();
    this.windows.clear();
  }
}
