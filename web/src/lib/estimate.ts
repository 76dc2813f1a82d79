/// How tall a row will be, about, before it was ever drawn: a good guess keeps the scroll bar still. Pure.

import type { TimelineItem } from "./timeline.js";

/** CSS pixels. */
const LINE = 22;
const HEAD = 26;
const PADDING = 4;
const REACTIONS = 30;
const QUOTE = 20;
const DAY = 40;
const START = 150;
/** Characters of a line in a view that is neither wide nor narrow. */
const LINE_CHARACTERS = 80;

/** CSS pixels of a timeline's row. */
export function estimateHeight(item: TimelineItem): number {
  switch (item.kind) {
    case "start":
      return START;
    case "day":
    case "unread":
      return DAY;
    case "pending":
      return textHeight(item.pending.text) + PADDING + (item.head ? HEAD : 0) + LINE;
    case "message": {
      const { text, reactions, reply_to, deleted } = item.message;
      const said = deleted === true ? LINE : textHeight(text);
      const more = (reactions.length > 0 ? REACTIONS : 0) + (reply_to === undefined ? 0 : QUOTE);
      return said + more + PADDING + (item.head ? HEAD : 0);
    }
  }
}

function textHeight(text: string): number {
  let lines = 0;
  for (const line of text.split("\n")) lines += Math.max(1, Math.ceil(line.length / LINE_CHARACTERS));
  return lines * LINE;
}
