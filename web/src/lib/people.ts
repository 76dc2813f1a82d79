/// What people are called, as far as the page has heard. Pure.

/** What somebody in one of the server's lists is called; null where it tells no name of them. */
export function nameOf(listed: { readonly display_name?: string; readonly username?: string }): string | null {
  return listed.display_name ?? listed.username ?? null;
}

/** The username that somebody typed, however they typed it; empty where there is none. */
export function parseUsername(typed: string): string {
  return typed.trim().replace(/^@/, "").toLowerCase();
}

/** People whose names are told while they type; of more it is said that they are several. */
const MOST_TYPING = 3;

/** "Ann is typing…"; empty where nobody is. */
export function typingLine(names: readonly string[]): string {
  const last = names.at(-1);
  if (last === undefined) return "";
  if (names.length > MOST_TYPING) return "Several people are typing…";
  if (names.length === 1) return `${last} is typing…`;
  return `${names.slice(0, -1).join(", ")} and ${last} are typing…`;
}
