/** Commands without an outcome, and whom to tell of it. */
import { ClientError } from '../errors.js';
import type { Effect, Outcome, Ticket } from '../machine/types.js';
import { Malformed } from '../protocol/check.js';

export type Settler = (outcome: Outcome) => void;

/** Told of the `since` of a write's first try, before that leaves. */
export type TriedListener = (since: number | null) => void;

export class Tickets {
  private readonly settlers = new Map<Ticket, Settler>();
  private readonly triedListeners = new Map<Ticket, TriedListener>();
  private next: Ticket = 1;

  issue(settler: Settler, tried?: TriedListener): Ticket {
    const ticket = this.next;
    this.next += 1;
    this.settlers.set(ticket, settler);
    if (tried) this.triedListeners.set(ticket, tried);
    return ticket;
  }

  tried({ ticket, since }: Effect & { kind: 'tried' }): void {
    this.triedListeners.get(ticket)?.(since);
  }

  /** Tells whom it concerns. Answers with what is wrong with the answer, if it is none. */
  settle({ ticket, outcome }: Effect & { kind: 'settle' }): Malformed | undefined {
    const settler = this.settlers.get(ticket);
    this.settlers.delete(ticket);
    this.triedListeners.delete(ticket);
    try {
      settler?.(outcome);
      return undefined;
    } catch (error) {
      if (!(error instanceof Malformed)) throw error;
      settler?.({ error: new ClientError('disconnected') });
      return error;
    }
  }
}

/** A promise with its ends, that may be left alone. */
export function promised<T>(): { promise: Promise<T>; resolve: (value: T) => void; reject: (error: Error) => void } {
  let resolve: (value: T) => void = () => undefined;
  let reject: (error: Error) => void = () => undefined;
  const promise = new Promise<T>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  promise.catch(() => undefined);
  return { promise, resolve, reject };
}
