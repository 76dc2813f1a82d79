/// The table of emoji, and finding in it. The table is fetched when it is first asked for.

export interface EmojiGroup {
  readonly name: string;
  /** Each with its name and the words that it is found by. */
  readonly emoji: readonly (readonly [emoji: string, name: string, words: string])[];
}

/** The groups, in the order of Unicode. Rejects where the table can't be fetched; asking again fetches again. */
export async function loadEmoji(): Promise<readonly EmojiGroup[]> {
  const { default: table } = await import("./emoji-table.json");
  return parseTable(table);
}

/** The table as it is written, as groups; what is not of its form is left out. */
export function parseTable(table: readonly unknown[]): readonly EmojiGroup[] {
  return table.flatMap((group) => {
    const [name, rows] = listOf(group);
    return typeof name === "string" && Array.isArray(rows) ? [{ name, emoji: rows.flatMap(parseRow) }] : [];
  });
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function parseRow(row: unknown): [string, string, string][] {
  const [emoji, name, words] = listOf(row);
  const sound = typeof emoji === "string" && typeof name === "string" && typeof words === "string";
  return sound ? [[emoji, name, words]] : [];
}

/** Emoji that all the words fit, by the beginnings of their own; all of them for no word. Groups left empty are left out. */
export function findEmoji(groups: readonly EmojiGroup[], words: string): readonly EmojiGroup[] {
  const wanted = words
    .toLowerCase()
    .split(/\s+/u)
    .filter((word) => word !== "");
  if (wanted.length === 0) return groups;
  const fits = ([emoji, name, more]: EmojiGroup["emoji"][number]): boolean => {
    const own = ` ${name} ${more}`.toLowerCase();
    return wanted.every((word) => own.includes(` ${word}`) || emoji === word);
  };
  return groups
    .map((group) => ({ name: group.name, emoji: group.emoji.filter(fits) }))
    .filter((group) => group.emoji.length > 0);
}
