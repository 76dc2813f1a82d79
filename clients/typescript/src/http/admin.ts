/** What admins may ask, over HTTP. */
import type {
  Accounts,
  AnyRooms,
  Audit,
  Bans,
  DeadLetters,
  LogOverview,
  Members,
  Mutes,
  Room,
} from '../generated/schema.js';
import type { Paging } from './groups.js';
import type { Transport } from './transport.js';

/** For admins. */
export class AdminApi {
  constructor(private readonly transport: Transport) {}

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

  /** What admins did, the latest first. */
  async audit(query: Paging = {}): Promise<Audit> {
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
}
