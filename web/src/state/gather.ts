/// Many calls, one run: whatever is asked for within a moment is done once, when the moment is over. For lists that are asked for anew
/// after an event: events come in crowds, and the listing follows the log by a moment.

/** A moment, milliseconds. */
const MOMENT_MS = 300;

/** A function that has `run` run within a moment, and one that calls it off. */
export function gathered(run: () => void): { readonly ask: () => void; readonly stop: () => void } {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const ask = (): void => {
    timer ??= setTimeout(() => {
      timer = undefined;
      run();
    }, MOMENT_MS);
  };
  const stop = (): void => {
    clearTimeout(timer);
    timer = undefined;
  };
  return { ask, stop };
}
