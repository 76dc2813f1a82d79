/// What one likes, as it is kept as text: parsed when it is read again, for whatever stands in a browser's storage may be of another
/// version. Pure.

export type Theme = "system" | "light" | "dark";

export interface Liked {
  readonly theme: Theme;
  /** Whether one asked for desktop notifications here. */
  readonly notify: boolean;
}

export const DEFAULT: Liked = { theme: "system", notify: false };

/** What was kept; anything else than that is taken as nothing. */
export function parsePreferences(text: string | null): Liked {
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
