/** Frames that await their answer: whose each is, and since when. */
import type { Commands } from '../generated/protocol.js';
import { command } from '../protocol/frame.js';
import type { Effect, Moment } from './types.js';

/** Whose answer a frame's is. */
export type Asker =
  { readonly of: 'auth' | 'clock' | 'command' | 'leave' } | { readonly of: 'subscription'; readonly room: string };

export class Asked {
  /** The number of the next frame; each connection begins with 1. */
  next = 1;
  /** Oldest first. */
  private readonly waiting = new Map<number, Asker & { readonly at: number }>();

  /** Asks, in the next frame. */
  send<N extends keyof Commands>(
    effects: Effect[],
    { now }: Moment,
    asker: Asker,
    name: N,
    body: Commands[N]['body'],
  ): void {
    this.waiting.set(this.next, { ...asker, at: now });
    effects.push({ kind: 'send', text: command(this.next, name, body) });
    this.next += 1;
  }

  /** An answer came; nothing for one that nobody waits for. */
  answered(frame: number): (Asker & { readonly at: number }) | undefined {
    const asker = this.waiting.get(frame);
    this.waiting.delete(frame);
    return asker;
  }

  /** Since when the oldest has been waiting. */
  oldestAt(): number | undefined {
    return this.waiting.values().next().value?.at;
  }

  /** A new connection, on which nothing was asked. */
  reset(): void {
    this.next = 1;
    this.waiting.clear();
  }
}
