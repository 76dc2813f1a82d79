/**
 * A TCP proxy between a client and a real server, for what can't be forced on the server itself: its words get lost, or stop coming.
 *
 * It breaks connections and bytes, as networks do; what is said on both sides is the real thing.
 */
import { once } from 'node:events';
import { createServer, connect, type Server as TcpServer, type Socket } from 'node:net';

export class Proxy {
  private readonly sockets = new Set<Socket>();
  private readonly fromServer = new Set<Socket>();
  private deaf = false;
  private away = false;

  private constructor(
    readonly url: string,
    private readonly listener: TcpServer,
  ) {}

  static async to(target: string): Promise<Proxy> {
    const { hostname, port } = new URL(target);
    const listener = createServer().listen(0, '127.0.0.1');
    await once(listener, 'listening');
    const address = listener.address();
    if (address === null || typeof address === 'string') throw new Error('the kernel gave no port');
    const proxy = new Proxy(`http://127.0.0.1:${address.port}`, listener);
    listener.on('connection', (client) => proxy.join(client, connect(Number(port), hostname)));
    return proxy;
  }

  private join(client: Socket, server: Socket): void {
    if (this.away) {
      client.destroy();
      server.destroy();
      return;
    }
    this.fromServer.add(server);
    for (const [from, to] of [
      [client, server],
      [server, client],
    ] as const) {
      this.sockets.add(from);
      from.on('data', (bytes) => {
        if (from === server && this.deaf) return;
        to.write(bytes);
      });
      from.on('close', () => {
        this.sockets.delete(from);
        this.fromServer.delete(from);
        to.destroy();
      });
      from.on('error', () => undefined);
    }
  }

  /** From now on, what the server says on connections is lost; what is said to it arrives. */
  loseAnswers(): void {
    this.deaf = true;
  }

  /** Reads no more of what the server says: it fills up there, as with a client that is too slow. */
  pause(): void {
    for (const socket of this.fromServer) socket.pause();
  }

  /** Reads on. */
  resume(): void {
    for (const socket of this.fromServer) socket.resume();
  }

  /** Every connection breaks; the next ones are whole. */
  cut(): void {
    this.deaf = false;
    for (const socket of this.sockets) socket.destroy();
  }

  /** Every connection breaks, and nobody is there until {@link Proxy.mend}. */
  unplug(): void {
    this.away = true;
    this.cut();
  }

  mend(): void {
    this.away = false;
  }

  async close(): Promise<void> {
    this.unplug();
    this.listener.close();
    await once(this.listener, 'close');
  }
}
