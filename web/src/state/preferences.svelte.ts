/// What one likes, kept in this browser: never who one is (that is in cookies no script can read).

export type Theme = "system" | "light" | "dark";

const KEY = "roomlog.preferences";

interface Kept {
  readonly theme: Theme;
  /** Whether one asked for desktop notifications here. */
  readonly notify: boolean;
}

const DEFAULT: Kept = { theme: "system", notify: false };

/** What was kept; anything else than that is taken as nothing. */
export function parsePreferences(text: string | null): Kept {
  if (text === null) return DEFAULT;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return DEFAULT;
  }
  if (typeof value !== "object" || value === null) return DEFAULT;
  const theme = "theme" in value && (value.theme === "light" || value.theme === "dark") ? value.theme : DEFAULT.theme;
  return { theme, notify: "notify" in value && value.notify === true };
}

class Preferences {
  #kept = $state.raw<Kept>(DEFAULT);

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

  #keep(kept: Kept): void {
    this.#take(kept);
    try {
      localStorage.setItem(KEY, JSON.stringify(kept));
    } catch {
      // No storage, or a full one: it holds as long as the page does.
    }
  }

  #take(kept: Kept): void {
    this.#kept = kept;
    document.documentElement.dataset["theme"] = kept.theme;
  }
}

function read(): Kept {
  try {
    return parsePreferences(localStorage.getItem(KEY));
  } catch {
    return DEFAULT;
  }
}

export const preferences = new Preferences();
