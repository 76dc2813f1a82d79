/// How long something takes, in words. Pure.

const UNITS = [
  [86_400_000, "day"],
  [3_600_000, "hour"],
  [60_000, "minute"],
  [1_000, "second"],
] as const;

/** "3 hours", "1 minute": the greatest unit that fits, rounded. Less than a second is "a moment". */
export function duration(ms: number): string {
  for (const [unitMs, unit] of UNITS) {
    const count = Math.round(ms / unitMs);
    if (ms >= unitMs && count >= 1) return `${count} ${unit}${count === 1 ? "" : "s"}`;
  }
  return "a moment";
}
