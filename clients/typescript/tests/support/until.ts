/** Waiting for a condition, never for a time. */

/** No condition takes so long when all is well, milliseconds. */
const PATIENCE_MS = 40_000;
const LOOK_AGAIN_MS = 20;

/** Waits until it is so. */
export async function until(what: string, isSo: () => boolean | Promise<boolean>): Promise<void> {
  const end = performance.now() + PATIENCE_MS;
  while (!(await isSo())) {
    if (performance.now() > end) throw new Error(`after ${PATIENCE_MS} ms it is still not so that ${what}`);
    await new Promise((wake) => setTimeout(wake, LOOK_AGAIN_MS));
  }
}
