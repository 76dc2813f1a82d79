/// A list that is read page by page. Pure.

export interface Page<T> {
  readonly items: readonly T[];
  /** Where the next page goes on; null at the end. */
  readonly next: string | null;
}

/** Entries kept in the page at most: past that one searches. */
export const MOST_ITEMS = 2_000;

/** With one more page. An entry that is there already stays where it is: the list may have moved between two pages. */
export function joined<T>(page: Page<T>, more: Page<T>, keyOf: (item: T) => string): Page<T> {
  const known = new Set(page.items.map(keyOf));
  const items = [...page.items, ...more.items.filter((item) => !known.has(keyOf(item)))];
  return { items: items.slice(0, MOST_ITEMS), next: items.length >= MOST_ITEMS ? null : more.next };
}
