/**
 * The machine's hands: a socket, a timer, chance and time. It decides nothing.
 *
 * What must hold: effects are done in order; what an input calls for while effects are being done is done behind them; of a socket that
 * was dropped nothing is heard any more.
 */
import type { Machine } from '../machine/machine.js';
import { SUBPROTOCOL } from '../generated/protocol.js';
import type { Effect, Moment } from '../machine/types.js';

/** As much of a WebSocket as is needed: a browser's own, or that of the package `ws`. */
export interface Socket {
  send(text: string): void;
  close(): void;
  addEventListener(type: 'open' | 'error', listener: () => void): void;
  addEventListener(type: 'close', listener: (event: { code: number }) => void): void;
  addEventListener(type: 'message', listener: (event: { data: unknown }) => void): void;
}

/** What makes one. */
export type SocketConstructor = new (url: string, protocols: string[]) => Socket;

/** Frames leave in one message up to so many UTF-16 units, which are at most three times as many bytes: the server takes 64 KiB. */
const MESSAGE_UNITS = 16_384;
/** The longest time a timer of JavaScript can wait, milliseconds. */
export const TIMER_MOST_MS = 2 ** 31 - 1;
/** A close code that says that there was none (RFC 6455 §7.1.5). */
const NO_CODE = 1006;

export class Driver {
  private socket: Socket | undefined;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private busy = false;
  private outgoing: string[] = [];

  /** `perform` does what is not of the socket; `settled` is called when all is done. */
  constructor(
    private readonly machine: Machine,
    private readonly makeSocket: SocketConstructor,
    private readonly now: () => number,
    private readonly random: () => number,
    private readonly perform: (effect: Effect) => void,
    private readonly settled: () => void,
  ) {}

  /** Gives the machine an input, and does what comes of it. */
  input<T>(run: (machine: Machine, moment: Moment) => T): T {
    const result = run(this.machine, { now: this.now(), random: this.random() });
    this.settle();
    return result;
  }

  private settle(): void {
    if (this.busy) return;
    this.busy = true;
    try {
      for (let effects = this.machine.takeEffects(); effects.length > 0; effects = this.machine.takeEffects()) {
        for (const effect of effects) this.do(effect);
        this.flush();
      }
    } finally {
      this.busy = false;
    }
    this.setTimer();
    this.settled();
  }

  private do(effect: Effect): void {
    switch (effect.kind) {
      case 'open':
        this.open(effect.address);
        break;
      case 'send':
        this.outgoing.push(effect.text);
        break;
      case 'drop':
        this.outgoing = [];
        this.leave();
        break;
      default:
        this.perform(effect);
    }
  }

  private open(address: string): void {
    this.leave();
    let socket: Socket;
    try {
      socket = new this.makeSocket(`${address.replace(/^http/, 'ws')}/v1/ws`, [SUBPROTOCOL]);
    } catch {
      // An address that is none; it is told like one where nobody is, behind the effects at hand.
      queueMicrotask(() => this.input((machine, moment) => machine.closed(undefined, moment)));
      return;
    }
    this.socket = socket;
    const ours = (then: (machine: Machine, moment: Moment) => void): void => {
      if (this.socket === socket) this.input(then);
    };
    socket.addEventListener('open', () => ours((machine, moment) => machine.opened(moment)));
    socket.addEventListener('message', ({ data }) =>
      ours((machine, moment) => machine.message(typeof data === 'string' ? data : 'a binary message', moment)),
    );
    socket.addEventListener('close', ({ code }) => {
      ours((machine, moment) => {
        this.socket = undefined;
        machine.closed(code === NO_CODE ? undefined : code, moment);
      });
    });
    // What is wrong is said by the close that follows.
    socket.addEventListener('error', () => undefined);
  }

  private leave(): void {
    const { socket } = this;
    this.socket = undefined;
    socket?.close();
  }

  private flush(): void {
    const { outgoing, socket } = this;
    this.outgoing = [];
    let message = '';
    for (const frame of outgoing) {
      if (message !== '' && message.length + frame.length >= MESSAGE_UNITS) {
        socket?.send(message);
        message = '';
      }
      message += message === '' ? frame : `\n${frame}`;
    }
    if (message !== '') socket?.send(message);
  }

  private setTimer(): void {
    clearTimeout(this.timer);
    const deadline = this.machine.deadline();
    if (deadline === undefined) return;
    const waitMs = Math.min(Math.max(0, Math.ceil(deadline - this.now())), TIMER_MOST_MS);
    this.timer = setTimeout(() => this.input((machine, moment) => machine.tick(moment)), waitMs);
  }
}
