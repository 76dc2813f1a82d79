/**
 * A message as it stands, and what an event makes of it: by the same rules as the server's `recent`, as far as its events say them.
 *
 * What must hold: these are values. What comes of an event is another one, and the one before stays as it was, so that it can be kept and
 * shown again. Of a message that came ready-made (a snapshot, a page) it is not said who reacted: where one of them reacts again the count
 * may be off, and the message is doubtful until somebody asks the server for it.
 */
import type { Message, Pos, Reactions, Receipt } from '../generated/schema.js';
import type { EventContent } from '../protocol/event.js';

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
export interface Reactors {
  readonly with: ReadonlySet<string>;
  readonly without: ReadonlySet<string>;
}

/** A message, and what is known of it beside. */
export interface FoldedMessage {
  readonly message: MessageView;
  /** By emoji. */
  readonly reactors: ReadonlyMap<string, Reactors>;
  /** Whether its reactions may be miscounted. */
  readonly doubtful: boolean;
}

/** The types of events that change a message. */
type ChangeType = 'message_edited' | 'message_deleted' | 'reaction_added' | 'reaction_removed';

/** As much of an event as changes a message: `body.seq` is that message's. */
export type MessageChange = Extract<EventContent, { readonly type: ChangeType }> & {
  readonly at: number;
  readonly from: { readonly id: string };
};

/** Somebody's reaction: given, or taken back. */
interface Reaction {
  readonly emoji: string;
  readonly user: string;
  readonly viewer: string | undefined;
}

export const NO_REACTORS: FoldedMessage['reactors'] = new Map();
const UNKNOWN: Reactors = { with: new Set(), without: new Set() };

/** A message that is just sent, or comes ready-made. */
export function beginFold(message: MessageView): FoldedMessage {
  return { message, reactors: NO_REACTORS, doubtful: false };
}

/** After an event about it; itself where that is without effect. `viewer` is the person whose `mine` the reactions say. */
export function foldOn(folded: FoldedMessage, change: MessageChange, viewer?: string): FoldedMessage {
  const { message } = folded;
  if (message.deleted === true) return folded;
  const user = change.from.id;
  switch (change.type) {
    case 'message_edited':
      return { ...folded, message: edited(message, change.at, change.body) };
    case 'message_deleted':
      return beginFold(buried(message));
    case 'reaction_added':
      return reacted(folded, { emoji: change.body.emoji, user, viewer });
    case 'reaction_removed':
      return unreacted(folded, { emoji: change.body.emoji, user, viewer });
  }
}

function edited(message: MessageView, at: number, body: { text: string; mentions?: string[] }): MessageView {
  const { mentions: _, ...rest } = message;
  return { ...rest, text: body.text, edited_at: at, ...(body.mentions ? { mentions: body.mentions } : {}) };
}

/** A tombstone keeps its place, its author and what it answered. */
function buried({ mentions: _, edited_at: __, ...message }: MessageView): MessageView {
  return { ...message, text: '', deleted: true, reactions: [] };
}

function reacted(folded: FoldedMessage, reaction: Reaction): FoldedMessage {
  const { reactions } = folded.message;
  const { emoji, user, viewer } = reaction;
  const there = reactions.find((other) => other.emoji === emoji);
  const had = has(folded, there, reaction);
  if (had === true) return folded;
  if (total(reactions) >= MOST_REACTIONS || (!there && reactions.length >= MOST_EMOJI)) return folded;
  const mine = user === viewer || there?.mine === true;
  const next = { emoji, count: (there?.count ?? 0) + 1, ...(mine ? { mine } : {}) };
  return {
    message: { ...folded.message, reactions: there ? swapped(reactions, emoji, next) : [...reactions, next] },
    reactors: noted(folded, emoji, ({ with: known, without }) => ({
      with: plus(known, user),
      without: minus(without, user),
    })),
    // One of those who reacted before we looked may do so again, without effect.
    doubtful: folded.doubtful || had === undefined,
  };
}

function unreacted(folded: FoldedMessage, reaction: Reaction): FoldedMessage {
  const { reactions } = folded.message;
  const { emoji, user, viewer } = reaction;
  const there = reactions.find((other) => other.emoji === emoji);
  const had = has(folded, there, reaction);
  if (!there || had === false) return folded;
  const mine = user !== viewer && there.mine === true;
  const next = { emoji, count: there.count - 1, ...(mine ? { mine } : {}) };
  const left = next.count > 0 ? swapped(reactions, emoji, next) : reactions.filter((other) => other !== there);
  return {
    message: { ...folded.message, reactions: left },
    reactors: noted(folded, emoji, ({ with: known, without }) => ({
      with: minus(known, user),
      without: plus(without, user),
    })),
    doubtful: folded.doubtful || had === undefined,
  };
}

/** Whether somebody has this reaction; undefined where that can't be known. */
function has(
  { reactors }: FoldedMessage,
  there: Reactions | undefined,
  { emoji, user, viewer }: Reaction,
): boolean | undefined {
  if (!there) return false;
  if (user === viewer) return there.mine === true;
  const known = reactors.get(emoji) ?? UNKNOWN;
  if (known.with.has(user)) return true;
  const named = known.with.size + (there.mine === true && viewer !== undefined && !known.with.has(viewer) ? 1 : 0);
  return known.without.has(user) || there.count <= named ? false : undefined;
}

function noted(
  { reactors }: FoldedMessage,
  emoji: string,
  how: (known: Reactors) => Reactors,
): FoldedMessage['reactors'] {
  return new Map(reactors).set(emoji, how(reactors.get(emoji) ?? UNKNOWN));
}

function plus(users: ReadonlySet<string>, user: string): ReadonlySet<string> {
  return new Set(users).add(user);
}

function minus(users: ReadonlySet<string>, user: string): ReadonlySet<string> {
  if (!users.has(user)) return users;
  const left = new Set(users);
  left.delete(user);
  return left;
}

function total(reactions: readonly Reactions[]): number {
  return reactions.reduce((sum, { count }) => sum + count, 0);
}

function swapped(reactions: readonly Reactions[], emoji: string, next: Reactions): Reactions[] {
  return reactions.map((reaction) => (reaction.emoji === emoji ? next : reaction));
}
