/// Naming people in what one writes: `@` and the beginning of a name offers them. Pure.

/** Somebody who may be named. */
export interface Person {
  readonly id: string;
  /** Guests and people of an outside issuer have none. */
  readonly username?: string | undefined;
  readonly name: string;
}

/** What is being typed: the `@` at `start`, and what stands between it and the caret. */
export interface MentionQuery {
  readonly start: number;
  readonly prefix: string;
}

const QUERY = /(?:^|[^\p{L}\p{N}@])@([\p{L}\p{N}_.-]{0,32})$/u;
/** People offered at once. */
const OFFERED = 8;

/** The name that the caret is in; null where it is in none. */
export function mentionAt(text: string, caret: number): MentionQuery | null {
  const prefix = QUERY.exec(text.slice(0, caret))?.[1];
  return prefix === undefined ? null : { start: caret - prefix.length - 1, prefix };
}

/** Who fits: usernames first, then names, then words of names, each in the order given. */
export function suggest(people: readonly Person[], prefix: string): readonly Person[] {
  const wanted = prefix.toLowerCase();
  const rank = (person: Person): number => {
    const name = person.name.toLowerCase();
    if (person.username?.startsWith(wanted) === true) return 0;
    if (name.startsWith(wanted)) return 1;
    return name.split(/\s+/u).some((word) => word.startsWith(wanted)) ? 2 : 3;
  };
  return people
    .map((person) => ({ person, rank: rank(person) }))
    .filter((one) => one.rank < 3)
    .sort((a, b) => a.rank - b.rank)
    .slice(0, OFFERED)
    .map((one) => one.person);
}

/** What a person is called in a text. */
export function handle(person: Person): string {
  return `@${person.username ?? person.name}`;
}

/** The text with the person named in place of the query, and where the caret goes. */
export function insertMention(
  text: string,
  query: MentionQuery,
  person: Person,
): { readonly text: string; readonly caret: number } {
  const before = `${text.slice(0, query.start)}${handle(person)} `;
  const after = text.slice(query.start + 1 + query.prefix.length);
  return { text: before + after.replace(/^ /, ""), caret: before.length };
}

/** Ids of the chosen who are still named: the server finds usernames by itself, but not the names of those without one. */
export function mentioned(text: string, chosen: readonly Person[]): readonly string[] {
  return [...new Set(chosen.filter((person) => text.includes(handle(person))).map((person) => person.id))];
}
