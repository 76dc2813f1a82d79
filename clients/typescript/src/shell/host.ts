/** What a room asks of its client. */
import type { ClientError, RoomlogError } from '../errors.js';
import type { Receipt } from '../generated/schema.js';
import type { MessagesApi } from '../http/groups.js';
import type { Ask, Outcome, Ticket, Write } from '../machine/types.js';
import type { Room } from '../room.js';
import type { Outbox } from './outbox.js';

/** What a write came to. */
export type Written = { readonly receipt: Receipt } | { readonly error: RoomlogError | ClientError };

/** Who is told of a write. */
export interface WriteListener {
  /** It leaves for the first time: what every further try needs. */
  tried(since: number | null): void;
  /** Its outcome is known. */
  settled(written: Written): void;
}

export interface RoomHost {
  /** Who looks. */
  readonly viewer: () => string | undefined;
  readonly messages: MessagesApi;
  readonly outbox: Outbox;
  /** The server's time. */
  now(): number;
  /** The local clock: how much time passes. */
  local(): number;
  /** At least 0, less than 1. */
  random(): number;
  newCid(): string;
  /** Sends it until its outcome is known, which is told before the promise is. The promise may be left alone. */
  write(write: Write, listener?: WriteListener): { ticket: Ticket; receipt: Promise<Receipt> };
  ask(ask: Ask, settled: (outcome: Outcome) => void): void;
  discard(ticket: Ticket): boolean;
  close(room: Room): void;
}
