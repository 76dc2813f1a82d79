/**
 * The other tabs of the same page, where the browser has the means.
 *
 * Each tab has a socket of its own: they resume by themselves, and a tab that closes takes nothing from the others. What they share is
 * what would otherwise be done by each of them: one refreshes the token at a time (Web Locks), and tells the others (BroadcastChannel).
 * Read markers need no sharing of their own: the server tells each of one's sessions what another has read.
 */
import type { SignedIn } from '../generated/schema.js';

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

export class Tabs {
  private readonly name: string;
  private readonly channel: InstanceType<NonNullable<TabMeans['channel']>> | undefined;

  constructor(
    origin: string,
    private readonly means: TabMeans,
    heard: (message: TabMessage) => void,
  ) {
    this.name = `roomlog:${origin}`;
    this.channel = means.channel && new means.channel(this.name);
    if (this.channel) {
      this.channel.addEventListener('message', ({ data }) => {
        // Only this class posts to the channel of this name, and only such messages.
        heard(data as TabMessage);
      });
    }
  }

  tell(message: TabMessage): void {
    this.channel?.postMessage(message);
  }

  /** Does it while no other tab does. */
  async alone<T>(work: () => Promise<T>): Promise<T> {
    return this.means.locks ? await this.means.locks.request(this.name, work) : await work();
  }

  close(): void {
    this.channel?.close();
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
