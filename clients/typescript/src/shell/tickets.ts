/** Commands without an outcome, and whom to tell of it. */
import { ClientError } from '../errors.js';
import type { Effect, Outcome, Ticket } from '../machine/types.js';
import { Malformed } from '../protocol/check.js';

/** `since` is what the next try of a write needs, if it was tried. */
export type Settler = (outcome: Outcome, since: number | null | undefined) => void;

export class Tickets {
  private readonly settlers = new Map<Ticket, Settler>();
  private next: Ticket = 1;

  issue(settler: Settler): Ticket {
    const ticket = this.next;
    this.next += 1;
    this.settlers.set(ticket, settler);
    return ticket;
  }

  /** Tells whom it concerns. Answers with what is wrong with the answer, if it is none. */
  settle({ ticket, outcome, since }: Effect & { kind: 'settle' }): Malformed | undefined {
    const settler = this.settlers.get(ticket);
    this.settlers.delete(ticket);
    try {
      settler?.(outcome, since);
      return undefined;
    } catch (error) {
      if (!(error instanceof Malformed)) throw error;
      settler?.({ error: new ClientError('disconnected') }, since);
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
