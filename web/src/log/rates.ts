/// How fast partitions grow, from what was seen of their ends. Pure: times come in.

/** Ends of partitions at one time. */
export interface Sample {
  /** Our time, milliseconds. */
  readonly at: number;
  /** By partition. */
  readonly ends: ReadonlyMap<number, number>;
}

/** How far back samples are kept, milliseconds. */
export const KEPT_MS = 3 * 60_000;
/** Samples kept at most. */
export const MOST_SAMPLES = 200;

/** With one more; what is too old goes. Of another life of the log (an end went back) all goes. */
export function sampled(samples: readonly Sample[], next: Sample): readonly Sample[] {
  const last = samples.at(-1);
  if (last !== undefined && wentBack(last, next)) return [next];
  return [...samples.filter(({ at }) => next.at - at <= KEPT_MS), next].slice(-MOST_SAMPLES);
}

function wentBack(last: Sample, next: Sample): boolean {
  if (next.at <= last.at) return true;
  for (const [partition, end] of next.ends) if (end < (last.ends.get(partition) ?? 0)) return true;
  return false;
}

/** Records a second between each two samples of a partition, oldest first. A partition not in a sample has a hole there: 0. */
export function rates(samples: readonly Sample[], partition: number): readonly number[] {
  return samples.slice(1).map((sample, index) => {
    const before = samples[index];
    const end = sample.ends.get(partition);
    const start = before?.ends.get(partition);
    if (before === undefined || end === undefined || start === undefined) return 0;
    return ((end - start) * 1_000) / (sample.at - before.at);
  });
}

/** The points of a line in a box of `width` by `height`: `x,y` pairs, as SVG has them. `most` is what reaches the top. */
export function points(values: readonly number[], most: number, width: number, height: number): string {
  if (values.length === 0) return "";
  const step = width / Math.max(values.length - 1, 1);
  const top = Math.max(most, Number.MIN_VALUE);
  return values
    .map((value, index) => `${round(index * step)},${round(height - (Math.min(value, top) / top) * height)}`)
    .join(" ");
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

/** "0", "0.4", "12", "1,204": a rate, with a digit behind the point where it is small. */
export function rateText(perSecond: number): string {
  if (perSecond === 0) return "0";
  if (perSecond < 0.1) return "<0.1";
  return new Intl.NumberFormat(undefined, { maximumFractionDigits: perSecond < 10 ? 1 : 0 }).format(perSecond);
}
