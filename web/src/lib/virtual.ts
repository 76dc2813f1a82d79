/// The arithmetic of a list that draws only what is seen: rows of whatever height, some measured, the others estimated. Pure.

export interface Row {
  readonly key: string;
}

/** Where rows are: `offsets[i]` is the top of row i in CSS pixels, the last entry the height of all. */
export interface Layout {
  readonly keys: readonly string[];
  readonly offsets: Float64Array;
  /** Which rows stay beside their neighbours whatever comes in: a day's heading goes up with the day's first message. */
  readonly stay: readonly boolean[];
}

/** Rows from `first` to before `end`. */
export interface Range {
  readonly first: number;
  readonly end: number;
}

/** A row that stays where it is: `delta` is its top less the top of what is seen. */
export interface Anchor {
  readonly key: string;
  readonly delta: number;
}

/** Lays rows out, by their measured heights where there are, else by `estimate`. `stays`: see `Layout`. */
export function layOut<T extends Row>(
  rows: readonly T[],
  heights: ReadonlyMap<string, number>,
  estimate: (row: T) => number,
  stays: (row: T) => boolean = () => true,
): Layout {
  const offsets = new Float64Array(rows.length + 1);
  const keys = new Array<string>(rows.length);
  const stay = new Array<boolean>(rows.length);
  let top = 0;
  for (let index = 0; index < rows.length; index += 1) {
    const row = rows[index];
    if (row === undefined) break;
    keys[index] = row.key;
    stay[index] = stays(row);
    offsets[index] = top;
    top += heights.get(row.key) ?? estimate(row);
  }
  offsets[rows.length] = top;
  return { keys, offsets, stay };
}

/** Height of all rows. */
export function totalHeight(layout: Layout): number {
  return layout.offsets[layout.keys.length] ?? 0;
}

/** The row at a height: the last whose top is at or above it, within the list. */
export function rowAt(layout: Layout, top: number): number {
  let low = 0;
  let high = layout.keys.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((layout.offsets[middle] ?? 0) <= top) low = middle;
    else high = middle - 1;
  }
  return Math.max(0, low);
}

/** What is to be drawn for a view of `height` at `top`, with `overscan` pixels more on both sides. */
export function visible(layout: Layout, top: number, height: number, overscan: number): Range {
  if (layout.keys.length === 0) return { first: 0, end: 0 };
  return {
    first: rowAt(layout, Math.max(0, top - overscan)),
    end: Math.min(layout.keys.length, rowAt(layout, top + height + overscan) + 1),
  };
}

/** The row to hold on to: the first one that is seen and stays, and of those one that was `drawn` before, if there is one.
 *  Whoever scrolls far at once sees rows come in that were only estimated: these may move, what was seen before may not. Null
 *  where there is none. */
export function anchorAt(layout: Layout, top: number, height: number, drawn: Range): Anchor | null {
  const first = rowAt(layout, top);
  const known = layout.stay.indexOf(true, Math.max(first, drawn.first));
  const seen = known >= 0 && known < drawn.end && (layout.offsets[known] ?? 0) < top + height;
  const index = seen ? known : layout.stay.indexOf(true, first);
  const key = layout.keys[index];
  return key === undefined ? null : { key, delta: (layout.offsets[index] ?? 0) - top };
}

/** Where to scroll so that the anchor stands where it stood; null where it is gone. */
export function topFor(layout: Layout, anchor: Anchor): number | null {
  const index = layout.keys.indexOf(anchor.key);
  return index < 0 ? null : (layout.offsets[index] ?? 0) - anchor.delta;
}

/** Where to scroll so that a row stands in the middle of the view; null where there is no such row. */
export function topForMiddle(layout: Layout, key: string, height: number): number | null {
  const index = layout.keys.indexOf(key);
  if (index < 0) return null;
  const top = layout.offsets[index] ?? 0;
  const rowHeight = (layout.offsets[index + 1] ?? top) - top;
  const most = Math.max(0, totalHeight(layout) - height);
  return Math.min(most, Math.max(0, top - Math.max(0, (height - rowHeight) / 2)));
}

/** Forgets heights of rows that are no longer there, once many are kept that nobody needs. */
export function prune(heights: Map<string, number>, layout: Layout, slack: number): void {
  if (heights.size <= layout.keys.length + slack) return;
  const present = new Set(layout.keys);
  for (const key of heights.keys()) if (!present.has(key)) heights.delete(key);
}
