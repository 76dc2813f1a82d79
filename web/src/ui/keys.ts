/// What of a key press the tables of shortcuts need.

import type { Pressed } from "../lib/shortcuts.js";

/** Whether one writes there. */
function isWriting(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  if (target.isContentEditable || target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement)
    return true;
  return target instanceof HTMLInputElement && !["button", "checkbox", "radio", "submit"].includes(target.type);
}

export function pressed(event: KeyboardEvent): Pressed {
  const { key, ctrlKey, metaKey, altKey, target } = event;
  return { key, ctrlKey, metaKey, altKey, writing: isWriting(target) };
}
