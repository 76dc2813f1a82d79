/// The page's keys: one table, from which the dialog of shortcuts is made and by which keys are understood. Pure.

export type Action =
  | "help"
  | "go-to-room"
  | "search"
  | "room-before"
  | "room-after"
  | "members"
  | "to-unread"
  | "to-latest"
  | "compose"
  | "close";

export type MessageAction = "reply" | "thread" | "react" | "edit" | "copy-link" | "receipt" | "delete";

interface Shortcut<Name> {
  readonly action: Name;
  /** As shown, one a key. */
  readonly keys: readonly string[];
  readonly about: string;
}

/** Anywhere but where one writes, unless it has Ctrl, Alt or is Escape. */
export const SHORTCUTS: readonly Shortcut<Action>[] = [
  { action: "help", keys: ["?"], about: "Show these shortcuts" },
  { action: "go-to-room", keys: ["Ctrl", "K"], about: "Go to a room" },
  { action: "search", keys: ["/"], about: "Search messages" },
  { action: "room-before", keys: ["Alt", "↑"], about: "The room above" },
  { action: "room-after", keys: ["Alt", "↓"], about: "The room below" },
  { action: "members", keys: ["M"], about: "Show or hide members" },
  { action: "to-unread", keys: ["U"], about: "Jump to the first unread message" },
  { action: "to-latest", keys: ["J"], about: "Jump to the latest message" },
  { action: "compose", keys: ["I"], about: "Write a message" },
  { action: "close", keys: ["Esc"], about: "Close what is open; go back to writing" },
];

/** On the message that has the focus. */
export const MESSAGE_SHORTCUTS: readonly Shortcut<MessageAction>[] = [
  { action: "reply", keys: ["R"], about: "Reply" },
  { action: "thread", keys: ["T"], about: "Open the thread" },
  { action: "react", keys: ["+"], about: "React" },
  { action: "edit", keys: ["E"], about: "Edit" },
  { action: "copy-link", keys: ["L"], about: "Copy its link" },
  { action: "receipt", keys: ["V"], about: "Show its receipt" },
  { action: "delete", keys: ["Del"], about: "Delete" },
];

/** While one writes. */
export const COMPOSER_KEYS: readonly { readonly keys: readonly string[]; readonly about: string }[] = [
  { keys: ["Enter"], about: "Send" },
  { keys: ["Shift", "Enter"], about: "New line" },
  { keys: ["↑"], about: "Edit your last message, where nothing is written" },
  { keys: ["Shift", "Tab"], about: "To the messages; then ↑ and ↓" },
];

/** What of a key press is needed to understand it. */
export interface Pressed {
  readonly key: string;
  readonly ctrlKey: boolean;
  readonly metaKey: boolean;
  readonly altKey: boolean;
  /** Whether it went into something that one writes in. */
  readonly writing: boolean;
}

/** What a key press asks for; null for nothing of ours. */
export function actionOf(pressed: Pressed): Action | null {
  const command = pressed.ctrlKey || pressed.metaKey;
  if (command) return pressed.key.toLowerCase() === "k" && !pressed.altKey ? "go-to-room" : null;
  if (pressed.altKey) {
    if (pressed.key === "ArrowUp") return "room-before";
    return pressed.key === "ArrowDown" ? "room-after" : null;
  }
  if (pressed.key === "Escape") return "close";
  if (pressed.writing) return null;
  const shown = pressed.key.toUpperCase();
  const single = SHORTCUTS.find((shortcut) => shortcut.keys.length === 1 && shortcut.keys[0] === shown);
  return single?.action ?? null;
}

/** What a key press asks of the message that has the focus; null for nothing of its. */
export function messageActionOf(pressed: Pressed): MessageAction | null {
  if (pressed.ctrlKey || pressed.metaKey || pressed.altKey || pressed.writing) return null;
  if (pressed.key === "Delete" || pressed.key === "Backspace") return "delete";
  const shown = pressed.key.toUpperCase();
  return MESSAGE_SHORTCUTS.find((shortcut) => shortcut.keys[0] === shown)?.action ?? null;
}
