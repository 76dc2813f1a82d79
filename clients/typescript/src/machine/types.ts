/** What goes into the machine and what comes out of it, as data. */
import type { ClientError, RoomlogError } from '../errors.js';
import type { Commands } from '../generated/protocol.js';
import type { HelloPush, PresencePush, ReplayPush, Subscription, TypingPush } from '../generated/schema.js';
import type { RoomEvent } from '../protocol/event.js';

/** The instant of an input, and what chance says at it: the machine has neither clock nor dice. */
export interface Moment {
  /** Milliseconds on a clock that only goes forward. */
  readonly now: number;
  /** At least 0, less than 1. */
  readonly random: number;
}

/** What a client can say of its connection. */
export type ConnectionState =
  /** Nobody has asked it to connect yet. */
  | { readonly kind: 'idle' }
  /** It is on its way: the `attempt`-th in a row. */
  | { readonly kind: 'connecting'; readonly attempt: number }
  /** It hears and is heard. */
  | { readonly kind: 'live' }
  /** It comes back by itself in `inMs` milliseconds, counted from when this was said; `why` is for people. */
  | { readonly kind: 'waiting'; readonly attempt: number; readonly inMs: number; readonly why: string }
  /** This machine says that it has no network. It comes back when it has. */
  | { readonly kind: 'offline' }
  /** It does not come back by itself. */
  | { readonly kind: 'ended'; readonly why: EndReason; readonly code?: number; readonly reason?: string };

/** Why it does not come back. */
export type EndReason =
  /** `close` was called. */
  | 'closed'
  /** Nobody is signed in (any more). */
  | 'signed_out'
  /** The server does not want this client as it is: see `code` and `reason`. */
  | 'refused';

/** Names a command until it has its outcome. */
export type Ticket = number;

/** The names of the commands that the log will hold. */
export type WriteName = 'send' | 'edit' | 'delete' | 'react' | 'unreact' | 'join' | 'leave';
/** The names of those that leave no trace in it. */
export type AskName = 'read' | 'typing' | 'recent' | 'presence' | 'replay' | 'more' | 'cancel' | 'ping';

/** A write without what the machine adds to it. */
export type Write<N extends WriteName = WriteName> = {
  [K in N]: {
    readonly name: K;
    /** With room and cid; `since` is the machine's. */
    readonly body: Omit<Commands[K]['body'], 'since'>;
    /** Of one that was tried before, with the same cid: the `since` of that first try; null: it had none. */
    readonly since?: number | null;
  };
}[N];

/** A question. */
export type Ask<N extends AskName = AskName> = {
  [K in N]: { readonly name: K; readonly body: Commands[K]['body'] };
}[N];

/** What a command came to: the answer as it came, unread, or why there is none. */
export type Outcome = { readonly ok: unknown } | { readonly error: RoomlogError | ClientError };

/** What a room's subscriber is told. */
export type Update =
  /** It stands at this place; what lies before it does not come as events. */
  | { readonly kind: 'snapshot'; readonly subscription: Subscription }
  /** It goes on where it stood: what was missed comes as events, then `caught_up`. */
  | { readonly kind: 'recovered'; readonly subscription: Subscription }
  /** The next event. */
  | { readonly kind: 'event'; readonly event: RoomEvent }
  /** All that was missed has come. */
  | { readonly kind: 'caught_up' }
  | { readonly kind: 'presence'; readonly presence: PresencePush }
  | { readonly kind: 'typing'; readonly typing: TypingPush }
  /** There is no connection now, or the room is being asked for again. */
  | { readonly kind: 'paused' }
  /** It has ended: the server's reason, or the name of its error. */
  | { readonly kind: 'ended'; readonly reason: string };

/** A promise that the server broke. */
export type Violation =
  /** An event that had come already. */
  | { readonly kind: 'repeat'; readonly room: string; readonly seq: number; readonly due: number }
  /** An event that came too early. */
  | { readonly kind: 'gap'; readonly room: string; readonly seq: number; readonly due: number }
  /** A frame that is not the protocol's. */
  | { readonly kind: 'unreadable'; readonly message: string };

/** What the driver is to do, in order. */
export type Effect =
  | { readonly kind: 'open'; readonly address: string }
  | { readonly kind: 'send'; readonly text: string }
  /** Close the socket; nothing that it still says counts. */
  | { readonly kind: 'drop' }
  /** Get another access token, then call `token` or `tokenless`. */
  | { readonly kind: 'refresh' }
  | { readonly kind: 'greeted'; readonly hello: HelloPush }
  /** The server's time was `time` somewhere between the two. */
  | { readonly kind: 'time'; readonly sentAt: number; readonly heardAt: number; readonly time: number }
  | { readonly kind: 'tell'; readonly room: string; readonly update: Update }
  /** One's own marker, moved by another of one's sessions. */
  | { readonly kind: 'read'; readonly room: string; readonly seq: number }
  | { readonly kind: 'replay'; readonly push: ReplayPush }
  /** A write leaves for the first time; `since` goes with every further try. */
  | { readonly kind: 'tried'; readonly ticket: Ticket; readonly since: number | null }
  | { readonly kind: 'settle'; readonly ticket: Ticket; readonly outcome: Outcome }
  | { readonly kind: 'note'; readonly violation: Violation };
