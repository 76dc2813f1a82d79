/**
 * What can go wrong, as errors that a caller can tell apart: the server said no ({@link RoomlogError}), nobody answered
 * ({@link ConnectionError}), the client itself did not take it ({@link ClientError}).
 */
import type { ERROR_CODES } from './generated/protocol.js';
import type { Problem, Refusal } from './generated/schema.js';

/** The names of the server's errors; a later server may know more. */
export type ErrorName = keyof typeof ERROR_CODES;

/** What a {@link RoomlogError} says. */
export interface ErrorDetails {
  /** The stable name. */
  readonly kind: ErrorName;
  /** The stable number. */
  readonly code: number;
  /** A sentence for people. */
  readonly message: string;
  /** Whether the same can succeed later. */
  readonly retryable: boolean;
  /** `none`: nothing was written; `unknown`: it may have landed, retry with the same cid. */
  readonly outcome: 'none' | 'unknown';
  /** When to come back, milliseconds. */
  readonly retryAfterMs?: number;
  /** Which field is wrong. */
  readonly field?: string;
  /** The trace of the request. */
  readonly traceId: string;
  /** The HTTP status; absent over the socket. */
  readonly status?: number;
}

/** The server's no. */
export class RoomlogError extends Error implements ErrorDetails {
  override readonly name = 'RoomlogError';
  readonly kind: ErrorName;
  readonly code: number;
  readonly retryable: boolean;
  readonly outcome: 'none' | 'unknown';
  readonly retryAfterMs?: number;
  readonly field?: string;
  readonly traceId: string;
  readonly status?: number;

  constructor(details: ErrorDetails) {
    super(details.message);
    this.kind = details.kind;
    this.code = details.code;
    this.retryable = details.retryable;
    this.outcome = details.outcome;
    if (details.retryAfterMs !== undefined) this.retryAfterMs = details.retryAfterMs;
    if (details.field !== undefined) this.field = details.field;
    this.traceId = details.traceId;
    if (details.status !== undefined) this.status = details.status;
  }
}

/** What an error says, as plain data that JSON can hold: `new RoomlogError` makes it one again. */
export function detailsOf(error: RoomlogError): ErrorDetails {
  const { kind, code, message, retryable, outcome, retryAfterMs, field, traceId, status } = error;
  return {
    kind,
    code,
    message,
    retryable,
    outcome,
    traceId,
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    ...(field === undefined ? {} : { field }),
    ...(status === undefined ? {} : { status }),
  };
}

/** Nobody answered, or not so that it could be understood. What was asked may have happened. */
export class ConnectionError extends Error {
  override readonly name = 'ConnectionError';
}

/** Why the client itself has no answer. */
export type ClientReason =
  /** The connection ended before the answer, and what was asked is not asked again by itself. */
  | 'disconnected'
  /** The client was closed, or has to sign in first. */
  | 'closed'
  /** More commands wait than may. */
  | 'full'
  /** It was taken back before it was sent. */
  | 'discarded';

const SENTENCES: Readonly<Record<ClientReason, string>> = {
  disconnected: 'the connection ended before the answer',
  closed: 'the client is closed',
  full: 'too many commands are waiting',
  discarded: 'it was discarded',
};

/** The client's own no. */
export class ClientError extends Error {
  override readonly name = 'ClientError';

  constructor(readonly reason: ClientReason) {
    super(SENTENCES[reason]);
  }
}

/** A refusal as it came over the socket. */
export function ofRefusal(refusal: Refusal): RoomlogError {
  return new RoomlogError({
    kind: refusal.name,
    code: refusal.code,
    message: refusal.message,
    retryable: refusal.retryable,
    outcome: refusal.outcome,
    traceId: refusal.trace_id,
    ...(refusal.retry_after_ms === undefined ? {} : { retryAfterMs: refusal.retry_after_ms }),
    ...(refusal.field === undefined ? {} : { field: refusal.field }),
  });
}

/** A problem as it came over HTTP (RFC 9457 §3.1). */
export function ofProblem(problem: Problem): RoomlogError {
  return new RoomlogError({
    // The document calls it a string; it is the name of the table that the socket's document spells out.
    kind: problem.name as ErrorName,
    code: problem.code,
    message: problem.detail,
    retryable: problem.retryable,
    outcome: problem.outcome === 'unknown' ? 'unknown' : 'none',
    traceId: problem.trace_id,
    status: problem.status,
    ...(problem.retry_after_ms === undefined ? {} : { retryAfterMs: problem.retry_after_ms }),
    ...(problem.field === undefined ? {} : { field: problem.field }),
  });
}
