/** A room that is heard: what it looks like, what happens in it, and what can be done there. */
import type { Receipt } from './generated/schema.js';
import type { Commands } from './generated/protocol.js';
import type { Limits } from './limits.js';
import type { Update, Write, WriteName } from './machine/types.js';
import type { RoomEvent } from './protocol/event.js';
import { Emitter, type Off } from './shell/emitter.js';
import { RoomHistory } from './shell/history.js';
import { ReadMarker } from './shell/read-marker.js';
import { Sayings, type Sending, type SendOptions } from './shell/sayings.js';
import { Store } from './shell/store.js';
import type { MessageWindow } from './shell/window.js';
import type { RoomHost } from './shell/host.js';
import { RoomState, type RoomView } from './view/room-state.js';

export interface RoomEvents {
  /** Something looks different. */
  change: RoomView;
  /** An accepted event: each once, in order. */
  event: RoomEvent;
  /** The room is shown from another place on: what lies between was not heard as events. */
  snapshot: RoomView;
  /** It is heard no more; why. */
  ended: string;
}

export class Room {
  readonly id: string;
  private readonly state: RoomState;
  private readonly store: Store<RoomView>;
  private readonly events = new Emitter<RoomEvents>();
  private readonly marker: ReadMarker;
  private readonly history: RoomHistory;
  private readonly sayings: Sayings;
  private typedAt = -Infinity;
  private timer: ReturnType<typeof setTimeout> | undefined;

  /** @internal Rooms are opened by `Client.open`. */
  constructor(
    id: string,
    recent: number,
    private readonly host: RoomHost,
    private readonly limits: Limits,
  ) {
    this.id = id;
    this.state = new RoomState(host.viewer, recent, limits);
    this.store = new Store(() => this.state.view);
    this.marker = new ReadMarker(limits.readGatherMs, (seq, settled) => {
      host.ask({ name: 'read', body: { room: id, seq } }, settled);
    });
    this.history = new RoomHistory(id, this.state, host, limits, () => this.publish());
    this.sayings = new Sayings(id, this.state, host, limits, () => this.publish());
  }

  /** How it looks now: an immutable value. */
  get view(): RoomView {
    return this.state.view;
  }

  /** Calls `run` now and whenever it looks different: the contract of Svelte's stores. */
  subscribe(run: (view: RoomView) => void): Off {
    return this.store.subscribe(run);
  }

  on<K extends keyof RoomEvents>(event: K, listener: (value: RoomEvents[K]) => void): Off {
    return this.events.on(event, listener);
  }

  // --- saying --------------------------------------------------------------------------------------------------------

  /** Says something: it is shown at once, and is said once, however often that must be tried. */
  send(text: string, options: SendOptions = {}): Sending {
    return this.sayings.send(text, options);
  }

  /** Says again what has failed: with the same cid where it may have landed. */
  retry(cid: string): Sending {
    return this.sayings.retry(cid);
  }

  /** Takes back what has failed, or is not on its way yet; answers whether it was. */
  discard(cid: string): boolean {
    return this.sayings.discard(cid);
  }

  /** @internal Takes up what an earlier life of this client left unsaid. */
  restore(): void {
    this.sayings.restore();
  }

  /** Says a message otherwise. */
  async edit(seq: number, text: string, options: { readonly mentions?: readonly string[] } = {}): Promise<Receipt> {
    const mentions = options.mentions === undefined ? {} : { mentions: [...options.mentions] };
    return await this.write('edit', { ...this.command(), seq, text, ...mentions });
  }

  /** Takes a message back. */
  async delete(seq: number): Promise<Receipt> {
    return await this.write('delete', { ...this.command(), seq });
  }

  async react(seq: number, emoji: string): Promise<Receipt> {
    return await this.write('react', { ...this.command(), seq, emoji });
  }

  async unreact(seq: number, emoji: string): Promise<Receipt> {
    return await this.write('unreact', { ...this.command(), seq, emoji });
  }

  /** Becomes a member. */
  async join(): Promise<Receipt> {
    return await this.write('join', this.command());
  }

  /** Stops being one. */
  async leave(): Promise<Receipt> {
    return await this.write('leave', this.command());
  }

  private command(): { room: string; cid: string } {
    return { room: this.id, cid: this.host.newCid() };
  }

  private async write<N extends WriteName>(name: N, body: Omit<Commands[N]['body'], 'since'>): Promise<Receipt> {
    // Name and body are of the same N, which TypeScript does not put together again.
    const write = { name, body } as Write;
    return await this.host.write(write).receipt;
  }

  /** Tells the room that one is writing: may be called at every key. */
  typing(): void {
    const now = this.host.local();
    if (this.state.view.status !== 'live' || now - this.typedAt < this.limits.typingIntervalMs) return;
    this.typedAt = now;
    this.host.ask({ name: 'typing', body: { room: this.id } }, () => undefined);
  }

  /** All up to `seq` was read: shown at once, told soon, and to one's other sessions too. */
  read(seq: number): void {
    const last = Math.min(seq, this.state.view.seq);
    if (this.state.read(last)) this.marker.want(last);
    this.publish();
  }

  // --- the past ------------------------------------------------------------------------------------------------------

  /** Puts a page of older messages before those that are shown; answers how many. */
  async older(limit?: number): Promise<number> {
    return await this.history.older(limit);
  }

  /** The messages around a seq, kept current like all others, until it is closed. */
  async window(seq: number, limit?: number): Promise<MessageWindow> {
    return await this.history.window(seq, limit);
  }

  /** Hears it no more; of a room that was opened several times, the last close counts. */
  close(): void {
    this.host.close(this);
  }

  // --- what the client tells -----------------------------------------------------------------------------------------

  /** @internal */
  take(update: Update): void {
    this.state.apply(update, this.host.local());
    if (update.kind === 'event') {
      if (update.event.type === 'message_sent') this.sayings.heard(update.event.cid);
      this.history.event(update.event);
      this.events.emit('event', update.event);
    } else if (update.kind === 'snapshot' || update.kind === 'recovered') {
      this.marker.confirm(update.subscription.read_seq);
      this.marker.flush();
      if (update.kind === 'snapshot') this.history.jump();
    } else if (update.kind === 'ended') {
      this.marker.close();
    }
    // What is emitted here shows the room as it is after this update; `change` comes once for all that came together.
    if (update.kind === 'snapshot') this.events.emit('snapshot', this.state.view);
    if (update.kind === 'ended') this.events.emit('ended', update.reason);
  }

  /** @internal One's marker was moved by another session. */
  takeRead(seq: number): void {
    this.marker.confirm(seq);
    this.state.read(seq);
  }

  /** @internal All that came together is folded in. */
  publish(): void {
    this.setTimer();
    this.history.settleDoubts();
    if (this.store.publish()) this.events.emit('change', this.state.view);
  }

  /** @internal It was closed, or the client was. */
  stop(): void {
    clearTimeout(this.timer);
    this.marker.flush();
    this.marker.close();
    this.history.stop();
  }

  private setTimer(): void {
    clearTimeout(this.timer);
    const deadline = this.state.deadline();
    if (deadline === undefined) return;
    this.timer = setTimeout(
      () => {
        this.state.tick(this.host.local());
        this.publish();
      },
      Math.max(0, Math.ceil(deadline - this.host.local())),
    );
  }
}
