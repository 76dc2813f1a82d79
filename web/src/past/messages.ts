/// The latest messages as they stood, folded forward: by the client's own rules, as values, for a moment is kept here, left and shown
/// again. What is the past's alone is beside the message: whether it was deleted since, and whether its text is told to us. Pure.
///
/// One thing can't be known here: who had reacted before the position that the server was asked for. Somebody who reacts
/// once more with the same emoji is counted again, until the server is asked anew.

import { beginFold, type FoldedMessage, foldOn, type MessageChange, type MessageOfThen } from "@roomlog/client";
import type { Happening } from "./happening.js";

export interface PastMessage extends FoldedMessage {
  /** It stood then and was deleted since. */
  readonly deletedSince: boolean;
  /** Its text is not shown to us for that. */
  readonly withheld: boolean;
}

/** How many of the latest are kept, as many as the server tells. */
export const MOST_MESSAGES = 100;

/** As the server tells them. */
export function fromRecent(recent: readonly MessageOfThen[]): readonly PastMessage[] {
  return recent
    .slice(-MOST_MESSAGES)
    .map(({ deleted_since: deletedSince = false, text_withheld: withheld = false, ...message }) => ({
      ...beginFold(message),
      deletedSince,
      withheld,
    }));
}

/** After one more event that counts. */
export function applyToMessages(messages: readonly PastMessage[], event: Happening): readonly PastMessage[] {
  const { what, from, at } = event;
  if (from === null) return messages;
  switch (what.type) {
    case "message_sent": {
      if (event.seq === null) return messages;
      const message = { seq: event.seq, id: event.eventId, from, at, ...what.body, reactions: [] };
      const flags = { deletedSince: event.withheld === "deleted", withheld: event.withheld !== null };
      return [...messages, { ...beginFold(message), ...flags }].slice(-MOST_MESSAGES);
    }
    case "message_edited":
    case "message_deleted":
    case "reaction_added":
    case "reaction_removed":
      return changed(messages, { ...what, from, at }, event.withheld !== null);
    default:
      return messages;
  }
}

function changed(messages: readonly PastMessage[], change: MessageChange, withheld: boolean): readonly PastMessage[] {
  const index = messages.findIndex(({ message }) => message.seq === change.body.seq);
  const before = messages[index];
  if (before === undefined) return messages;
  const after = foldOn(before, change);
  return after === before ? messages : messages.with(index, { ...flagsAfter(before, change, withheld), ...after });
}

function flagsAfter(
  { deletedSince, withheld }: PastMessage,
  change: MessageChange,
  withheldNow: boolean,
): Omit<PastMessage, keyof FoldedMessage> {
  switch (change.type) {
    case "message_edited":
      return { deletedSince, withheld: withheldNow };
    case "message_deleted":
      return { deletedSince: false, withheld: false };
    default:
      return { deletedSince, withheld };
  }
}
