import { ConnectionError, RoomlogError } from '../errors.js';

/**
 * How long to wait before what failed is asked for again, milliseconds: anything below a bound, and no less than the server asks for;
 * undefined: asking again would not help.
 */
export function pauseAfter(error: unknown, boundMs: number): number | undefined {
  const usual = Math.random() * boundMs;
  if (error instanceof ConnectionError) return usual;
  if (!(error instanceof RoomlogError) || !error.retryable) return undefined;
  return Math.max(error.retryAfterMs ?? 0, usual);
}

/** Waits, unless it is called off: then it waits no longer. Whoever called it off knows why; here nothing is thrown. */
export async function pause(ms: number, signal?: AbortSignal): Promise<void> {
  if (signal?.aborted === true) return;
  await new Promise<void>((wake) => {
    const over = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', over);
      wake();
    };
    const timer = setTimeout(over, ms);
    signal?.addEventListener('abort', over);
  });
}
