/**
 * Messages as they stand: by the same rules as the server's `recent`, as far as its events say them.
 *
 * What must hold: it takes accepted events alone, in order; a message changes by {@link MessageFold.apply} and nothing else. Of messages
 * that came ready-made (a snapshot, a page) it is not said who reacted: where one of them reacts again the count may be off, and
 * {@link MessageFold.doubtful} names the message until somebody asks the server for it.
 */
import type { Message, Pos, Reactions, Receipt } from '../generated/schema.js';
import type { RoomEvent } from '../protocol/event.js';

/** A message as it stands, and what is known of its sending beside. */
export interface MessageView extends Message {
  /** The command's id, of a message that was heard as it was sent. */
  readonly cid?: string;
  /** Where it stands in the log, likewise. */
  readonly pos?: Pos;
  /** The receipt, of a message that this client sent. */
  readonly receipt?: Receipt;
}

/** Different emoji that a message may have; the server's bound, part of the contract. */
export const MOST_EMOJI = 20;
/** Reactions that a message may have, of all emoji and people together; likewise. */
export const MOST_REACTIONS = 1_000;

/** Who is known to have an emoji under a message, and who not. */
interface Reactors {
  readonly with: Set<string>;
  readonly without: Set<string>;
}

export class MessageFold {
  /** Messages whose reactions may be miscounted. */
  readonly doubtful = new Set<number>();
  private list: MessageView[] = [];
  private shown: readonly MessageView[] | undefined;
  /** By seq, then emoji. */
  private readonly reactors = new Map<number, Map<string, Reactors>>();

  /** `viewer` is the person whose `mine` the reactions say; `most` messages are kept. */
  constructor(
    private readonly viewer: () => string | undefined,
    private readonly most = Infinity,
  ) {}

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
        return this.change(event.body.seq, (message) => edited(message, event));
      case 'message_deleted':
        return this.change(event.body.seq, buried);
      case 'reaction_added':
        return this.change(event.body.seq, (message) => this.react(message, event.body.emoji, event.from.id));
      case 'reaction_removed':
        return this.change(event.body.seq, (message) => this.unreact(message, event.body.emoji, event.from.id));
      default:
        return false;
    }
  }

  /** Notes a receipt on the message that it is of. */
  receipt(receipt: Receipt): boolean {
    return this.change(receipt.seq, (message) => ({ ...message, receipt }), 'tombstones too');
  }

  private sent(event: RoomEvent & { type: 'message_sent' }): void {
    const { seq, event_id: id, from, at, body, cid, pos } = event;
    this.list.push({ seq, id, from, at, ...body, reactions: [], cid, pos });
    if (this.list.length > this.most) {
      for (const { seq } of this.list.splice(0, this.list.length - this.most)) {
        this.reactors.delete(seq);
        this.doubtful.delete(seq);
      }
    }
    this.shown = undefined;
  }

  private change(
    seq: number,
    how: (message: MessageView) => MessageView | undefined,
    which: 'tombstones too' | 'living' = 'living',
  ): boolean {
    const place = this.place(seq);
    const message = this.list[place];
    if (message === undefined || (message.deleted === true && which === 'living')) return false;
    const changed = how(message);
    if (changed === undefined) return false;
    this.put(place, changed);
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

  private react(message: MessageView, emoji: string, user: string): MessageView | undefined {
    const { reactions } = message;
    const there = reactions.find((reaction) => reaction.emoji === emoji);
    const reactors = this.reactorsOf(message.seq, emoji);
    if (this.has(there, reactors, user) === true) return undefined;
    if (total(reactions) >= MOST_REACTIONS || (!there && reactions.length >= MOST_EMOJI)) return undefined;
    // One of those who reacted before we looked may do so again, without effect.
    if (this.has(there, reactors, user) === undefined) this.doubtful.add(message.seq);
    reactors.with.add(user);
    reactors.without.delete(user);
    const mine = user === this.viewer() || there?.mine === true;
    const next = { emoji, count: (there?.count ?? 0) + 1, ...(mine ? { mine } : {}) };
    return { ...message, reactions: there ? swapped(reactions, emoji, next) : [...reactions, next] };
  }

  private unreact(message: MessageView, emoji: string, user: string): MessageView | undefined {
    const { reactions } = message;
    const there = reactions.find((reaction) => reaction.emoji === emoji);
    const reactors = this.reactorsOf(message.seq, emoji);
    const had = this.has(there, reactors, user);
    if (!there || had === false) return undefined;
    if (had === undefined) this.doubtful.add(message.seq);
    reactors.with.delete(user);
    reactors.without.add(user);
    const mine = user !== this.viewer() && there.mine === true;
    const next = { emoji, count: there.count - 1, ...(mine ? { mine } : {}) };
    const left = next.count > 0 ? swapped(reactions, emoji, next) : reactions.filter((other) => other !== there);
    return { ...message, reactions: left };
  }

  /** Whether somebody has this reaction; undefined where that can't be known. */
  private has(there: Reactions | undefined, reactors: Reactors, user: string): boolean | undefined {
    if (!there) return false;
    if (user === this.viewer()) return there.mine === true;
    if (reactors.with.has(user)) return true;
    const viewer = this.viewer();
    const named = reactors.with.size + (there.mine === true && viewer && !reactors.with.has(viewer) ? 1 : 0);
    return reactors.without.has(user) || there.count <= named ? false : undefined;
  }

  private reactorsOf(seq: number, emoji: string): Reactors {
    let byEmoji = this.reactors.get(seq);
    if (!byEmoji) this.reactors.set(seq, (byEmoji = new Map<string, Reactors>()));
    let reactors = byEmoji.get(emoji);
    if (!reactors) byEmoji.set(emoji, (reactors = { with: new Set(), without: new Set() }));
    return reactors;
  }
}

function edited(message: MessageView, { at, body }: RoomEvent & { type: 'message_edited' }): MessageView {
  const { mentions: _, ...rest } = message;
  return { ...rest, text: body.text, edited_at: at, ...(body.mentions ? { mentions: body.mentions } : {}) };
}

/** A tombstone keeps its place, its author and what it answered. */
function buried({ mentions: _, edited_at: __, ...message }: MessageView): MessageView {
  return { ...message, text: '', deleted: true, reactions: [] };
}

function total(reactions: readonly Reactions[]): number {
  return reactions.reduce((sum, { count }) => sum + count, 0);
}

function swapped(reactions: readonly Reactions[], emoji: string, next: Reactions): Reactions[] {
  return reactions.map((reaction) => (reaction.emoji === emoji ? next : reaction));
}
