/** What admins may ask, over HTTP. */
import type {
  Accounts,
  Action,
  AnyRooms,
  Audit,
  Bans,
  DeadLetters,
  LogOverview,
  LogRecord,
  Members,
  Mutes,
  Room,
} from '../generated/schema.js';
import type { Limits } from '../limits.js';
import type { ServerClock } from '../shell/clock.js';
import type { Paging } from './groups.js';
import { tail, type PassedOver, type TailOptions } from './tail.js';
import type { Transport } from './transport.js';

/** Which acts; what is absent does not matter. */
export interface ActFilter {
  /** Who did it, by id; all zeros: the command line. */
  readonly actor?: string;
  readonly action?: Action;
  /** Milliseconds since 1970, the instant itself too. */
  readonly since?: number;
  /** Milliseconds since 1970, without the instant itself. */
  readonly until?: number;
}

/** For admins. */
export class AdminApi {
  constructor(
    private readonly transport: Transport,
    private readonly limits: Limits,
    private readonly clock: ServerClock,
  ) {}

  async users(query: Paging & { readonly prefix?: string } = {}): Promise<Accounts> {
    return await this.transport.call('GET /v1/admin/users', { query: { ...query } }, 'Accounts');
  }

  /** Their sessions end at once, and they can't sign in. */
  async disable(user: string): Promise<void> {
    await this.transport.run('POST /v1/admin/users/{user}/disable', { path: { user } });
  }

  async enable(user: string): Promise<void> {
    await this.transport.run('POST /v1/admin/users/{user}/enable', { path: { user } });
  }

  async rooms(query: Paging = {}): Promise<AnyRooms> {
    return await this.transport.call('GET /v1/admin/rooms', { query: { ...query } }, 'AnyRooms');
  }

  async room(room: string): Promise<Room> {
    return await this.transport.call('GET /v1/admin/rooms/{room}', { path: { room } }, 'Room');
  }

  async deleteRoom(room: string): Promise<void> {
    await this.transport.run('DELETE /v1/admin/rooms/{room}', { path: { room } });
  }

  /** What admins did, the latest first, as far as all of this holds: by this admin, of this kind, then or later, before then. */
  async audit(query: Paging & ActFilter = {}): Promise<Audit> {
    return await this.transport.call('GET /v1/admin/audit', { query: { ...query } }, 'Audit');
  }

  /** Who is in a room, banned from it, muted there. */
  async members(room: string, query: Paging = {}): Promise<Members> {
    const request = { path: { room }, query: { ...query } };
    return await this.transport.call('GET /v1/admin/rooms/{room}/members', request, 'Members');
  }

  async bans(room: string, query: Paging = {}): Promise<Bans> {
    const request = { path: { room }, query: { ...query } };
    return await this.transport.call('GET /v1/admin/rooms/{room}/bans', request, 'Bans');
  }

  async mutes(room: string, query: Paging = {}): Promise<Mutes> {
    const request = { path: { room }, query: { ...query } };
    return await this.transport.call('GET /v1/admin/rooms/{room}/mutes', request, 'Mutes');
  }

  /** The log's partitions, and how far each projection is behind them. */
  async log(): Promise<LogOverview> {
    return await this.transport.call('GET /v1/admin/log', {}, 'LogOverview');
  }

  /** Records that no one could read, the latest first. */
  async deadLetters(query: { readonly limit?: number } = {}): Promise<DeadLetters> {
    return await this.transport.call('GET /v1/admin/log/dead-letters', { query: { ...query } }, 'DeadLetters');
  }

  /**
   * The log's records as they come, until whoever takes them stops, by `break` or by `signal`. What was said is not in them. Where a
   * connection breaks it goes on by itself, each record once; of what came meanwhile it has the last 100 of each partition, and says by
   * `passed_over` how many are missing, as far as that is known. It is kept in the audit, each opening anew.
   *
   * @throws `RoomlogError` where it can't be, as `forbidden`; what broke it, as `ConnectionError`, after too many failures in a row
   */
  tail(options: TailOptions = {}): AsyncGenerator<LogRecord | PassedOver, void, undefined> {
    const { transport, limits, clock } = this;
    return tail({ transport, limits, clock }, options);
  }
}
