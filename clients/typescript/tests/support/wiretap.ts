/** WebSockets of the package `ws` that keep what was heard on them: real ones, listened to. */
import WebSocket from 'ws';
import type { SocketConstructor } from '../../src/index.js';

/** One socket's life. */
export interface Tapped {
  /** The server's frames, in order. */
  readonly frames: Record<string, unknown>[];
  /** With what it was closed; undefined while it is open. */
  code: number | undefined;
}

export class Wiretap {
  readonly sockets: Tapped[] = [];
  readonly webSocket: SocketConstructor;

  constructor() {
    const { sockets } = this;
    this.webSocket = class extends WebSocket {
      constructor(url: string, protocols: string[]) {
        super(url, protocols);
        const tapped: Tapped = { frames: [], code: undefined };
        sockets.push(tapped);
        this.addEventListener('message', ({ data }) => {
          if (typeof data !== 'string') return;
          for (const line of data.split('\n')) {
            // A server's frames are JSON objects: the client under test refuses all else.
            if (line !== '') tapped.frames.push(JSON.parse(line) as Record<string, unknown>);
          }
        });
        this.addEventListener('close', ({ code }) => (tapped.code = code));
      }
    };
  }
}
