/// Many changes, one drawing: whatever is asked for between two frames is done once, before the next. A hidden page has no
/// frames: there a timer does it.

/** Milliseconds between two runs while the page is hidden. */
const HIDDEN_MS = 250;

/** A function that runs `run` at the next frame, however often it is called until then, and one that calls it off. */
export function perFrame(run: () => void): { readonly ask: () => void; readonly stop: () => void } {
  let frame = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const stop = (): void => {
    cancelAnimationFrame(frame);
    clearTimeout(timer);
    frame = 0;
    timer = undefined;
  };
  const now = (): void => {
    stop();
    run();
  };
  const ask = (): void => {
    if (frame !== 0) return;
    frame = requestAnimationFrame(now);
    // Also where the page is hidden after this, and no frame comes.
    timer = setTimeout(now, HIDDEN_MS);
  };
  return { ask, stop };
}
