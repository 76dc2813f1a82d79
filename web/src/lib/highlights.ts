/// Cutting a text at what was found in it. The server counts code points; JavaScript counts UTF-16 units. Pure.

export interface Segment {
  readonly text: string;
  readonly found: boolean;
}

/** The text in pieces; `ranges` are of code points, `[first, before]`, in order and apart. What is out of bounds is cut. */
export function segments(text: string, ranges: readonly (readonly number[])[]): readonly Segment[] {
  const points = Array.from(text);
  const pieces: Segment[] = [];
  let at = 0;
  const push = (to: number, found: boolean): void => {
    const piece = points.slice(at, to).join("");
    if (piece !== "") pieces.push({ text: piece, found });
    at = Math.max(at, to);
  };
  for (const [from = 0, to = 0] of ranges) {
    push(from, false);
    push(to, true);
  }
  push(points.length, false);
  return pieces;
}

/** Code points shown before what was found first. */
const BEFORE = 60;
/** Code points shown in all. */
const SHOWN = 240;

/** The part of a long text around what was found first, with dots where it was cut. */
export function excerpt(text: string, ranges: readonly (readonly number[])[]): readonly Segment[] {
  const points = Array.from(text);
  if (points.length <= SHOWN) return segments(text, ranges);
  const from = Math.max(0, Math.min((ranges[0]?.[0] ?? 0) - BEFORE, points.length - SHOWN));
  const to = Math.min(points.length, from + SHOWN);
  const within = ranges
    .map(([first = 0, end = 0]) => [Math.max(first, from) - from, Math.min(end, to) - from] as const)
    .filter(([first, end]) => end > first);
  const cut = segments(points.slice(from, to).join(""), within);
  const dots = (present: boolean): Segment[] => (present ? [{ text: "…", found: false }] : []);
  return [...dots(from > 0), ...cut, ...dots(to < points.length)];
}
