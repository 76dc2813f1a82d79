/**
 * The other tabs of the same page, where the browser has the means.
 *
 * Each tab has a socket of its own: they resume by themselves, and a tab that closes takes nothing from the others. What they share is
 * what would otherwise be done by each of them: one refreshes the token at a time (Web Locks), and tells the others (BroadcastChannel).
 * Read markers need no sharing of their own: the server tells each of one's sessions what another has read.
 */
import type { SignedIn } from '../generated/schema.js';
import { isObject, read } from '../protocol/check.js';

/** What tabs say to each other. */
export type TabMessage = { readonly kind: 'signed_in'; readonly signedIn: SignedIn } | { readonly kind: 'signed_out' };

/** The means to it; a test brings its own. */
export interface TabMeans {
  readonly locks?: { request<T>(name: string, work: () => Promise<T>): Promise<T> };
  readonly channel?: new (name: string) => {
    addEventListener(type: 'message', listener: (event: { data: unknown }) => void): void;
    postMessage(message: unknown): void;
    close(): void;
  };
}

/** A lock that is had in this time was free, milliseconds. */
const AT_ONCE_MS = 3;
/** How long a message of another tab may take, milliseconds; without one the work is done once more, which does no harm. */
const HEAR_MS = 150;

export class Tabs {
  private readonly name: string;
  private readonly channel: InstanceType<NonNullable<TabMeans['channel']>> | undefined;
  private listening: (() => void) | undefined;

  constructor(
    origin: string,
    private readonly means: TabMeans,
    heard: (message: TabMessage) => void,
  ) {
    this.name = `roomlog:${origin}`;
    this.channel = means.channel && new means.channel(this.name);
    if (this.channel) {
      this.channel.addEventListener('message', ({ data }) => {
        const message = parsed(data);
        if (message === undefined) return;
        heard(message);
        this.listening?.();
      });
    }
  }

  tell(message: TabMessage): void {
    this.channel?.postMessage(message);
  }

  /**
   * Does it while no other tab does, having heard what the tab before may have to tell: a lock is handed over faster than a message. Who
   * is in `haste` hears first only if it had to wait for the lock.
   */
  async alone<T>(haste: boolean, work: () => Promise<T>): Promise<T> {
    const { locks } = this.means;
    if (!locks) return await work();
    const askedAt = performance.now();
    return await locks.request(this.name, async () => {
      if (!haste || performance.now() - askedAt > AT_ONCE_MS) await this.hear();
      return await work();
    });
  }

  private async hear(): Promise<void> {
    if (!this.channel) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, HEAR_MS);
      this.listening = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    this.listening = undefined;
  }

  close(): void {
    this.channel?.close();
    this.listening?.();
  }
}

/** What another tab said; nothing where it is of another version, which says it otherwise. */
function parsed(data: unknown): TabMessage | undefined {
  if (!isObject(data)) return undefined;
  if (data.kind === 'signed_out') return { kind: 'signed_out' };
  if (data.kind !== 'signed_in') return undefined;
  try {
    return { kind: 'signed_in', signedIn: read('SignedIn', data.signedIn) };
  } catch {
    return undefined;
  }
}

/** What this browser has; nothing in Node, where there are no tabs. */
export function ownMeans(): TabMeans {
  if (typeof document === 'undefined') return {};
  return {
    ...('locks' in navigator ? { locks: navigator.locks } : {}),
    ...(typeof BroadcastChannel === 'undefined' ? {} : { channel: BroadcastChannel }),
  };
}
