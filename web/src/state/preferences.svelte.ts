/// What one likes, kept in this browser: never who one is (that is in cookies no script can read).

import { DEFAULT, type Liked, parsePreferences, type Theme } from "../lib/preferences.js";

const KEY = "roomlog.preferences";

class Preferences {
  #kept = $state.raw<Liked>(DEFAULT);

  get theme(): Theme {
    return this.#kept.theme;
  }

  set theme(theme: Theme) {
    this.#keep({ ...this.#kept, theme });
  }

  get notify(): boolean {
    return this.#kept.notify;
  }

  set notify(notify: boolean) {
    this.#keep({ ...this.#kept, notify });
  }

  /** Reads what was kept, here and whenever another tab changes it; until the answer is called. */
  start(): () => void {
    this.#take(read());
    const listening = new AbortController();
    addEventListener("storage", (event) => event.key === KEY && this.#take(parsePreferences(event.newValue)), {
      signal: listening.signal,
    });
    return () => listening.abort();
  }

  #keep(kept: Liked): void {
    this.#take(kept);
    try {
      localStorage.setItem(KEY, JSON.stringify(kept));
    } catch {
      // No storage, or a full one: it holds as long as the page does.
    }
  }

  #take(kept: Liked): void {
    this.#kept = kept;
    document.documentElement.dataset["theme"] = kept.theme;
  }
}

function read(): Liked {
  try {
    return parsePreferences(localStorage.getItem(KEY));
  } catch {
    return DEFAULT;
  }
}

export const preferences = new Preferences();
