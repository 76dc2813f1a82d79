/**
 * What was said here and is not in the room yet: shown behind its messages, in the order in which it was said.
 *
 * What must hold: a message is shown once. It leaves here in the same step in which its event comes; and as long as a snapshot may hold
 * it already and the server has not said so, it is not shown here.
 */
import type { ClientError, RoomlogError } from '../errors.js';
import type { Receipt } from '../generated/schema.js';
import type { MessageView } from './message.js';

/** Something that was said here. */
export interface PendingMessage {
  /** The command's id: with it, it is retried or discarded. */
  readonly cid: string;
  readonly text: string;
  readonly replyTo?: number;
  readonly mentions?: readonly string[];
  /** When it was said, in the server's time as far as it is known. */
  readonly at: number;
  /**
   * `sending`: on its way, or waiting for a connection; `sent`: the log has it, its event is about to come; `failed`: the server said no,
   * or it was given up.
   */
  readonly state: 'sending' | 'sent' | 'failed';
  /** Why it failed. */
  readonly error?: RoomlogError | ClientError;
  /** Its receipt, once it is sent. */
  readonly receipt?: Receipt;
}

export class Pending {
  private list: PendingMessage[] = [];
  /** Those that a snapshot may hold already. */
  private readonly held = new Set<string>();
  /** Those that an earlier life of this client has said: any message that comes may be one of them. */
  private readonly landed = new Set<string>();

  /** As they are shown. */
  get messages(): readonly PendingMessage[] {
    return this.list.filter(({ cid }) => !this.held.has(cid));
  }

  get count(): number {
    return this.list.length;
  }

  get(cid: string): PendingMessage | undefined {
    return this.list.find((pending) => pending.cid === cid);
  }

  /** `landed`: whether an earlier life of this client has said it, so that it may be in the room already. */
  add(pending: PendingMessage, landed: 'new' | 'may have landed'): void {
    this.list.push(pending);
    if (landed === 'may have landed') this.landed.add(pending.cid);
  }

  /** Its event has come, or it was discarded; answers whether it was here. */
  remove(cid: string): PendingMessage | undefined {
    const pending = this.get(cid);
    this.list = this.list.filter((other) => other !== pending);
    this.held.delete(cid);
    this.landed.delete(cid);
    return pending;
  }

  /** It stands otherwise now. */
  change(cid: string, how: (pending: PendingMessage) => PendingMessage): void {
    this.held.delete(cid);
    this.landed.delete(cid);
    this.list = this.list.map((pending) => (pending.cid === cid ? how(pending) : pending));
  }

  /**
   * The room is shown from a snapshot on, up to `seq`: what is known to be in it is no longer pending, and what may be in it is held back
   * until the server has said so.
   */
  snapshot(seq: number, messages: readonly MessageView[], viewer: string | undefined): void {
    this.list = this.list.filter(
      ({ state, receipt }) => state !== 'sent' || (receipt !== undefined && receipt.seq > seq),
    );
    for (const pending of this.list) if (mayBeAmong(messages, pending, viewer)) this.held.add(pending.cid);
  }

  /** Messages were put to those that are shown: what an earlier life has said may be among them, and is held back until that is known. */
  loaded(messages: readonly MessageView[], viewer: string | undefined): void {
    if (this.landed.size === 0) return;
    for (const pending of this.list) {
      if (this.landed.has(pending.cid) && mayBeAmong(messages, pending, viewer)) this.held.add(pending.cid);
    }
  }
}

function mayBeAmong(messages: readonly MessageView[], pending: PendingMessage, viewer: string | undefined): boolean {
  if (pending.state !== 'sending') return false;
  const text = normal(pending.text);
  return messages.some((message) => message.from.id === viewer && message.text === text);
}

/** A text as the server keeps it. */
function normal(text: string): string {
  return text
    .replaceAll('\r\n', '\n')
    .normalize('NFC')
    .replace(/^[ \t\n]+|[ \t\n]+$/g, '');
}
