/// What somebody said that is not in the log yet, as a tab keeps it: bounded, and parsed when it is read again, for whatever stands in
/// a browser's storage may be of another version, or of nobody. Pure.

import { ERROR_CODES, type ErrorDetails, type ErrorName, type Unsent } from "@roomlog/client";

/** Messages kept. What is said beyond that lives as long as the page does. */
export const MOST_UNSENT = 200;
/** Bytes of all that is kept, two a character as browsers count them: far below what they give a page. */
export const MOST_BYTES = 512 * 1024;

/** One person's. */
export interface Kept {
  readonly user: string;
  /** In the order in which it was said. */
  readonly unsent: readonly Unsent[];
}

/** With one more, in the place of what has the same cid; the same list where there is no room for it. */
export function withUnsent(all: readonly Unsent[], unsent: Unsent): readonly Unsent[] {
  const place = all.findIndex(({ cid }) => cid === unsent.cid);
  const next = place < 0 ? [...all, unsent] : all.with(place, unsent);
  return next.length <= MOST_UNSENT && JSON.stringify(next).length * 2 <= MOST_BYTES ? next : all;
}

/** Without one; the same list where it isn't there. */
export function withoutUnsent(all: readonly Unsent[], cid: string): readonly Unsent[] {
  const next = all.filter((unsent) => unsent.cid !== cid);
  return next.length === all.length ? all : next;
}

/** What was kept; null for anything else than that. A message that can't be read is left out. */
export function parseKept(text: string | null): Kept | null {
  const kept = fieldsOf(parseJson(text));
  const [user, unsent] = [kept?.["user"], kept?.["unsent"]];
  if (typeof user !== "string" || !Array.isArray(unsent)) return null;
  return { user, unsent: unsent.slice(0, MOST_UNSENT).flatMap(parseUnsent) };
}

function parseUnsent(value: unknown): Unsent[] {
  const fields = fieldsOf(value);
  const { cid, room, text, at, replyTo, mentions, since, refused } = fields ?? {};
  if (!isText(cid) || !isText(room) || !isText(text) || !isNumber(at)) return [];
  const error = parseError(refused);
  return [
    {
      cid,
      room,
      text,
      at,
      ...(isNumber(replyTo) ? { replyTo } : {}),
      ...(Array.isArray(mentions) ? { mentions: mentions.filter(isText) } : {}),
      ...(isNumber(since) || since === null ? { since } : {}),
      ...(error === null ? {} : { refused: error }),
    },
  ];
}

function parseError(value: unknown): ErrorDetails | null {
  const { kind, code, message, retryable, outcome, traceId } = fieldsOf(value) ?? {};
  if (!isErrorName(kind) || !isNumber(code) || !isText(message) || !isText(traceId)) return null;
  return {
    kind,
    code,
    message,
    traceId,
    retryable: retryable === true,
    outcome: outcome === "none" ? "none" : "unknown",
  };
}

function parseJson(text: string | null): unknown {
  try {
    return text === null ? null : JSON.parse(text);
  } catch {
    return null;
  }
}

function fieldsOf(value: unknown): Readonly<Record<string, unknown>> | null {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? { ...value } : null;
}

function isText(value: unknown): value is string {
  return typeof value === "string";
}

function isNumber(value: unknown): value is number {
  return typeof value === "number";
}

function isErrorName(value: unknown): value is ErrorName {
  return typeof value === "string" && Object.hasOwn(ERROR_CODES, value);
}
