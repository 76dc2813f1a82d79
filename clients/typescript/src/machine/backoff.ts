/** When a client comes back, by how its last connections went: full jitter under a bound that doubles. */
import type { Limits } from '../limits.js';

/** What a close code asks of a client. */
export type Comeback = 'never' | 'later' | 'now' | 'with_token';

/**
 * By the code and its class: 40xx don't come back as they are, 41xx (and whatever has no word) come back later, 42xx now. Of those, what
 * is wrong with the token is mended by another token.
 */
export function comeback(code: number | undefined): Comeback {
  switch (code) {
    // Unauthenticated; nobody said who they are (a cookie that had run out); the token ran out.
    case 4002:
    case 4004:
    case 4204:
      return 'with_token';
    default:
  }
  if (code === undefined || code < 4000 || code > 4299) return 'later';
  return code < 4100 ? 'never' : code < 4200 ? 'later' : 'now';
}

/** A bound that doubles from `firstMs` each time, up to `mostMs`. */
export function doubled(firstMs: number, mostMs: number, times: number): number {
  return Math.min(mostMs, firstMs * 2 ** times);
}

export class Backoff {
  /** Connections in a row that did not hold. */
  failures = 0;

  constructor(private readonly limits: Limits) {}

  /** A connection ended that was greeted `heldMs` ago; never, if it was not. */
  ended(heldMs: number | undefined): void {
    this.failures = heldMs !== undefined && heldMs >= this.limits.stableMs ? 0 : this.failures + 1;
  }

  /** How long to wait, milliseconds; `askedMs` is what the server asked for. */
  pause(how: 'later' | 'now', askedMs: number | undefined, random: number): number {
    // One that is sent elsewhere and sent away there as well comes back more slowly.
    const bound = how === 'now' && this.failures <= 1 ? 0 : this.bound();
    return Math.max(askedMs ?? 0, random * bound);
  }

  private bound(): number {
    const doublings = Math.min(Math.max(this.failures - 1, 0), 16);
    return doubled(this.limits.backoffFirstMs, this.limits.backoffMostMs, doublings);
  }
}
