/// How smoothly a page is drawn: the time between its frames, and the work of its main thread by the browser's own trace.

import type { Page } from "playwright-core";

/** A frame that takes longer is felt, milliseconds. */
export const FELT_MS = 50;

export interface Frames {
  readonly count: number;
  /** Milliseconds between one frame and the next: the middle one, and those that 5 % and 1 % exceed. */
  readonly medianMs: number;
  readonly p95Ms: number;
  readonly p99Ms: number;
  readonly longestMs: number;
  /** How many of a hundred took longer than `FELT_MS`. */
  readonly feltPercent: number;
}

/** Watches frames while something is done. */
export async function framesDuring(page: Page, doing: () => Promise<void>): Promise<Frames> {
  await page.evaluate(() => {
    const stamps: number[] = [];
    const watching = { stamps, going: true };
    const next = (at: number): void => {
      stamps.push(at);
      if (watching.going) requestAnimationFrame(next);
    };
    requestAnimationFrame(next);
    Object.assign(globalThis, { watching });
  });
  await doing();
  const stamps = await page.evaluate((): unknown => {
    const watching: unknown = Reflect.get(globalThis, "watching");
    if (typeof watching !== "object" || watching === null) throw new Error("nobody watches");
    Reflect.set(watching, "going", false);
    return Reflect.get(watching, "stamps");
  });
  if (!Array.isArray(stamps)) throw new Error("nobody watched");
  return summed(stamps.map(Number));
}

function summed(stamps: readonly number[]): Frames {
  const gaps = stamps.slice(1).map((at, index) => at - (stamps[index] ?? at));
  const sorted = gaps.toSorted((a, b) => a - b);
  const at = (share: number): number =>
    round(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0);
  const felt = gaps.filter((gap) => gap > FELT_MS).length;
  return {
    count: gaps.length,
    medianMs: at(0.5),
    p95Ms: at(0.95),
    p99Ms: at(0.99),
    longestMs: at(1),
    feltPercent: round((100 * felt) / Math.max(1, gaps.length)),
  };
}

interface TraceEvent {
  readonly name: string;
  readonly pid: number;
  readonly tid: number;
  /** Processor time, microseconds: what others on the machine do is not in it. */
  readonly tdur: number;
}

/** The tasks of a page's main thread that took longest in a trace, processor milliseconds, longest first. */
export function longestTasks(trace: Buffer, most: number): readonly number[] {
  const whole: unknown = JSON.parse(trace.toString());
  const events: unknown = typeof whole === "object" && whole !== null ? Reflect.get(whole, "traceEvents") : null;
  if (!Array.isArray(events)) throw new Error("a trace without events");
  const tasks = events.filter(isTask);
  const main = busiest(tasks);
  return tasks
    .filter(({ pid, tid }) => `${pid}.${tid}` === main)
    .map(({ tdur }) => round(tdur / 1_000))
    .toSorted((a, b) => b - a)
    .slice(0, most);
}

/** What a task of a thread is called, by the browser's version. */
const TASKS = ["RunTask", "ThreadControllerImpl::RunTask"];

function isTask(event: unknown): event is TraceEvent {
  if (typeof event !== "object" || event === null) return false;
  return TASKS.includes(String(Reflect.get(event, "name"))) && typeof Reflect.get(event, "tdur") === "number";
}

function busiest(tasks: readonly TraceEvent[]): string {
  const sums = new Map<string, number>();
  for (const { pid, tid, tdur } of tasks) sums.set(`${pid}.${tid}`, (sums.get(`${pid}.${tid}`) ?? 0) + tdur);
  return [...sums].toSorted(([, a], [, b]) => b - a)[0]?.[0] ?? "";
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
