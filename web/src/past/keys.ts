/// Which key does what in the past. Keys that a field, a button or a list needs itself are left to it.

export type Act = "toggle" | "back" | "forward" | "first" | "last";

const KEYS: Readonly<Record<string, Act>> = {
  " ": "toggle",
  ArrowLeft: "back",
  ArrowRight: "forward",
  Home: "first",
  End: "last",
};

/** What a key asks for; null where it is none of ours. */
export function keyOf(event: KeyboardEvent): Act | null {
  if (event.ctrlKey || event.metaKey || event.altKey || event.shiftKey || event.defaultPrevented) return null;
  const act = KEYS[event.key] ?? null;
  const target = event.target;
  if (!(target instanceof Element) || target.closest("dialog, [popover], select, textarea, [contenteditable]"))
    return null;
  if (target instanceof HTMLInputElement) return target.type === "range" ? act : null;
  // Space presses a button, opens what is folded, follows nothing.
  if (act === "toggle" && target.closest("button, summary, a")) return null;
  return act;
}
