/**
 * A list of messages, kept current: each by the rules of {@link foldOn}.
 *
 * What must hold: it takes accepted events alone, in order; a message changes by {@link MessageFold.apply} and nothing else. It changes in
 * place, for a list may be long and events come fast; the messages in it, and each list that was shown, stay as they were.
 */
import type { Receipt } from '../generated/schema.js';
import type { RoomEvent } from '../protocol/event.js';
import { foldOn, NO_REACTORS, type FoldedMessage, type MessageChange, type MessageView } from './message.js';

export class MessageFold {
  /** Messages whose reactions may be miscounted. */
  readonly doubtful = new Set<number>();
  private list: MessageView[] = [];
  private shown: readonly MessageView[] | undefined;
  /** By seq. */
  private readonly reactors = new Map<number, FoldedMessage['reactors']>();

  /** `viewer` is the person whose `mine` the reactions say; `most` messages are kept. */
  constructor(
    private readonly viewer: () => string | undefined,
    private readonly most = Infinity,
  ) {}

  /** The seq of the first one. */
  get oldest(): number | undefined {
    return this.list[0]?.seq;
  }

  /** In order of seq; another list whenever it is another. */
  get messages(): readonly MessageView[] {
    this.shown ??= [...this.list];
    return this.shown;
  }

  /** Begins anew with these, in order of seq. */
  reset(messages: readonly MessageView[]): void {
    this.list = [...messages];
    this.reactors.clear();
    this.doubtful.clear();
    this.shown = undefined;
  }

  /** Older ones, in order of seq, all before those that are there. */
  prepend(messages: readonly MessageView[]): void {
    this.list = [...messages, ...this.list];
    this.shown = undefined;
  }

  /** Newer ones, in order of seq, all after those that are there. */
  append(messages: readonly MessageView[]): void {
    this.list.push(...messages);
    this.shown = undefined;
  }

  /** Forgets the oldest beyond what is kept; answers whether there were such. */
  forgetOldest(): boolean {
    return this.forget(0);
  }

  /** Forgets the newest beyond what is kept; answers whether there were such. */
  forgetNewest(): boolean {
    return this.forget(this.most);
  }

  /** The message sent at `seq`, if it is among them. */
  get(seq: number): MessageView | undefined {
    return this.list[this.place(seq)];
  }

  /** Puts a message in the place of what it was, as the server says that it stands. */
  replace(message: MessageView): void {
    const place = this.place(message.seq);
    const before = this.list[place];
    if (before === undefined) return;
    this.reactors.delete(message.seq);
    this.doubtful.delete(message.seq);
    this.put(place, { ...before, ...message });
  }

  /** Takes an accepted event; answers whether something stands differently now, or something was trimmed. */
  apply(event: RoomEvent): boolean {
    switch (event.type) {
      case 'message_sent':
        this.sent(event);
        return true;
      case 'message_edited':
      case 'message_deleted':
      case 'reaction_added':
      case 'reaction_removed':
        return this.changed(event);
      default:
        return false;
    }
  }

  /** Notes a receipt on the message that it is of, a tombstone too. */
  receipt(receipt: Receipt): boolean {
    const place = this.place(receipt.seq);
    const message = this.list[place];
    if (message === undefined) return false;
    this.put(place, { ...message, receipt });
    return true;
  }

  private sent(event: RoomEvent & { type: 'message_sent' }): void {
    const { seq, event_id: id, from, at, body, cid, pos } = event;
    this.list.push({ seq, id, from, at, ...body, reactions: [], cid, pos });
    this.shown = undefined;
    this.forgetOldest();
  }

  /** As many as there are beyond what is kept, from a place on. */
  private forget(from: number): boolean {
    const beyond = this.list.length - this.most;
    if (beyond <= 0) return false;
    for (const { seq } of this.list.splice(from, beyond)) {
      this.reactors.delete(seq);
      this.doubtful.delete(seq);
    }
    this.shown = undefined;
    return true;
  }

  private changed(change: MessageChange): boolean {
    const { seq } = change.body;
    const place = this.place(seq);
    const message = this.list[place];
    if (message === undefined) return false;
    const before = { message, reactors: this.reactors.get(seq) ?? NO_REACTORS, doubtful: this.doubtful.has(seq) };
    const after = foldOn(before, change, this.viewer());
    if (after === before) return false;
    this.put(place, after.message);
    if (after.reactors.size > 0) this.reactors.set(seq, after.reactors);
    else this.reactors.delete(seq);
    if (after.doubtful) this.doubtful.add(seq);
    else this.doubtful.delete(seq);
    return true;
  }

  private put(place: number, message: MessageView): void {
    this.list[place] = message;
    this.shown = undefined;
  }

  private place(seq: number): number {
    let low = 0;
    let high = this.list.length - 1;
    while (low <= high) {
      const middle = (low + high) >> 1;
      const at = this.list[middle]?.seq ?? 0;
      if (at === seq) return middle;
      if (at < seq) low = middle + 1;
      else high = middle - 1;
    }
    return -1;
  }
}
