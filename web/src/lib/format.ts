/// How times, names and numbers are written, in the reader's own language and zone. Pure: `now` comes in.

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

const clockFormat = new Intl.DateTimeFormat(undefined, { hour: "numeric", minute: "2-digit" });
const secondsFormat = new Intl.DateTimeFormat(undefined, { timeStyle: "medium" });
const exactFormat = new Intl.DateTimeFormat(undefined, { dateStyle: "full", timeStyle: "medium" });
const dateFormat = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short", year: "numeric" });
const dayFormat = new Intl.DateTimeFormat(undefined, { weekday: "long", day: "numeric", month: "long" });
const dayOfYearFormat = new Intl.DateTimeFormat(undefined, { dateStyle: "full" });
const relativeFormat = new Intl.RelativeTimeFormat(undefined, { numeric: "auto", style: "short" });
const countFormat = new Intl.NumberFormat();

/** 14:05:09 */
export function clockSeconds(at: number): string {
  return secondsFormat.format(at);
}

/** 9:05 */
export function clockTime(at: number): string {
  return clockFormat.format(at);
}

/** Friday, 27 November 2026 at 14:05:09 */
export function exactTime(at: number): string {
  return exactFormat.format(at);
}

/** 27 Nov 2026 */
export function shortDate(at: number): string {
  return dateFormat.format(at);
}

/** "now", "5 min. ago", "3 hr. ago", "yesterday"; a date where it was more than a week ago. */
export function relativeTime(at: number, now: number): string {
  const age = now - at;
  if (age < MINUTE_MS) return relativeFormat.format(0, "second");
  if (age < HOUR_MS) return relativeFormat.format(-Math.floor(age / MINUTE_MS), "minute");
  if (age < DAY_MS) return relativeFormat.format(-Math.floor(age / HOUR_MS), "hour");
  if (age < 7 * DAY_MS) return relativeFormat.format(-Math.floor(age / DAY_MS), "day");
  return shortDate(at);
}

/** The first instant of the day in which `at` is, here. */
export function startOfDay(at: number): number {
  return new Date(at).setHours(0, 0, 0, 0);
}

/** "Today", "Yesterday", else the day; with the year where it is another than this. */
export function dayName(at: number, now: number): string {
  const day = startOfDay(at);
  if (day === startOfDay(now)) return "Today";
  if (day === startOfDay(startOfDay(now) - 1)) return "Yesterday";
  const sameYear = new Date(at).getFullYear() === new Date(now).getFullYear();
  return (sameYear ? dayFormat : dayOfYearFormat).format(at);
}

/** 1,234: of an amount. An offset is an address, which people copy to where it is asked for: it stands as it is. */
export function count(value: number): string {
  return countFormat.format(value);
}

/** What a badge shows: nothing for 0, "99+" for more than two digits. */
export function badge(value: number): string {
  if (value <= 0) return "";
  return value > 99 ? "99+" : String(value);
}

/** "1 member", "5 members" */
export function counted(value: number, one: string, many: string): string {
  return `${count(value)} ${value === 1 ? one : many}`;
}

/** Scripts that are written from right to left. */
const RIGHT_TO_LEFT = /[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]/u;

/** A name to stand in a sentence: if it is written from right to left, the sentence is not (Unicode's FSI and PDI around it). */
export function isolated(name: string): string {
  return RIGHT_TO_LEFT.test(name) ? `\u2068${name}\u2069` : name;
}

/** Up to two letters that stand for a name: of its first and last word; an emoji stays whole. */
export function initials(name: string): string {
  const words = name.trim().split(/\s+/u);
  const letters = words.length > 1 ? [words[0], words[words.length - 1]] : [words[0]];
  return letters.map((word) => firstGrapheme(word ?? "").toLocaleUpperCase()).join("");
}

const graphemes = new Intl.Segmenter(undefined, { granularity: "grapheme" });

function firstGrapheme(word: string): string {
  for (const part of graphemes.segment(word)) return part.segment;
  return "";
}

/** A hue of 0 to 359 that an id always gets. FNV-1a, for it spreads ids that differ in their last digits. */
export function hue(id: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < id.length; index += 1) hash = Math.imul(hash ^ id.charCodeAt(index), 0x01000193);
  return (hash >>> 0) % 360;
}
