/// What somebody types who wants to be elsewhere, parsed. Pure.

import type { Point } from "./source.js";

export type Kind = Point["kind"];

/** The point, or what is wrong with the text. `head` is the room's last event, `now` our time. */
export function parsePoint(kind: Kind, text: string, head: number, now: number): Point | string {
  return kind === "time" ? parseTime(text, now) : parseNumber(kind, text.trim(), head);
}

function parseTime(text: string, now: number): Point | string {
  // A time without a zone is of the reader's own.
  const time = new Date(text).getTime();
  if (Number.isNaN(time)) return "Give a date and a time.";
  if (time > now) return "That has not happened yet.";
  // A field of whole seconds means all that happened in its second.
  return { kind: "time", time: Math.min(time + 999, now) };
}

function parseNumber(kind: "seq" | "offset", text: string, head: number): Point | string {
  const number = /^[0-9]{1,15}$/.test(text) ? Number(text) : null;
  if (number === null) return "Give a whole number.";
  if (kind === "offset") return { kind, offset: number };
  if (number < 1) return "A room's first event is number 1.";
  if (number > head) return `The room's last event is number ${head}.`;
  return { kind, seq: number };
}

/** As a field of date and time has it, in the reader's zone: 2026-11-27T14:05:09. */
export function toLocalText(time: number): string {
  const date = new Date(time);
  const two = (value: number): string => String(value).padStart(2, "0");
  return (
    `${String(date.getFullYear()).padStart(4, "0")}-${two(date.getMonth() + 1)}-${two(date.getDate())}` +
    `T${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`
  );
}
