/// The latest messages as they stood, folded forward by the rules of the server's `recent`. Pure, and values: the client's own
/// fold changes in place and knows of the present alone, while here a moment is kept, left and shown again.
///
/// One thing can't be known here: who had reacted before the position that the server was asked for. Somebody who reacts
/// once more with the same emoji is counted again, until the server is asked anew.

import type { MessageOfThen } from "@roomlog/client";
import { isSaid, type Happening, type Said } from "./happening.js";

export interface PastReaction {
  readonly emoji: string;
  readonly count: number;
  /** Those of `count` who are known. */
  readonly users: readonly string[];
}

export interface PastMessage {
  readonly seq: number;
  readonly from: { readonly id: string; readonly name: string };
  readonly at: number;
  readonly text: string;
  readonly replyTo: number | null;
  readonly editedAt: number | null;
  /** It was deleted by then. */
  readonly deleted: boolean;
  /** It stood then and was deleted since. */
  readonly deletedSince: boolean;
  /** Its text is not shown to us for that. */
  readonly withheld: boolean;
  readonly reactions: readonly PastReaction[];
}

/** How many of the latest are kept, as many as the server tells. */
export const MOST_MESSAGES = 100;
/** Emoji and reactions that a message can have: what is over is without effect. */
const MOST_EMOJI = 20;
const MOST_REACTIONS = 1_000;

/** As the server tells them. */
export function fromRecent(recent: readonly MessageOfThen[]): readonly PastMessage[] {
  return recent.slice(-MOST_MESSAGES).map((message) => ({
    seq: message.seq,
    from: message.from,
    at: message.at,
    text: message.text,
    replyTo: message.reply_to ?? null,
    editedAt: message.edited_at ?? null,
    deleted: message.deleted ?? false,
    deletedSince: message.deleted_since ?? false,
    withheld: message.text_withheld ?? false,
    reactions: message.reactions.map(({ emoji, count }) => ({ emoji, count, users: [] })),
  }));
}

/** After one more event that counts. */
export function applyToMessages(messages: readonly PastMessage[], event: Happening): readonly PastMessage[] {
  const { what } = event;
  if (!isSaid(what)) return messages;
  if (what.type === "message_sent") {
    const message = sent(event, what);
    return message === null ? messages : [...messages, message].slice(-MOST_MESSAGES);
  }
  const index = messages.findIndex(({ seq }) => seq === what.seq);
  const message = messages[index];
  return message === undefined || message.deleted ? messages : messages.with(index, changed(message, what, event));
}

function sent(event: Happening, what: { readonly text: string; readonly replyTo: number | null }): PastMessage | null {
  if (event.seq === null || event.from === null) return null;
  return {
    seq: event.seq,
    from: event.from,
    at: event.at,
    text: what.text,
    replyTo: what.replyTo,
    editedAt: null,
    deleted: false,
    deletedSince: event.withheld === "deleted",
    withheld: event.withheld !== null,
    reactions: [],
  };
}

function changed(
  message: PastMessage,
  what: Exclude<Said, { type: "message_sent" }>,
  { at, withheld, from }: Happening,
): PastMessage {
  switch (what.type) {
    case "message_edited":
      return { ...message, text: what.text, editedAt: at, withheld: withheld !== null };
    case "message_deleted":
      return {
        ...message,
        deleted: true,
        deletedSince: false,
        withheld: false,
        text: "",
        editedAt: null,
        reactions: [],
      };
    case "reaction_added":
      return { ...message, reactions: react(message.reactions, what.emoji, from?.id ?? "") };
    case "reaction_removed":
      return { ...message, reactions: unreact(message.reactions, what.emoji, from?.id ?? "") };
  }
}

function react(reactions: readonly PastReaction[], emoji: string, user: string): readonly PastReaction[] {
  const total = reactions.reduce((sum, { count }) => sum + count, 0);
  if (total >= MOST_REACTIONS) return reactions;
  const index = reactions.findIndex((one) => one.emoji === emoji);
  const known = reactions[index];
  if (known === undefined) {
    return reactions.length >= MOST_EMOJI ? reactions : [...reactions, { emoji, count: 1, users: [user] }];
  }
  if (known.users.includes(user)) return reactions;
  return reactions.with(index, { emoji, count: known.count + 1, users: [...known.users, user] });
}

function unreact(reactions: readonly PastReaction[], emoji: string, user: string): readonly PastReaction[] {
  const index = reactions.findIndex((one) => one.emoji === emoji);
  const known = reactions[index];
  // Where everybody is known and this one is not among them, it is without effect.
  if (known === undefined || (known.users.length === known.count && !known.users.includes(user))) return reactions;
  if (known.count === 1) return reactions.toSpliced(index, 1);
  return reactions.with(index, { emoji, count: known.count - 1, users: known.users.filter((one) => one !== user) });
}
