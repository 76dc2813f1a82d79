/// Answers about the log, parsed once: what is not as expected is refused with the name of the field. Pure.

/** An answer that is not as it was expected; its message can be shown. */
export class Unreadable extends Error {}

type Fields = Readonly<Record<string, unknown>>;

/** Where a projection stands in one partition. `next` null: it holds nothing of it. */
export interface Stand {
  readonly next: number | null;
  /** Records between it and the end. */
  readonly behind: number;
  /** Age of the oldest of them, milliseconds. */
  readonly behindMs: number | null;
}

export interface Partition {
  readonly partition: number;
  readonly start: number;
  /** The offset of the next record. */
  readonly end: number;
  readonly perSecond: number;
  /** Null while the projection can't be asked. */
  readonly history: Stand | null;
  readonly live: Stand | null;
}

export interface Projection {
  readonly behind: number;
  readonly behindMs: number | null;
  /** Why it can't be asked now. */
  readonly error: string | null;
}

export interface LogStatus {
  readonly epoch: string;
  readonly topic: string;
  readonly records: number;
  readonly perSecond: number;
  readonly partitions: readonly Partition[];
  readonly history: Projection;
  readonly live: Projection;
}

export interface DeadLetter {
  readonly partition: number;
  readonly offset: number;
  readonly at: number;
  readonly reason: string;
  readonly origin: { readonly topic: string; readonly partition: number; readonly offset: number } | null;
  readonly room: string | null;
  readonly keyBytes: number;
  readonly valueBytes: number;
}

/** A record as it came. */
export interface TailRecord {
  readonly partition: number;
  readonly offset: number;
  readonly at: number;
  readonly type: string | null;
  readonly readable: boolean;
  readonly room: string | null;
  readonly from: { readonly id: string; readonly name: string } | null;
  /** What may be shown of what it says. */
  readonly body: Fields;
  readonly withheld: boolean;
}

/** `GET /v1/admin/log` */
export function parseStatus(value: unknown): LogStatus {
  const fields = object(value, "answer");
  return {
    epoch: text(fields, "epoch"),
    topic: text(fields, "topic"),
    records: number(fields, "records"),
    perSecond: number(fields, "per_second"),
    partitions: list(fields, "partitions").map(parsePartition),
    history: parseProjection(fields["history"], "history"),
    live: parseProjection(fields["live"], "live"),
  };
}

function parsePartition(value: unknown): Partition {
  const fields = object(value, "partition");
  return {
    partition: number(fields, "partition"),
    start: number(fields, "start"),
    end: number(fields, "end"),
    perSecond: number(fields, "per_second"),
    history: parseStand(fields["history"]),
    live: parseStand(fields["live"]),
  };
}

function parseStand(value: unknown): Stand | null {
  if (value === null || value === undefined) return null;
  const fields = object(value, "stand");
  return {
    next: maybeNumber(fields, "next"),
    behind: number(fields, "behind"),
    behindMs: maybeNumber(fields, "behind_ms"),
  };
}

function parseProjection(value: unknown, name: string): Projection {
  const fields = object(value, name);
  const error = fields["error"];
  return {
    behind: maybeNumber(fields, "behind") ?? 0,
    behindMs: maybeNumber(fields, "behind_ms"),
    error: typeof error === "string" ? error : null,
  };
}

/** `GET /v1/admin/log/dead-letters` */
export function parseLetters(value: unknown): readonly DeadLetter[] {
  return list(object(value, "answer"), "letters").map((one) => {
    const fields = object(one, "letter");
    return {
      partition: number(fields, "partition"),
      offset: number(fields, "offset"),
      at: number(fields, "at"),
      reason: text(fields, "reason"),
      origin: parseOrigin(fields["origin"]),
      room: maybeText(fields, "room"),
      keyBytes: maybeNumber(fields, "key_bytes") ?? 0,
      valueBytes: maybeNumber(fields, "value_bytes") ?? 0,
    };
  });
}

function parseOrigin(value: unknown): DeadLetter["origin"] {
  if (value === null || value === undefined) return null;
  const fields = object(value, "origin");
  return { topic: text(fields, "topic"), partition: number(fields, "partition"), offset: number(fields, "offset") };
}

/** One record of `GET /v1/admin/log/tail`; a number where it says how many were passed over. */
export function parseTail(value: unknown): TailRecord | number {
  const fields = object(value, "record");
  const passed = maybeNumber(fields, "passed_over");
  if (passed !== null) return passed;
  return {
    partition: number(fields, "partition"),
    offset: number(fields, "offset"),
    at: number(fields, "at"),
    type: maybeText(fields, "type"),
    readable: fields["readable"] !== false,
    room: maybeText(fields, "room"),
    from: parseFrom(fields["from"]),
    body: isObject(fields["body"]) ? fields["body"] : {},
    withheld: typeof fields["withheld"] === "string",
  };
}

function parseFrom(value: unknown): TailRecord["from"] {
  if (!isObject(value)) return null;
  return { id: text(value, "id"), name: text(value, "name") };
}

function isObject(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function object(value: unknown, name: string): Fields {
  if (!isObject(value)) throw new Unreadable(`The server's answer can't be read: its ${name} is no object.`);
  return value;
}

function list(fields: Fields, name: string): readonly unknown[] {
  const value = fields[name];
  if (!Array.isArray(value)) throw new Unreadable(`The server's answer can't be read: its ${name} is no list.`);
  return value;
}

function number(fields: Fields, name: string): number {
  const value = fields[name];
  if (typeof value !== "number") throw new Unreadable(`The server's answer can't be read: its ${name} is no number.`);
  return value;
}

function text(fields: Fields, name: string): string {
  const value = fields[name];
  if (typeof value !== "string") throw new Unreadable(`The server's answer can't be read: its ${name} is no text.`);
  return value;
}

function maybeNumber(fields: Fields, name: string): number | null {
  const value = fields[name];
  return typeof value === "number" ? value : null;
}

function maybeText(fields: Fields, name: string): string | null {
  const value = fields[name];
  return typeof value === "string" ? value : null;
}
