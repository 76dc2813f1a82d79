/// When to ask again, and since when what is shown is not true any more. Pure.

/** How often one asks while all is well, milliseconds. */
export const POLL_MS = 2_000;
/** The longest wait after failures. */
export const MOST_WAIT_MS = 30_000;

/** How long to wait after so many failures in a row: it doubles. */
export function waitMs(failures: number, pollMs: number = POLL_MS): number {
  return Math.min(pollMs * 2 ** Math.min(failures, 10), MOST_WAIT_MS);
}
