/** The operations of the server, in groups, each a method. Answers have the names and fields of the server's document. */
import type {
  Bans,
  FoundRooms,
  Goodbye,
  Guest,
  Hits,
  Invitations,
  Invitees,
  Login,
  Me,
  Members,
  Message,
  MessagePage,
  Messages,
  Mutes,
  MyRooms,
  NewKind,
  NewPassword,
  Presence,
  ReadTo,
  Readers,
  Receipt,
  Register,
  Role,
  Room,
  Sessions,
  SignedIn,
  Thread,
  User,
} from '../generated/schema.js';
import type { Operation } from '../generated/protocol.js';
import type { Transport } from './transport.js';

/** A page of a listing: `after` is what the page before said. */
export interface Paging {
  readonly after?: string;
  /** At most so many. */
  readonly limit?: number;
}

/** What makes a read see one's own write: it waits until the room's history has come so far. */
export interface MinSeq {
  readonly min_seq?: number;
}

/** What makes a retry safe beyond the client's own: the command's id, and the head that was seen when it was first tried. */
export interface Retry {
  readonly cid?: string;
  readonly since?: number;
}

/** Coming in, staying in, going. */
export class AuthApi {
  constructor(private readonly transport: Transport) {}

  /** Makes an account and signs in. */
  async register(body: Register): Promise<SignedIn> {
    return this.in(await this.transport.open('POST /v1/auth/register', { body }, 'SignedIn'));
  }

  async login(body: Login): Promise<SignedIn> {
    return this.in(await this.transport.open('POST /v1/auth/login', { body }, 'SignedIn'));
  }

  /** Comes in without an account, where that is allowed. */
  async guest(body: Guest): Promise<SignedIn> {
    return this.in(await this.transport.open('POST /v1/auth/guest', { body }, 'SignedIn'));
  }

  /**
   * Stays signed in: what a page does first, to know who looks at it. Tabs take turns.
   *
   * @throws `RoomlogError` `unauthenticated` when nobody is signed in
   */
  async refresh(): Promise<User | null> {
    await this.transport.tokens.refresh();
    return this.transport.tokens.user ?? null;
  }

  /** Signs out on this device, in all its tabs. */
  async logout(): Promise<void> {
    await this.transport.run('POST /v1/auth/logout', {});
    this.transport.tokens.signedOut();
  }

  private in(signedIn: SignedIn): SignedIn {
    this.transport.tokens.signedIn(signedIn);
    return signedIn;
  }
}

/** One's own account. */
export class MeApi {
  constructor(private readonly transport: Transport) {}

  async get(): Promise<Me> {
    return await this.transport.call('GET /v1/me', {}, 'Me');
  }

  /** Changes the name that others see. */
  async rename(display_name: string): Promise<SignedIn> {
    const signedIn = await this.transport.call('PATCH /v1/me', { body: { display_name } }, 'SignedIn');
    this.transport.tokens.signedIn(signedIn);
    return signedIn;
  }

  /** Changes the password; all other logins end. */
  async password(body: NewPassword): Promise<void> {
    await this.transport.run('POST /v1/me/password', { body });
  }

  /** Deletes the account for ever. */
  async delete(body: Goodbye = {}): Promise<void> {
    await this.transport.run('DELETE /v1/me', { body });
    this.transport.tokens.signedOut();
  }

  /** The devices on which one is signed in. */
  async sessions(): Promise<Sessions> {
    return await this.transport.call('GET /v1/me/sessions', {}, 'Sessions');
  }

  async endSession(session: string): Promise<void> {
    await this.transport.run('DELETE /v1/me/sessions/{session}', { path: { session } });
  }

  async endOtherSessions(): Promise<void> {
    await this.transport.run('DELETE /v1/me/sessions', {});
  }
}

/** Finding somebody. */
export class PeopleApi {
  constructor(private readonly transport: Transport) {}

  /**
   * Whose username it is, in full: what an id is needed for, as inviting, begins here.
   *
   * @throws `RoomlogError` `not_found` where nobody has it, or its account is disabled or deleted
   */
  async get(username: string): Promise<User> {
    return await this.transport.call('GET /v1/people/{username}', { path: { username } }, 'User');
  }
}

/** Rooms, and who is in them. */
export class RoomsApi {
  constructor(private readonly transport: Transport) {}

  /** The rooms that one has, with what is unread in them. */
  async mine(query: Paging = {}): Promise<MyRooms> {
    return await this.transport.call('GET /v1/rooms', { query: { ...query } }, 'MyRooms');
  }

  /** Rooms that anybody may find, one's own apart. */
  async discover(query: Paging & { readonly prefix?: string } = {}): Promise<FoundRooms> {
    return await this.transport.call('GET /v1/rooms/discover', { query: { ...query } }, 'FoundRooms');
  }

  async invitations(query: Paging = {}): Promise<Invitations> {
    return await this.transport.call('GET /v1/invitations', { query: { ...query } }, 'Invitations');
  }

  async create(body: { name: string; kind: NewKind; topic?: string; cid?: string }): Promise<Room> {
    const request = { body: { ...body, cid: body.cid ?? crypto.randomUUID() }, repeatable: true };
    return await this.transport.call('POST /v1/rooms', request, 'Room');
  }

  /** The direct room with somebody, by their username; it is begun if there is none. */
  async direct(username: string, { cid }: Retry = {}): Promise<Room> {
    const request = { path: { username }, body: { cid: cid ?? crypto.randomUUID() }, repeatable: true };
    return await this.transport.call('POST /v1/direct/{username}', request, 'Room');
  }

  async get(room: string, query: MinSeq = {}): Promise<Room> {
    return await this.transport.call('GET /v1/rooms/{room}', { path: { room }, query: { ...query } }, 'Room');
  }

  /** Changes name or topic. */
  async update(room: string, change: { name?: string; topic?: string } & Retry): Promise<Receipt> {
    return await write(this.transport, 'PATCH /v1/rooms/{room}', { room }, { ...change });
  }

  async delete(room: string, retry: Retry = {}): Promise<Receipt> {
    return await write(this.transport, 'DELETE /v1/rooms/{room}', { room }, { ...retry });
  }

  async join(room: string, retry: Retry = {}): Promise<Receipt> {
    return await write(this.transport, 'POST /v1/rooms/{room}/join', { room }, { ...retry });
  }

  async leave(room: string, retry: Retry = {}): Promise<Receipt> {
    return await write(this.transport, 'POST /v1/rooms/{room}/leave', { room }, { ...retry });
  }

  async members(room: string, query: Paging = {}): Promise<Members> {
    return await this.transport.call(
      'GET /v1/rooms/{room}/members',
      { path: { room }, query: { ...query } },
      'Members',
    );
  }

  async presence(room: string): Promise<Presence> {
    return await this.transport.call('GET /v1/rooms/{room}/presence', { path: { room } }, 'Presence');
  }

  /** Who has read how far; `from_seq`: of those alone who have read so far. */
  async reads(room: string, query: Paging & { readonly from_seq?: number } = {}): Promise<Readers> {
    return await this.transport.call('GET /v1/rooms/{room}/reads', { path: { room }, query: { ...query } }, 'Readers');
  }

  /** Who was invited and has not joined; who is banned; who is muted: for those who may lift it. */
  async invitees(room: string, query: Paging = {}): Promise<Invitees> {
    const request = { path: { room }, query: { ...query } };
    return await this.transport.call('GET /v1/rooms/{room}/invitations', request, 'Invitees');
  }

  async bans(room: string, query: Paging = {}): Promise<Bans> {
    return await this.transport.call('GET /v1/rooms/{room}/bans', { path: { room }, query: { ...query } }, 'Bans');
  }

  async mutes(room: string, query: Paging = {}): Promise<Mutes> {
    return await this.transport.call('GET /v1/rooms/{room}/mutes', { path: { room }, query: { ...query } }, 'Mutes');
  }

  /** Moves one's read marker, forwards only. */
  async read(room: string, seq: number): Promise<ReadTo> {
    const request = { path: { room }, body: { seq }, repeatable: true };
    return await this.transport.call('POST /v1/rooms/{room}/read', request, 'ReadTo');
  }
}

/** Messages, as they stand. */
export class MessagesApi {
  constructor(private readonly transport: Transport) {}

  /** A window of them: before a seq, after one, around one, around a time, or the latest. */
  async page(
    room: string,
    query: { before?: number; after?: number; around?: number; time?: number; limit?: number } & MinSeq = {},
  ): Promise<MessagePage> {
    const request = { path: { room }, query: { ...query } };
    return await this.transport.call('GET /v1/rooms/{room}/messages', request, 'MessagePage');
  }

  async recent(room: string, query: { limit?: number } & MinSeq = {}): Promise<Messages> {
    const request = { path: { room }, query: { ...query } };
    return await this.transport.call('GET /v1/rooms/{room}/recent', request, 'Messages');
  }

  async one(room: string, seq: number, query: MinSeq = {}): Promise<Message> {
    const request = { path: { room, seq }, query: { ...query } };
    return await this.transport.call('GET /v1/rooms/{room}/messages/{seq}', request, 'Message');
  }

  /** A message and what was said to it; `after` is the seq of the last reply of the page before. */
  async thread(room: string, seq: number, query: { after?: number; limit?: number } & MinSeq = {}): Promise<Thread> {
    const request = { path: { room, seq }, query: { ...query } };
    return await this.transport.call('GET /v1/rooms/{room}/messages/{seq}/thread', request, 'Thread');
  }

  /** For whoever has no socket; `Room.send` shows it at once. */
  async send(room: string, body: { text: string; reply_to?: number; mentions?: string[] } & Retry): Promise<Receipt> {
    return await write(this.transport, 'POST /v1/rooms/{room}/messages', { room }, { ...body });
  }

  async edit(room: string, seq: number, body: { text: string; mentions?: string[] } & Retry): Promise<Receipt> {
    return await write(this.transport, 'PATCH /v1/rooms/{room}/messages/{seq}', { room, seq }, { ...body });
  }

  async delete(room: string, seq: number, retry: Retry = {}): Promise<Receipt> {
    return await write(this.transport, 'DELETE /v1/rooms/{room}/messages/{seq}', { room, seq }, { ...retry });
  }

  async react(room: string, seq: number, emoji: string, retry: Retry = {}): Promise<Receipt> {
    return await write(
      this.transport,
      'POST /v1/rooms/{room}/messages/{seq}/react',
      { room, seq },
      { ...retry, emoji },
    );
  }

  async unreact(room: string, seq: number, emoji: string, retry: Retry = {}): Promise<Receipt> {
    return await write(
      this.transport,
      'POST /v1/rooms/{room}/messages/{seq}/unreact',
      { room, seq },
      { ...retry, emoji },
    );
  }

  /** What was said with these words, in all that one may read. `from` and `to` are times. */
  async search(query: {
    q: string;
    room?: string;
    author?: string;
    from?: number;
    to?: number;
    before?: string;
    limit?: number;
  }): Promise<Hits> {
    return await this.transport.call('GET /v1/search', { query: { ...query } }, 'Hits');
  }
}

/** What is done to people in a room. */
export class ModerationApi {
  constructor(private readonly transport: Transport) {}

  async invite(room: string, user: string, retry: Retry = {}): Promise<Receipt> {
    return await write(this.transport, 'POST /v1/rooms/{room}/invite', { room }, { ...retry, user });
  }

  async kick(room: string, user: string, retry: Retry = {}): Promise<Receipt> {
    return await write(this.transport, 'POST /v1/rooms/{room}/kick', { room }, { ...retry, user });
  }

  /** `until`: the first instant at which it is over; for ever, if absent. */
  async ban(room: string, user: string, options: { until?: number } & Retry = {}): Promise<Receipt> {
    return await write(this.transport, 'POST /v1/rooms/{room}/ban', { room }, { ...options, user });
  }

  async unban(room: string, user: string, retry: Retry = {}): Promise<Receipt> {
    return await write(this.transport, 'POST /v1/rooms/{room}/unban', { room }, { ...retry, user });
  }

  /** `until`: the first instant at which it is over; for ever, if absent. */
  async mute(room: string, user: string, options: { until?: number } & Retry = {}): Promise<Receipt> {
    return await write(this.transport, 'POST /v1/rooms/{room}/mute', { room }, { ...options, user });
  }

  async unmute(room: string, user: string, retry: Retry = {}): Promise<Receipt> {
    return await write(this.transport, 'POST /v1/rooms/{room}/unmute', { room }, { ...retry, user });
  }

  /** `owner` hands the room over. */
  async role(room: string, user: string, role: Role, retry: Retry = {}): Promise<Receipt> {
    return await write(this.transport, 'POST /v1/rooms/{room}/role', { room }, { ...retry, user, role });
  }
}

/** A write, with a cid of its own unless one is given: so it may be repeated. */
async function write(
  transport: Transport,
  operation: Operation,
  path: Readonly<Record<string, string | number>>,
  body: Readonly<Record<string, unknown>>,
): Promise<Receipt> {
  const cid = body.cid ?? crypto.randomUUID();
  return await transport.call(operation, { path, body: { ...body, cid }, repeatable: true }, 'Receipt');
}
