// Made from the documents of the server by `npm run generate`: what is changed here by hand is lost.

import type * as schema from './schema.js';

/** What may be asked over the socket, and what the answer carries. */
export interface Commands {
  auth: { body: schema.AuthCommand; ok: schema.AuthAnswer };
  cancel: { body: schema.CancelCommand; ok: schema.CancelAnswer };
  delete: { body: schema.DeleteCommand; ok: schema.Receipt };
  edit: { body: schema.EditCommand; ok: schema.Receipt };
  join: { body: schema.JoinCommand; ok: schema.Receipt };
  leave: { body: schema.LeaveCommand; ok: schema.Receipt };
  more: { body: schema.MoreCommand; ok: schema.MoreAnswer };
  ping: { body: schema.PingCommand; ok: schema.PingAnswer };
  presence: { body: schema.PresenceCommand; ok: schema.Presence };
  react: { body: schema.ReactCommand; ok: schema.Receipt };
  read: { body: schema.ReadCommand; ok: schema.ReadTo };
  recent: { body: schema.RecentCommand; ok: schema.RecentAnswer };
  replay: { body: schema.ReplayCommand; ok: schema.ReplayAnswer };
  send: { body: schema.SendCommand; ok: schema.Receipt };
  subscribe: { body: schema.SubscribeCommand; ok: schema.Subscription };
  typing: { body: schema.TypingCommand; ok: schema.TypingAnswer };
  unreact: { body: schema.UnreactCommand; ok: schema.Receipt };
  unsubscribe: { body: schema.UnsubscribeCommand; ok: schema.UnsubscribeAnswer };
}

/** What the server says by itself. */
export interface Pushes {
  bye: schema.ByePush;
  caught_up: schema.CaughtUpPush;
  event: schema.EventPush;
  gone: schema.GonePush;
  hello: schema.HelloPush;
  lagged: schema.LaggedPush;
  ping: schema.PingPush;
  presence: schema.PresencePush;
  read: schema.ReadPush;
  replay: schema.ReplayPush;
  typing: schema.TypingPush;
}

/** What may be asked over HTTP. */
export type Operation =
  | 'DELETE /v1/admin/rooms/{room}'
  | 'DELETE /v1/me'
  | 'DELETE /v1/me/sessions'
  | 'DELETE /v1/me/sessions/{session}'
  | 'DELETE /v1/rooms/{room}'
  | 'DELETE /v1/rooms/{room}/messages/{seq}'
  | 'GET /livez'
  | 'GET /metrics'
  | 'GET /readyz'
  | 'GET /v1/about'
  | 'GET /v1/admin/audit'
  | 'GET /v1/admin/log'
  | 'GET /v1/admin/log/dead-letters'
  | 'GET /v1/admin/log/tail'
  | 'GET /v1/admin/rooms'
  | 'GET /v1/admin/rooms/{room}'
  | 'GET /v1/admin/rooms/{room}/bans'
  | 'GET /v1/admin/rooms/{room}/members'
  | 'GET /v1/admin/rooms/{room}/mutes'
  | 'GET /v1/admin/users'
  | 'GET /v1/invitations'
  | 'GET /v1/me'
  | 'GET /v1/me/sessions'
  | 'GET /v1/people/{username}'
  | 'GET /v1/rooms'
  | 'GET /v1/rooms/discover'
  | 'GET /v1/rooms/{room}'
  | 'GET /v1/rooms/{room}/at'
  | 'GET /v1/rooms/{room}/bans'
  | 'GET /v1/rooms/{room}/events'
  | 'GET /v1/rooms/{room}/invitations'
  | 'GET /v1/rooms/{room}/members'
  | 'GET /v1/rooms/{room}/messages'
  | 'GET /v1/rooms/{room}/messages/{seq}'
  | 'GET /v1/rooms/{room}/messages/{seq}/thread'
  | 'GET /v1/rooms/{room}/mutes'
  | 'GET /v1/rooms/{room}/presence'
  | 'GET /v1/rooms/{room}/reads'
  | 'GET /v1/rooms/{room}/recent'
  | 'GET /v1/search'
  | 'PATCH /v1/me'
  | 'PATCH /v1/rooms/{room}'
  | 'PATCH /v1/rooms/{room}/messages/{seq}'
  | 'POST /v1/admin/users/{user}/disable'
  | 'POST /v1/admin/users/{user}/enable'
  | 'POST /v1/auth/guest'
  | 'POST /v1/auth/login'
  | 'POST /v1/auth/logout'
  | 'POST /v1/auth/refresh'
  | 'POST /v1/auth/register'
  | 'POST /v1/direct/{username}'
  | 'POST /v1/me/password'
  | 'POST /v1/rooms'
  | 'POST /v1/rooms/{room}/ban'
  | 'POST /v1/rooms/{room}/invite'
  | 'POST /v1/rooms/{room}/join'
  | 'POST /v1/rooms/{room}/kick'
  | 'POST /v1/rooms/{room}/leave'
  | 'POST /v1/rooms/{room}/messages'
  | 'POST /v1/rooms/{room}/messages/{seq}/react'
  | 'POST /v1/rooms/{room}/messages/{seq}/unreact'
  | 'POST /v1/rooms/{room}/mute'
  | 'POST /v1/rooms/{room}/read'
  | 'POST /v1/rooms/{room}/role'
  | 'POST /v1/rooms/{room}/unban'
  | 'POST /v1/rooms/{room}/unmute';

/** The WebSocket subprotocol. */
export const SUBPROTOCOL = 'roomlog.v1.json';

/** The stable code of each error. */
export const ERROR_CODES = {
  bad_request: 100,
  unknown_command: 101,
  too_large: 102,
  unsupported_media_type: 103,
  unauthenticated: 110,
  forbidden: 111,
  not_found: 200,
  not_a_member: 201,
  banned: 202,
  muted: 203,
  room_deleted: 210,
  conflict: 211,
  expired: 212,
  rate_limited: 300,
  overloaded: 301,
  unavailable: 302,
  timeout: 303,
  behind: 304,
  out_of_range: 305,
  unsupported_rules: 306,
} as const;

/** The codes with which the server closes a session. */
export const CLOSE_CODES = [4001,4002,4003,4004,4005,4101,4102,4103,4201,4202,4204] as const;

/** The types of events, in the order of the server's documents. */
export const EVENT_TYPES = [
  'room_created',
  'room_updated',
  'room_deleted',
  'member_joined',
  'member_left',
  'member_invited',
  'member_removed',
  'member_unbanned',
  'member_muted',
  'member_unmuted',
  'role_changed',
  'message_sent',
  'message_edited',
  'message_deleted',
  'reaction_added',
  'reaction_removed',
] as const;

/** The shape of each command's answer. */
export const ANSWER_SHAPES = {
  auth: "AuthAnswer",
  cancel: "CancelAnswer",
  delete: "Receipt",
  edit: "Receipt",
  join: "Receipt",
  leave: "Receipt",
  more: "MoreAnswer",
  ping: "PingAnswer",
  presence: "Presence",
  react: "Receipt",
  read: "ReadTo",
  recent: "RecentAnswer",
  replay: "ReplayAnswer",
  send: "Receipt",
  subscribe: "Subscription",
  typing: "TypingAnswer",
  unreact: "Receipt",
  unsubscribe: "UnsubscribeAnswer",
} as const;

/** The shape of each push. */
export const PUSH_SHAPES = {
  bye: "ByePush",
  caught_up: "CaughtUpPush",
  event: "EventPush",
  gone: "GonePush",
  hello: "HelloPush",
  lagged: "LaggedPush",
  ping: "PingPush",
  presence: "PresencePush",
  read: "ReadPush",
  replay: "ReplayPush",
  typing: "TypingPush",
} as const;

/** The shape of each object that the server sends; `check.ts` reads them. */
export const SHAPES = {
  About: {"commit":"s","epoch":"s","guests":"b","jaeger_url":"s?","name":"s","password":"@PasswordBounds","registration":"b","version":"s"},
  Account: {"admin":"b","disabled":"b","display_name":"s","id":"s","username?":"s"},
  Accounts: {"next?":"s","users":"@Account[]"},
  Act: {"action":"s","actor_id":"s","actor_username":"s?","at":"n","detail":"o","id":"s","target_id?":"s","target_username":"s?"},
  AnyRoom: {"created_at":"n","deleted":"b","head":"n","id":"s","kind":"s","messages":"n","name":"s","owner":"s?","topic":"s"},
  AnyRooms: {"after":"s?","rooms":"@AnyRoom[]"},
  Audit: {"acts":"@Act[]","next?":"s"},
  AuthAnswer: {},
  Author: {"id":"s","name":"s"},
  Bans: {"after":"s?","bans":"@Barred[]"},
  Barred: {"display_name?":"s","id":"s","username?":"s","until":"n?"},
  ByePush: {"code":"n","reason":"s","resume":"b","retry_after_ms?":"n"},
  CancelAnswer: {},
  CaughtUpPush: {"room":"s","seq":"n"},
  DeadLetter: {"at":"n","key_bytes":"n","offset":"n","origin":"@LetterOrigin?","partition":"n","reason":"s?","room":"s?","value_bytes":"n"},
  DeadLetters: {"letters":"@DeadLetter[]"},
  EventPush: {"at":"n","body":"o","cid":"s","event_id":"s","from":"@From","pos":"@Pos","room":"s","seq":"n","type":"s"},
  Folded: {"events":"n","from_seq":"n","source":"s"},
  FoundRoom: {"id":"s","kind":"s","members?":"n","messages":"n","name":"s","topic":"s"},
  FoundRooms: {"after":"s?","rooms":"@FoundRoom[]"},
  From: {"id":"s","name":"s"},
  GonePush: {"reason":"s","room":"s"},
  Head: {"digest":"s","pos?":"@Pos","seq":"n"},
  HelloPush: {"epoch":"s","heartbeat_ms":"n","limits":{"commands":"n","message_bytes":"n","rooms":"n","text":"n"},"session":"s","user":"@From"},
  Hit: {"highlights":"n[][]","message":"@Message","room":"@RoomOfHit"},
  Hits: {"before":"s?","hits":"@Hit[]"},
  Invitation: {"id":"s","invited_by":"s","kind":"s","name":"s","topic":"s"},
  Invitations: {"after":"s?","invitations":"@Invitation[]"},
  Invited: {"by":"s","id":"s"},
  Invitee: {"display_name?":"s","id":"s","username?":"s","invited_by":"s"},
  Invitees: {"after":"s?","invitations":"@Invitee[]"},
  Kept: {"id":"s","until":"n?"},
  LaggedPush: {"room":"s","seq":"n"},
  LetterOrigin: {"offset":"n","partition":"n","topic":"s"},
  Listed: {"display_name?":"s","id":"s","username?":"s"},
  LogOverview: {"epoch":"s","history":"@ProjectionState","live":"@ProjectionState","partitions":"@LogPartition[]","per_second":"n","records":"n","topic":"s"},
  LogPartition: {"end":"n","history":"@ProjectionStand?","live":"@ProjectionStand?","partition":"n","per_second":"n","start":"n"},
  LogRecord: {"at":"n","body":"o","cid?":"s?","event_id?":"s?","from?":"@Author?","offset":"n","partition":"n","readable":"b","room?":"s?","topic":"s","type":"s","withheld?":"s?"},
  Me: {"display_name":"s","id":"s","username?":"s","admin":"b"},
  Member: {"display_name?":"s","id":"s","username?":"s","joined_at":"n","role":"s"},
  Members: {"after":"s?","members":"@Member[]"},
  Message: {"at":"n","deleted?":"b","edited_at?":"n","from":"@From","id":"s","mentions?":"s[]","reactions":"@Reactions[]","reply_to?":"n","seq":"n","text":"s"},
  MessageOfThen: {"at":"n","deleted?":"b","edited_at?":"n","from":"@From","id":"s","mentions?":"s[]","reactions":"@Reactions[]","reply_to?":"n","seq":"n","text":"s","deleted_since?":"b","text_withheld?":"b"},
  MessagePage: {"after":"n?","anchor?":"n?","before":"n?","messages":"@Message[]"},
  Messages: {"messages":"@Message[]"},
  MoreAnswer: {},
  Mutes: {"after":"s?","mutes":"@Barred[]"},
  MyRoom: {"head":"n","id":"s","kind":"s","last?":"@Message?","mentions":"n","name":"s","peer?":"s","read_seq":"n","role":"s","topic":"s","unread":"n"},
  MyRooms: {"after":"s?","rooms":"@MyRoom[]"},
  Original: {"offset":"n","seq":"n"},
  PasswordBounds: {"least":"n","most":"n"},
  Past: {"at":"n","bans":"@Kept[]","bans_count":"n","created_at":"n","digest":"s","folded":"@Folded","id":"s","invitations":"@Invited[]","invitations_count":"n","kind":"s","members":"@PastMember[]","members_after":"s?","members_count":"n","mutes":"@Kept[]","mutes_count":"n","name":"s","owner":"s?","position":"@Pos","recent":"@MessageOfThen[]","rules":"n","seq":"n","topic":"s"},
  PastMember: {"id":"s","joined_at":"n","role":"s"},
  PingAnswer: {"time":"n"},
  PingPush: {},
  Pos: {"epoch":"s","offset":"n","partition":"n"},
  Presence: {"count":"n","users":"s[]"},
  PresencePush: {"count":"n","joined?":"s[]","left?":"s[]","room":"s"},
  Problem: {"code":"n","detail":"s","field?":"s","name":"s","outcome":"s","retry_after_ms?":"n","retryable":"b","status":"n","title":"s","trace_id":"s","type":"s"},
  ProjectionStand: {"behind":"n","behind_ms":"n?","next":"n?"},
  ProjectionState: {"available":"b","behind":"n","behind_ms":"n?"},
  Reactions: {"count":"n","emoji":"s","mine?":"b"},
  ReadPush: {"room":"s","seq":"n"},
  ReadTo: {"read_seq":"n"},
  Reader: {"display_name?":"s","id":"s","username?":"s","seq":"n"},
  Readers: {"after":"s?","reads":"@Reader[]"},
  Ready: {"dependencies":"o","draining":"b","ready":"b"},
  Receipt: {"at":"n?","cid":"s","digest":"s?","duplicate":"b","pos":"@Pos","seq":"n","trace_id":"s","trace_url?":"s?"},
  RecentAnswer: {"recent":"@Message[]"},
  Refusal: {"code":"n","field?":"s","message":"s","name":"s","outcome":"s","retry_after_ms?":"n","retryable":"b","trace_id":"s"},
  ReplayAnswer: {"epoch":"s","from":"n","partition":"n","replay":"n","to":"n"},
  ReplayPush: {"done?":{"to":"n"},"error?":{"code":"n","field?":"s","message":"s","name":"s","outcome":"s","retry_after_ms?":"n","retryable":"b","trace_id":"s"},"event?":"@ReplayedEvent","replay":"n"},
  ReplayedEvent: {"at":"n","body?":"o?","cid?":"s?","datum?":"s?","digest?":"s?","event_id?":"s?","from?":"@Author?","original?":"@Original?","pos":"@Pos","reason?":"s?","room":"s","seq?":"n?","trace_id?":"s?","type?":"s?","verdict":"s","withheld?":"s?"},
  Room: {"created_at":"n","deleted?":"b","head":"@Head","id":"s","kind":"s","members?":"n","name":"s","owner":"s?","role":"s?","rules":"n","topic":"s"},
  RoomOfHit: {"id":"s","kind":"s","name":"s"},
  Session: {"address?":"s","created_at":"n","current":"b","expires_at":"n","id":"s","used_at":"n","user_agent?":"s"},
  Sessions: {"sessions":"@Session[]"},
  SignedIn: {"access_token":"s","expires_at":"n","refresh_token?":"s","user":"@User"},
  Subscription: {"digest":"s","epoch":"s","presence":"@Presence","read_seq":"n","reason?":"s","recent":"@Message[]","recovered":"b?","role":"s?","room":"@Room","seq":"n"},
  Thread: {"after":"n?","count":"n","message":"@Message","replies":"@Message[]"},
  TypingAnswer: {},
  TypingPush: {"room":"s","users":"s[]"},
  UnsubscribeAnswer: {},
  User: {"display_name":"s","id":"s","username?":"s"},
} as const;
