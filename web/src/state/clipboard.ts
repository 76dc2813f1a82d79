/// Copying to the clipboard, which a browser may not allow.

import { toasts } from "./toasts.svelte.js";

/** Copies a text; false where that is not allowed, which is said. */
export async function copyText(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    toasts.error("The browser does not allow copying here. Select it by hand.");
    return false;
  }
}
