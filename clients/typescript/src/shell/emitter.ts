/** Typed events: who listens is told at once, in the order in which they came. */

/** Ends what it was given for. */
export type Off = () => void;

export class Emitter<Events extends object> {
  private readonly listeners = new Map<keyof Events, Set<(value: never) => void>>();

  /** Calls `listener` whenever it happens, until the answer is called. */
  on<K extends keyof Events>(event: K, listener: (value: Events[K]) => void): Off {
    let all = this.listeners.get(event);
    if (!all) this.listeners.set(event, (all = new Set()));
    // A listener of its own for each call: the same function may listen twice.
    const own = (value: Events[K]): void => listener(value);
    all.add(own);
    return () => void all.delete(own);
  }

  /** Tells everybody. One that throws harms neither the others nor whoever tells: its error goes to where uncaught ones go. */
  emit<K extends keyof Events>(event: K, value: Events[K]): void {
    for (const listener of [...(this.listeners.get(event) ?? [])]) {
      try {
        // It was added under this very name.
        (listener as (value: Events[K]) => void)(value);
      } catch (error) {
        queueMicrotask(() => {
          throw error;
        });
      }
    }
  }
}
