/**
 * A room as this client sees it: what the server told, folded on by its events, and what was said here and is on its way.
 *
 * What must hold: no clock and no I/O; the view is an immutable value, another one whenever something is different.
 */
import type { ClientError, RoomlogError } from '../errors.js';
import type { PresencePush, Receipt, Role, Room, Subscription } from '../generated/schema.js';
import type { Limits } from '../limits.js';
import type { Update } from '../machine/types.js';
import type { RoomEvent } from '../protocol/event.js';
import { MessageFold } from './message-fold.js';
import type { MessageView } from './message.js';
import { Pending, type PendingMessage } from './pending.js';
import { Typing } from './typing.js';

/** How a room stands. */
export type RoomStatus =
  /** It was never heard yet. */
  | 'opening'
  /** What was missed is coming. */
  | 'catching_up'
  /** Heard as it happens. */
  | 'live'
  /** There is no connection now; what is shown is as it was. */
  | 'paused'
  /** It is heard no more: see `ended`. */
  | 'ended';

/** A room as it is shown. */
export interface RoomView {
  readonly status: RoomStatus;
  /** Why it has ended: `kicked`, `banned`, `left`, `room_deleted`, `closed`, or the name of an error. */
  readonly ended?: string;
  /**
   * Name, topic, kind, owner and the like; null until they are known. Its `head` is that of when the room was opened; `members` counts joins and leaves on, and is absent once somebody was
   * removed: whether that was a member only the server knows.
   */
  readonly room: Room | null;
  /** The seq of the last event that is folded in. */
  readonly seq: number;
  /** The life of the log that it is of. */
  readonly epoch?: string;
  /** One's own; null: not a member. */
  readonly role: Role | null;
  /** How far one has read. */
  readonly readSeq: number;
  /** Oldest first, without holes, up to the head. */
  readonly messages: readonly MessageView[];
  /** Whether they reach back to the room's beginning. */
  readonly complete: boolean;
  /** What was said here and is not among them yet. */
  readonly pending: readonly PendingMessage[];
  /** Who is there: at most 100 of them by id. */
  readonly presence: { readonly count: number; readonly users: readonly string[] };
  /** Who is writing, by id, oneself apart. */
  readonly typing: readonly string[];
}

const USERS_MOST = 100;
const NOTHING: RoomView = {
  status: 'opening',
  room: null,
  seq: 0,
  role: null,
  readSeq: 0,
  messages: [],
  complete: false,
  pending: [],
  presence: { count: 0, users: [] },
  typing: [],
};

export class RoomState {
  readonly pending = new Pending();
  readonly fold: MessageFold;
  private shown: RoomView = NOTHING;
  private readonly writing: Typing;

  /** `viewer` is who looks; `recent` is how many messages a snapshot was asked for. */
  constructor(
    private readonly viewer: () => string | undefined,
    private readonly recent: number,
    limits: Limits,
  ) {
    this.fold = new MessageFold(viewer, limits.messagesKept);
    this.writing = new Typing(limits);
  }

  get view(): RoomView {
    return this.shown;
  }

  private show(part: Partial<RoomView>): void {
    this.shown = { ...this.shown, ...part };
  }

  /** Takes what the machine tells of the room. */
  apply(update: Update, now: number): void {
    switch (update.kind) {
      case 'snapshot':
        this.snapshot(update.subscription);
        break;
      case 'recovered':
        this.show({
          ...told(update.subscription, this.shown),
          status: 'catching_up',
          epoch: update.subscription.epoch,
        });
        break;
      case 'event':
        this.event(update.event, now);
        break;
      case 'caught_up':
        this.show({ status: 'live' });
        break;
      case 'presence':
        this.show({ presence: presence(this.shown.presence, update.presence) });
        break;
      case 'typing':
        this.heardTyping(update.typing.users, now);
        break;
      case 'paused':
        this.writing.clear();
        this.show({ status: this.shown.room === null ? 'opening' : 'paused', typing: [] });
        break;
      case 'ended':
        this.writing.clear();
        this.show({ status: 'ended', ended: update.reason, typing: [] });
    }
  }

  private snapshot(subscription: Subscription): void {
    const { recent, seq, epoch } = subscription;
    this.fold.reset(recent);
    this.pending.snapshot(seq, this.fold.messages, this.viewer());
    const { ended: _, ...before } = this.shown;
    this.shown = before;
    this.show({
      ...told(subscription, before),
      status: 'live',
      seq,
      epoch,
      room: { ...subscription.room, role: subscription.role },
      role: subscription.role,
      // Another life of the log knows nothing of the marker of this one.
      ...(epoch === before.epoch ? {} : { readSeq: subscription.read_seq }),
      messages: this.fold.messages,
      complete: recent.length < this.recent,
      pending: this.pending.messages,
    });
  }

  private event(event: RoomEvent, now: number): void {
    const before = this.shown;
    const oldest = before.messages[0]?.seq;
    const room = before.room && roomAfter(before.room, event, this.viewer());
    const sent = event.type === 'message_sent' ? this.pending.remove(event.cid) : undefined;
    const typed = event.type === 'message_sent' && this.writing.said(event.from.id, now);
    if (this.fold.apply(event)) {
      if (sent?.receipt) this.fold.receipt(sent.receipt);
      const { messages } = this.fold;
      const trimmed = oldest !== undefined && messages[0]?.seq !== oldest;
      this.show({ messages, complete: before.complete && !trimmed });
    }
    this.show({
      seq: event.seq,
      room,
      role: room?.role ?? null,
      ...(sent ? { pending: this.pending.messages } : {}),
      ...(typed ? { typing: this.writing.users } : {}),
    });
  }

  private heardTyping(users: readonly string[], now: number): void {
    const viewer = this.viewer();
    for (const user of users) if (user !== viewer) this.writing.heard(user, now);
    this.show({ typing: this.writing.users });
  }

  /** When {@link RoomState.tick} is to be called; undefined: not of itself. */
  deadline(): number | undefined {
    return this.writing.deadline();
  }

  /** Some time has passed; answers whether something is different. */
  tick(now: number): boolean {
    if (!this.writing.tick(now)) return false;
    this.show({ typing: this.writing.users });
    return true;
  }

  // --- what is said here ---------------------------------------------------------------------------------------------

  /** Something is said, or said again. */
  said(message: PendingMessage, landed: 'new' | 'may have landed' = 'new'): void {
    this.pending.add(message, landed);
    this.pending.loaded(this.fold.messages, this.viewer());
    this.show({ pending: this.pending.messages });
  }

  /** The log has it. Its event may have come already, or stand in a snapshot. */
  acked(cid: string, receipt: Receipt): void {
    const isShown = receipt.seq <= this.shown.seq && receipt.pos.epoch === this.shown.epoch;
    const isHeard = !isShown && this.shown.status !== 'ended' && this.shown.room !== null;
    if (isHeard) this.pending.change(cid, (pending) => ({ ...pending, state: 'sent', receipt }));
    else this.pending.remove(cid);
    const noted = isShown && this.fold.get(receipt.seq)?.cid === cid && this.fold.receipt(receipt);
    this.show({ pending: this.pending.messages, ...(noted ? { messages: this.fold.messages } : {}) });
  }

  /** It was refused, or given up. */
  failed(cid: string, error: RoomlogError | ClientError): void {
    this.pending.change(cid, (pending) => ({ ...pending, state: 'failed', error }));
    this.show({ pending: this.pending.messages });
  }

  /** It is not wanted any more. */
  discarded(cid: string): void {
    this.pending.remove(cid);
    this.show({ pending: this.pending.messages });
  }

  // --- what else is known --------------------------------------------------------------------------------------------

  /** One's own marker stands there; it only goes forward. Answers whether it has. */
  read(seq: number): boolean {
    if (seq <= this.shown.readSeq) return false;
    this.show({ readSeq: seq });
    return true;
  }

  /** The list of messages was changed beside its events. */
  messagesChanged(complete = this.shown.complete): void {
    this.pending.loaded(this.fold.messages, this.viewer());
    this.show({ messages: this.fold.messages, complete, pending: this.pending.messages });
  }
}

/** What both a snapshot and a resume say as it stands now. */
function told(subscription: Subscription, before: RoomView): Partial<RoomView> {
  return { presence: subscription.presence, readSeq: Math.max(before.readSeq, subscription.read_seq) };
}

function presence(before: RoomView['presence'], { count, joined, left }: PresencePush): RoomView['presence'] {
  const gone = new Set(left);
  const there = before.users.filter((user) => !gone.has(user));
  const users = [...new Set([...there, ...(joined ?? [])])].slice(0, USERS_MOST);
  return { count, users };
}

function roomAfter(room: Room, event: RoomEvent, viewer: string | undefined): Room {
  const role = roleAfter(room, event, viewer);
  switch (event.type) {
    case 'room_updated':
      return { ...room, ...event.body };
    case 'room_deleted':
      return { ...room, deleted: true };
    case 'member_joined':
      return { ...room, role, ...(room.members === undefined ? {} : { members: room.members + 1 }) };
    case 'member_left':
      return { ...room, role, ...(room.members === undefined ? {} : { members: room.members - 1 }) };
    case 'member_removed': {
      const { members: _, ...uncounted } = room;
      return { ...uncounted, role };
    }
    case 'role_changed':
      return { ...room, role, ...(event.body.role === 'owner' ? { owner: event.body.user } : {}) };
    default:
      return room;
  }
}

function roleAfter({ role, kind }: Room, event: RoomEvent, viewer: string | undefined): Role | null {
  switch (event.type) {
    // In an open room everyone counts as a member: there joins and leaves are announcements.
    case 'member_joined':
      return event.from.id === viewer && kind !== 'open' ? (role ?? 'member') : role;
    case 'member_left':
      return event.from.id === viewer && kind !== 'open' ? null : role;
    case 'member_removed':
      // A kick or a ban; the latter ends it in an open room too.
      return event.body.user === viewer ? null : role;
    case 'role_changed':
      // Who hands the room over is its moderator from then on.
      if (event.body.user === viewer) return event.body.role;
      return event.body.role === 'owner' && role === 'owner' ? 'moderator' : role;
    default:
      return role;
  }
}
