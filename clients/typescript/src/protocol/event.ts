/**
 * A room's events, each with the body of its type.
 *
 * The server's document calls a body an object and no more; what is in it, by type, is written down here and checked at the door. An
 * event of a type that a later server has is an event all the same: it has its seq, and nothing is known of its body.
 */
import { EVENT_TYPES } from '../generated/protocol.js';
import type { EventPush, Kind, Role } from '../generated/schema.js';
import { hold, type Shape } from './check.js';

/** What each type of event carries. */
export interface EventBodies {
  room_created: { kind: Kind; name: string; topic: string; rules: number; peer?: string };
  room_updated: { name?: string; topic?: string; rules?: number };
  room_deleted: Record<string, never>;
  member_joined: Record<string, never>;
  member_left: Record<string, never>;
  member_invited: { user: string };
  /** `until`: the first instant at which a ban is over; null: never, or a kick. */
  member_removed: { user: string; removal: 'kick' | 'ban'; until: number | null };
  member_unbanned: { user: string };
  member_muted: { user: string; until: number | null };
  member_unmuted: { user: string };
  role_changed: { user: string; role: Role };
  message_sent: { text: string; reply_to?: number; mentions?: string[] };
  message_edited: { seq: number; text: string; mentions?: string[] };
  message_deleted: { seq: number };
  reaction_added: { seq: number; emoji: string };
  reaction_removed: { seq: number; emoji: string };
}

/** The types that this client knows. */
export type EventType = keyof EventBodies;

/** What an event says: its type, and the body of that type. */
export type EventContent =
  | { [T in EventType]: { readonly type: T; readonly body: EventBodies[T] } }[EventType]
  | {
      /** Of a type that this client does not know. */
      readonly type: 'unknown';
      /** The type as the server calls it. */
      readonly called: string;
      readonly body: Record<string, unknown>;
    };

/** An accepted event of a room. */
export type RoomEvent = Omit<EventPush, 'type' | 'body'> & EventContent;

const MESSAGE: Shape = { text: 's', 'mentions?': 's[]' };
const BODIES: Readonly<Record<EventType, Shape>> = {
  room_created: { kind: 's', name: 's', topic: 's', rules: 'n', 'peer?': 's' },
  room_updated: { 'name?': 's', 'topic?': 's', 'rules?': 'n' },
  room_deleted: {},
  member_joined: {},
  member_left: {},
  member_invited: { user: 's' },
  member_removed: { user: 's', removal: 's', until: 'n?' },
  member_unbanned: { user: 's' },
  member_muted: { user: 's', until: 'n?' },
  member_unmuted: { user: 's' },
  role_changed: { user: 's', role: 's' },
  message_sent: { ...MESSAGE, 'reply_to?': 'n' },
  message_edited: { ...MESSAGE, seq: 'n' },
  message_deleted: { seq: 'n' },
  reaction_added: { seq: 'n', emoji: 's' },
  reaction_removed: { seq: 'n', emoji: 's' },
};

const KNOWN: ReadonlySet<string> = new Set(EVENT_TYPES);

function isKnown(type: string): type is EventType {
  return KNOWN.has(type) && type in BODIES;
}

/**
 * What an event of this type says, wherever it stands: in a push, in a record of a replay.
 *
 * @throws {@link Malformed} for a known type with another body
 */
export function contentOf(type: string, body: Record<string, unknown>): EventContent {
  if (!isKnown(type)) return { type: 'unknown', called: type, body };
  hold(type, body, BODIES[type]);
  // The body has just been held against the shape of this type, which TypeScript can't see through a table.
  return { type, body } as EventContent;
}

/**
 * A push `event` with the body of its type.
 *
 * @throws {@link Malformed} for a known type with another body
 */
export function ofPush(push: EventPush): RoomEvent {
  return { ...push, ...contentOf(push.type, push.body) };
}
