/**
 * Where what was said waits beyond the life of a client: a page that is loaded again finds it there, shows it, and says it with the same
 * cid, so that it is said once even if it had landed.
 *
 * An outbox is one person's, and no secret is safe in it: whoever brings one empties it when that person signs out. It bounds what it holds;
 * what is beyond that, or can't be kept, is held as long as the page is. It does not throw.
 */
import type { ErrorDetails } from '../errors.js';

/** Something that was said and has no good outcome yet: plain data, that JSON can hold. */
export interface Unsent {
  readonly cid: string;
  /** Where it was said. */
  readonly room: string;
  readonly text: string;
  /** The seq of the message that it answers. */
  readonly replyTo?: number;
  readonly mentions?: readonly string[];
  /** When it was said, milliseconds since 1970, in the server's time as far as it was known. */
  readonly at: number;
  /** Of one that was tried: the head that was seen then, which goes with every further try; null: none was. Absent: it was not tried. */
  readonly since?: number | null;
  /** Why the server said no: it stands there as failed. Absent: it is sent again by itself. */
  readonly refused?: ErrorDetails;
}

export interface Outbox {
  /** All that is kept, in the order in which it was said. */
  all(): readonly Unsent[];
  /** Keeps it, in the place of what has the same cid, else behind the others. */
  keep(unsent: Unsent): void;
  /** The log has it, or nobody wants it any more. */
  forget(cid: string): void;
}

/** For a client that was given none. */
export const NO_OUTBOX: Outbox = { all: () => [], keep: () => undefined, forget: () => undefined };
