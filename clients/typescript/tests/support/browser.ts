/**
 * A stand-in for a browser, as far as cookies and tabs need one, in Node, which has neither: a jar that all tabs share, and Web Locks made of
 * one queue of promises; only the BroadcastChannel is real. Real ones see the client through the page's proofs (web/e2e).
 */
import type WebSocket from 'ws';
import type { SocketConstructor, TabMeans } from '../../src/index.js';

/** Where a request goes. */
export function addressOf(input: string | URL | Request): string {
  return input instanceof Request ? input.url : input.toString();
}

export class Browser {
  /** When each refresh was asked for. */
  readonly refreshTimes: number[] = [];
  private readonly cookies = new Map<string, string>();
  private lock: Promise<unknown> = Promise.resolve();

  /** A `fetch` that carries the cookies. */
  fetch(inner: typeof fetch): typeof fetch {
    return async (input, init) => {
      const url = addressOf(input);
      if (url.endsWith('/v1/auth/refresh')) this.refreshTimes.push(performance.now());
      const headers = new Headers(init?.headers);
      headers.set('cookie', this.header);
      headers.set('origin', new URL(url).origin);
      const answer = await inner(url, { ...init, headers });
      for (const line of answer.headers.getSetCookie()) {
        const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
        if (value === '') this.cookies.delete(name);
        else this.cookies.set(name, value);
      }
      return answer;
    };
  }

  /** A WebSocket that carries them too. */
  webSocket(inner: typeof WebSocket, origin: string): SocketConstructor {
    const header = () => this.header;
    return class extends inner {
      constructor(url: string, protocols: string[]) {
        super(url, protocols, { headers: { cookie: header() }, origin });
      }
    };
  }

  private get header(): string {
    return [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
  }

  readonly tabs: TabMeans = {
    locks: {
      request: async (_, work) => {
        const turn = this.lock.then(work, work);
        this.lock = turn.catch(() => undefined);
        return await turn;
      },
    },
    channel: BroadcastChannel,
  };
}
