/** A value that changes, and whoever watches it: the contract of Svelte's stores. */
import { unharmed, type Off } from './emitter.js';

export class Store<T> {
  private readonly watchers = new Set<(value: T) => void>();
  private told: T;

  constructor(private readonly value: () => T) {
    this.told = value();
  }

  /** Calls `run` now, and whenever the value is another, until the answer is called. */
  subscribe(run: (value: T) => void): Off {
    const own = (value: T): void => run(value);
    this.watchers.add(own);
    run(this.value());
    return () => void this.watchers.delete(own);
  }

  /** Tells everybody, if the value is another than the one that was told last. */
  publish(): boolean {
    const value = this.value();
    if (value === this.told) return false;
    this.told = value;
    for (const watcher of [...this.watchers]) unharmed(() => watcher(value));
    return true;
  }
}
