/** The client: one socket to the server, the rooms that are heard over it, and what is said there. */
import { ANSWER_SHAPES } from './generated/protocol.js';
import type { From, HelloPush, Message, Presence, Receipt, ReplayedEvent } from './generated/schema.js';
import type { Api } from './http/api.js';
import type { Limits } from './limits.js';
import { Machine } from './machine/machine.js';
import type {
  Ask,
  ConnectionState,
  Effect,
  Moment,
  Outcome,
  Ticket,
  Update,
  Violation,
  Write,
} from './machine/types.js';
import { read } from './protocol/check.js';
import type { RoomEvent } from './protocol/event.js';
import { Room } from './room.js';
import { Driver, type SocketConstructor } from './shell/driver.js';
import { Emitter, type Off } from './shell/emitter.js';
import type { RoomHost, WriteListener } from './shell/host.js';
import { NO_OUTBOX, type Outbox } from './shell/outbox.js';
import { Refresher } from './shell/refresher.js';
import { Replaying, type ReplayOptions } from './shell/replay.js';
import { watchNetwork } from './shell/network.js';
import { Store } from './shell/store.js';
import { promised, Tickets, type Settler, type TriedListener } from './shell/tickets.js';

/** How a client connects. */
export interface ClientOptions {
  /** Whose tokens, clock and pages are used. */
  readonly api: Api;
  /** Several edges of the same server, `https://edge1.example`, tried in turn from any of them on; the api's, if absent. */
  readonly addresses?: readonly string[];
  /** What makes a WebSocket, where there is no global one: Node 20 with the package `ws`. */
  readonly webSocket?: SocketConstructor;
  readonly limits?: Partial<Limits>;
  /** Where what is said waits until the log has it, so that another client can go on with it; in memory alone, if absent. */
  readonly outbox?: Outbox;
  /** Chance, at least 0, less than 1. */
  readonly random?: () => number;
}

export interface ClientEvents {
  state: ConnectionState;
  /** A server has greeted this client. */
  greeted: HelloPush;
  /** An accepted event of any room that is open. */
  event: RoomEvent;
  /** One's own marker of a room, open or not, was moved by another of one's sessions. */
  read: { readonly room: string; readonly seq: number };
  /** The server broke a promise; the client has mended it as far as it can. */
  violation: Violation;
}

interface Opened {
  readonly room: Room;
  /** How many of its latest messages it is opened with. */
  readonly recent: number;
  /** How often it is open. */
  count: number;
}

/** Messages that a room is opened with, if nothing else is said. */
const RECENT = 50;

export class Client {
  readonly api: Api;
  private readonly limits: Limits;
  private readonly random: () => number;
  private readonly machine: Machine;
  private readonly driver: Driver;
  private readonly host: RoomHost;
  private readonly refresher: Refresher;
  private readonly events = new Emitter<ClientEvents>();
  private readonly store: Store<ConnectionState>;
  private readonly rooms = new Map<string, Opened>();
  /** Rooms that something was told of since they were last shown. */
  private readonly told = new Set<Room>();
  private readonly tickets = new Tickets();
  private readonly replays = new Map<number, Replaying>();
  private readonly offs: Off[] = [];
  private hello: HelloPush | undefined;
  private readonly violations: Violation[] = [];
  private violationCount = 0;
  private connectionCount = 0;

  constructor(options: ClientOptions) {
    const { api } = options;
    this.api = api;
    this.limits = { ...api.limits, ...options.limits };
    this.random = options.random ?? Math.random;
    const addresses = (options.addresses ?? [api.url]).map((address) => address.replace(/\/+$/, '') || ownOrigin());
    const first = Math.floor(this.random() * addresses.length);
    const refreshes = (): boolean => api.transport.tokens.refreshes;
    this.machine = new Machine({ addresses, first, limits: this.limits, refreshes });
    this.store = new Store(() => this.machine.state);
    this.driver = new Driver(
      this.machine,
      options.webSocket ?? ownWebSocket(),
      () => api.clock.local(),
      this.random,
      (effect) => this.perform(effect),
      () => this.settled(),
    );
    this.host = this.makeHost(options.outbox ?? NO_OUTBOX);
    this.refresher = new Refresher(api.transport.tokens, {
      authorized: (token) => this.driver.input((machine, moment) => machine.authorized(token, moment)),
      unauthorized: (why) => this.driver.input((machine, moment) => machine.unauthorized(why, moment)),
      random: this.random,
    });
  }

  // --- the connection ------------------------------------------------------------------------------------------------

  /** How the connection stands. */
  get state(): ConnectionState {
    return this.machine.state;
  }

  /** Calls `run` with the state now and whenever it is another: the contract of Svelte's stores. */
  subscribe(run: (state: ConnectionState) => void): Off {
    return this.store.subscribe(run);
  }

  on<K extends keyof ClientEvents>(event: K, listener: (value: ClientEvents[K]) => void): Off {
    return this.events.on(event, listener);
  }

  /** Who one is to the server; undefined before it has said so. */
  get user(): From | undefined {
    return this.hello?.user;
  }

  /** What the server bounds: commands waiting, rooms, bytes of a message, characters of a text; undefined before it has said so. */
  get serverLimits(): HelloPush['limits'] | undefined {
    return this.hello?.limits;
  }

  /** The server's time, milliseconds since 1970, whatever the clock of this machine says. */
  now(): number {
    return this.api.now();
  }

  /** What it has lived through: greetings, and promises that the server broke, the first hundred of them in full. */
  get stats(): {
    readonly connections: number;
    readonly violationCount: number;
    readonly violations: readonly Violation[];
  } {
    return { connections: this.connectionCount, violationCount: this.violationCount, violations: this.violations };
  }

  /** Connects, and stays connected; also after it has ended, and at once where it waits to come back. */
  connect(): void {
    const { tokens } = this.api.transport;
    if (this.offs.length === 0) {
      this.offs.push(
        tokens.on('user', (user) => {
          // The cookies speak for somebody else now: what is shown here is not theirs.
          if (user !== null && (this.hello === undefined || user.id === this.hello.user.id)) return;
          this.driver.input((machine, moment) => machine.unauthorized('signed_out', moment));
        }),
        watchNetwork(
          (present) => this.driver.input((machine, moment) => machine.network(present, moment)),
          () => {
            if (this.state.kind === 'waiting') this.connect();
          },
        ),
      );
    }
    const { access } = tokens;
    this.driver.input((machine, moment) => {
      if (machine.state.kind === 'idle' || machine.state.kind === 'ended') {
        this.hello = undefined;
        machine.knows(access);
      }
      machine.connect(moment);
    });
    for (const opened of this.rooms.values()) this.hear(opened);
    this.refresher.start();
  }

  /** Closes the connection: what waits fails, rooms end. */
  close(): void {
    this.refresher.stop();
    for (const off of this.offs.splice(0)) off();
    this.driver.input((machine) => machine.close());
    for (const { room } of this.rooms.values()) room.stop();
  }

  // --- rooms ---------------------------------------------------------------------------------------------------------

  /**
   * Hears a room from now on, over every connection to come. Whoever opens it again gets the same room, and each closes it once.
   *
   * @param options `recent`: with how many of its latest messages, 0 to 100; 50 if absent
   */
  open(id: string, options: { readonly recent?: number } = {}): Room {
    const opened = this.rooms.get(id);
    if (opened && opened.room.view.status !== 'ended') {
      opened.count += 1;
      return opened.room;
    }
    const recent = options.recent ?? RECENT;
    const made = { room: new Room(id, recent, this.host, this.limits), recent, count: 1 };
    this.rooms.set(id, made);
    this.hear(made);
    made.room.restore();
    return made.room;
  }

  private hear({ room, recent }: Opened): void {
    if (this.state.kind === 'ended' || room.view.status === 'ended') return;
    this.driver.input((machine, moment) => machine.subscribe(room.id, recent, moment));
  }

  private closeRoom(room: Room): void {
    const opened = this.rooms.get(room.id);
    if (opened?.room !== room) return;
    opened.count -= 1;
    if (opened.count > 0) return;
    room.stop();
    this.rooms.delete(room.id);
    this.driver.input((machine, moment) => machine.unsubscribe(room.id, moment));
  }

  private makeHost(outbox: Outbox): RoomHost {
    return {
      viewer: () => this.hello?.user.id ?? this.api.user?.id,
      messages: this.api.messages,
      outbox,
      now: () => this.now(),
      local: () => this.api.clock.local(),
      random: () => this.random(),
      newCid: () => crypto.randomUUID(),
      write: (write, listener) => this.write(write, listener),
      ask: (ask, settled) => this.question(ask, settled),
      discard: (ticket) => this.driver.input((machine) => machine.discard(ticket)),
      close: (room) => this.closeRoom(room),
    };
  }

  // --- questions -----------------------------------------------------------------------------------------------------

  /** Who is in a room, whether it is open or not. */
  async presence(room: string): Promise<Presence> {
    return read(ANSWER_SHAPES.presence, await this.ask({ name: 'presence', body: { room } }));
  }

  /** The latest messages of a room as they stand, whether it is open or not; 50 of at most 100, if nothing else is said. */
  async recent(room: string, limit?: number): Promise<readonly Message[]> {
    const body = { room, ...(limit === undefined ? {} : { limit }) };
    return read(ANSWER_SHAPES.recent, await this.ask({ name: 'recent', body })).recent;
  }

  /**
   * A room's records as they happened, one by one, as fast as they are taken. `break` ends it; a connection that breaks is come back from,
   * and it goes on where it was.
   */
  replay(room: string, options: ReplayOptions): AsyncIterableIterator<ReplayedEvent, undefined> {
    return new Replaying(room, options, {
      ask: (ask, settled) => this.question(ask, settled),
      listen: (replay, replaying) => void this.replays.set(replay, replaying),
      forget: (replay) => void this.replays.delete(replay),
    });
  }

  private async ask(ask: Ask): Promise<unknown> {
    return await new Promise((resolve, reject) => {
      this.question(ask, (outcome) => {
        if ('ok' in outcome) resolve(outcome.ok);
        else reject(outcome.error);
      });
    });
  }

  private question(ask: Ask, settled: (outcome: Outcome) => void): void {
    this.command(settled, (machine, ticket, moment) => machine.ask(ticket, ask, moment));
  }

  private write(write: Write, listener?: WriteListener): { ticket: Ticket; receipt: Promise<Receipt> } {
    const { promise, resolve, reject } = promised<Receipt>();
    const done = (outcome: Outcome): void => {
      if ('ok' in outcome) {
        const receipt = read('Receipt', outcome.ok);
        listener?.settled({ receipt });
        resolve(receipt);
      } else {
        listener?.settled({ error: outcome.error });
        reject(outcome.error);
      }
    };
    const give = (machine: Machine, ticket: Ticket, moment: Moment): void => machine.write(ticket, write, moment);
    const ticket = this.command(done, give, (since) => listener?.tried(since));
    return { ticket, receipt: promise };
  }

  private command(
    settled: Settler,
    give: (machine: Machine, ticket: Ticket, moment: Moment) => void,
    tried?: TriedListener,
  ): Ticket {
    const ticket = this.tickets.issue(settled, tried);
    this.driver.input((machine, moment) => give(machine, ticket, moment));
    return ticket;
  }

  // --- what the machine wants ----------------------------------------------------------------------------------------

  private perform(effect: Effect): void {
    switch (effect.kind) {
      case 'tell':
        this.tell(effect.room, effect.update);
        break;
      case 'tried':
        this.tickets.tried(effect);
        break;
      case 'settle':
        this.settle(effect);
        break;
      case 'greeted':
        this.hello = effect.hello;
        this.connectionCount += 1;
        this.events.emit('greeted', effect.hello);
        break;
      case 'time':
        this.api.clock.heard(effect.sentAt, effect.heardAt, effect.time);
        this.refresher.schedule();
        break;
      case 'read':
        this.readElsewhere(effect.room, effect.seq);
        break;
      case 'replay':
        this.replays.get(effect.push.replay)?.heard(effect.push);
        break;
      case 'note':
        this.note(effect.violation);
        break;
      case 'refresh':
        this.refresher.now();
        break;
      default:
      // Of the socket: the driver's.
    }
  }

  private tell(id: string, update: Update): void {
    const opened = this.rooms.get(id);
    if (!opened) return;
    opened.room.take(update);
    this.told.add(opened.room);
    if (update.kind === 'event') this.events.emit('event', update.event);
  }

  private settle(effect: Effect & { kind: 'settle' }): void {
    const malformed = this.tickets.settle(effect);
    if (malformed) this.note({ kind: 'unreadable', message: malformed.message });
  }

  private readElsewhere(id: string, seq: number): void {
    const room = this.rooms.get(id)?.room;
    if (room) {
      room.takeRead(seq);
      this.told.add(room);
    }
    this.events.emit('read', { room: id, seq });
  }

  private note(violation: Violation): void {
    this.violationCount += 1;
    if (this.violations.length < this.limits.violationsKept) this.violations.push(violation);
    this.events.emit('violation', violation);
  }

  /** All that came together was told: now it is shown, once. */
  private settled(): void {
    if (this.state.kind !== 'live') for (const replaying of [...this.replays.values()]) replaying.lost();
    const told = [...this.told];
    this.told.clear();
    for (const room of told) room.publish();
    if (this.store.publish()) this.events.emit('state', this.state);
  }
}

/** The page's own server. */
function ownOrigin(): string {
  if (typeof location === 'undefined') throw new Error('outside a page, a client needs the address of its server');
  return location.origin;
}

function ownWebSocket(): SocketConstructor {
  if (typeof WebSocket === 'undefined')
    throw new Error('there is no WebSocket here: give one, as that of the package ws');
  return WebSocket;
}
