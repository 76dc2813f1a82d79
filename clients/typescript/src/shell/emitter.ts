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

  /** Tells everybody. */
  emit<K extends keyof Events>(event: K, value: Events[K]): void {
    for (const listener of [...(this.listeners.get(event) ?? [])]) {
      // It was added under this very name.
      unharmed(() => (listener as (value: Events[K]) => void)(value));
    }
  }
}

/** Calls somebody who listens. One that throws harms neither the others nor whoever tells: its error goes to where uncaught ones go. */
export function unharmed(call: () => void): void {
  try {
    call();
  } catch (error) {
    queueMicrotask(() => {
      throw error;
    });
  }
}
