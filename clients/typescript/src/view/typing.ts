/**
 * Who is writing in a room.
 *
 * What must hold: a message ends its author's writing, also where word of that comes after the message: the two travel apart. No clock: times are
 * handed in, milliseconds of one clock.
 */
import type { Limits } from '../limits.js';

export class Typing {
  /** Who was heard writing, and until when that counts. */
  private readonly until = new Map<string, number>();
  /** Until when word of somebody's writing is of the message that they have said; the first to end stands first. */
  private readonly lateUntil = new Map<string, number>();

  constructor(private readonly limits: Pick<Limits, 'typingExpiryMs' | 'typingLateMs'>) {}

  /** By id, who began first stands first. */
  get users(): readonly string[] {
    return [...this.until.keys()];
  }

  heard(user: string, now: number): void {
    this.forgetLate(now);
    if (!this.lateUntil.has(user)) this.until.set(user, now + this.limits.typingExpiryMs);
  }

  /** They have said it; answers whether they were among the writing. */
  said(user: string, now: number): boolean {
    this.forgetLate(now);
    this.lateUntil.delete(user);
    this.lateUntil.set(user, now + this.limits.typingLateMs);
    return this.until.delete(user);
  }

  clear(): void {
    this.until.clear();
    this.lateUntil.clear();
  }

  /** When {@link Typing.tick} is to be called; undefined: not of itself. */
  deadline(): number | undefined {
    return this.until.size === 0 ? undefined : Math.min(...this.until.values());
  }

  /** Some time has passed; answers whether somebody was forgotten. */
  tick(now: number): boolean {
    const before = this.until.size;
    for (const [user, until] of this.until) if (until <= now) this.until.delete(user);
    return this.until.size !== before;
  }

  private forgetLate(now: number): void {
    for (const [user, until] of this.lateUntil) {
      if (until > now) return;
      this.lateUntil.delete(user);
    }
  }
}
