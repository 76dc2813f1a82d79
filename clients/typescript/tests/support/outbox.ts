/** An outbox in memory, that another life of a client can be given. */
import type { Outbox, Unsent } from '../../src/index.js';

export class MemoryOutbox implements Outbox {
  private readonly kept: Map<string, Unsent>;

  constructor(left: readonly Unsent[] = []) {
    this.kept = new Map(left.map((unsent) => [unsent.cid, unsent]));
  }

  all(): readonly Unsent[] {
    return [...this.kept.values()];
  }

  keep(unsent: Unsent): void {
    this.kept.set(unsent.cid, unsent);
  }

  forget(cid: string): void {
    this.kept.delete(cid);
  }
}
