/**
 * What is said in a room: on its way until its outcome is known.
 *
 * What must hold: a message keeps its cid and its `since` over every try, also over those of a later life of this client; the outbox has
 * it before it leaves, and until the log has it or it is discarded.
 */
import { ClientError, detailsOf, RoomlogError } from '../errors.js';
import type { Commands } from '../generated/protocol.js';
import type { Receipt } from '../generated/schema.js';
import type { Limits } from '../limits.js';
import type { Ticket } from '../machine/types.js';
import type { RoomState } from '../view/room-state.js';
import type { RoomHost, Written } from './host.js';
import type { Unsent } from './outbox.js';

/** What was said, and what will come of it. */
export interface Sending {
  /** Its cid, by which it stands among `view.pending`. */
  readonly cid: string;
  /** Its receipt; rejected when it is refused or given up. Nobody needs to wait for it. */
  readonly receipt: Promise<Receipt>;
}

/** What goes with a text. */
export interface SendOptions {
  /** The seq of the message that it answers. */
  readonly replyTo?: number;
  /** Ids of people named; who is named as `@username` is added by the server. */
  readonly mentions?: readonly string[];
}

export class Sayings {
  private readonly tickets = new Map<string, Ticket>();
  /** Those that are not in the log, as the outbox has them. */
  private readonly unsent = new Map<string, Unsent>();

  constructor(
    private readonly room: string,
    private readonly state: RoomState,
    private readonly host: RoomHost,
    private readonly limits: Limits,
    private readonly publish: () => void,
  ) {}

  /** Says something new. */
  send(text: string, options: SendOptions): Sending {
    const cid = this.host.newCid();
    if (this.state.pending.count >= this.limits.pendingMost) {
      const receipt = Promise.reject<Receipt>(new ClientError('full'));
      receipt.catch(() => undefined);
      return { cid, receipt };
    }
    return this.say({ cid, room: this.room, text, ...options, at: this.host.now() });
  }

  /** Says again what has failed: with the same cid where it may have landed. */
  retry(cid: string): Sending {
    const failed = this.state.pending.get(cid);
    const unsent = this.unsent.get(cid);
    if (failed?.state !== 'failed' || unsent === undefined) throw new ClientError('discarded');
    this.discard(cid);
    const { refused: _, ...again } = { ...unsent, at: this.host.now() };
    // What was never accepted, and can't be any more, is something new.
    const isOver = failed.error instanceof RoomlogError && failed.error.kind === 'expired';
    if (!isOver) return this.say(again);
    const { since: __, ...fresh } = { ...again, cid: this.host.newCid() };
    return this.say(fresh);
  }

  /** Takes back what has failed, or is not on its way yet; answers whether it was. */
  discard(cid: string): boolean {
    const ticket = this.tickets.get(cid);
    if (ticket !== undefined && !this.host.discard(ticket)) return false;
    this.tickets.delete(cid);
    this.forget(cid);
    this.state.discarded(cid);
    this.publish();
    return true;
  }

  /** Takes up what an earlier life of this client left in the outbox: what was refused is shown so, all else is said again. */
  restore(): void {
    const left = this.host.outbox.all().filter(({ room }) => room === this.room);
    for (const unsent of left.slice(0, this.limits.pendingMost)) {
      if (unsent.refused === undefined) {
        this.say(unsent, unsent.since === undefined ? 'new' : 'may have landed');
      } else {
        this.unsent.set(unsent.cid, unsent);
        this.state.said({ ...shown(unsent), state: 'failed', error: new RoomlogError(unsent.refused) });
      }
    }
    if (left.length > 0) this.publish();
  }

  /** The log has it: its event has come. */
  heard(cid: string): void {
    this.forget(cid);
  }

  private say(unsent: Unsent, landed: 'new' | 'may have landed' = 'new'): Sending {
    const { cid, text, replyTo, mentions, since } = unsent;
    this.keep(unsent);
    const body: Commands['send']['body'] = { room: this.room, cid, text };
    if (replyTo !== undefined) body.reply_to = replyTo;
    if (mentions !== undefined) body.mentions = [...mentions];
    this.state.said({ ...shown(unsent), state: 'sending' }, landed);
    this.publish();
    const write = { name: 'send', body, ...(since === undefined ? {} : { since }) } as const;
    const { ticket, receipt } = this.host.write(write, {
      tried: (first) => this.keepIfThere(cid, (kept) => ({ ...kept, since: first })),
      settled: (said) => this.settled(cid, said),
    });
    this.tickets.set(cid, ticket);
    return { cid, receipt };
  }

  private settled(cid: string, said: Written): void {
    this.tickets.delete(cid);
    if ('receipt' in said) {
      this.forget(cid);
      this.state.acked(cid, said.receipt);
    } else if (this.state.pending.get(cid)) {
      const { error } = said;
      // What the client itself gave up has no outcome: a later life says it again.
      if (error instanceof RoomlogError) this.keepIfThere(cid, (kept) => ({ ...kept, refused: detailsOf(error) }));
      this.state.failed(cid, error);
    } else {
      this.forget(cid);
    }
    this.publish();
  }

  private keep(unsent: Unsent): void {
    this.unsent.set(unsent.cid, unsent);
    this.host.outbox.keep(unsent);
  }

  private keepIfThere(cid: string, how: (kept: Unsent) => Unsent): void {
    const kept = this.unsent.get(cid);
    if (kept !== undefined) this.keep(how(kept));
  }

  private forget(cid: string): void {
    if (this.unsent.delete(cid)) this.host.outbox.forget(cid);
  }
}

function shown({ cid, text, replyTo, mentions, at }: Unsent): Omit<Unsent, 'room' | 'since' | 'refused'> {
  return {
    cid,
    text,
    at,
    ...(replyTo === undefined ? {} : { replyTo }),
    ...(mentions === undefined ? {} : { mentions }),
  };
}
