/// What moderators do, as commands to the server, and what is said afterwards.

import { explain } from "../../lib/errors.js";
import { roomPath } from "../../router/routes.js";
import { router } from "../../router/router.svelte.js";
import { rooms } from "../../state/rooms.svelte.js";
import { session } from "../../state/session.svelte.js";
import { toasts } from "../../state/toasts.svelte.js";

/** What is about to be done to whom, and asked about first. */
export interface Moderation {
  readonly kind: "kick" | "ban" | "mute" | "hand_over";
  readonly user: string;
  readonly name: string;
}

/** For how long one is banned or muted; null for ever. Milliseconds. */
export const SPANS: readonly { readonly label: string; readonly spanMs: number | null }[] = [
  { label: "10 minutes", spanMs: 600_000 },
  { label: "1 hour", spanMs: 3_600_000 },
  { label: "1 day", spanMs: 86_400_000 },
  { label: "1 week", spanMs: 604_800_000 },
  { label: "For ever", spanMs: null },
];

/** Does it; false where that was refused, which is said. */
export async function moderate(
  room: string,
  { kind, user, name }: Moderation,
  spanMs: number | null,
): Promise<boolean> {
  // By the server's clock, for it judges when it is over.
  const until = spanMs === null ? {} : { until: Math.floor(session.client.now() + spanMs) };
  const { moderation } = session.api;
  switch (kind) {
    case "kick":
      return said(() => moderation.kick(room, user), `${name} was kicked.`);
    case "ban":
      return said(() => moderation.ban(room, user, until), `${name} was banned.`);
    case "mute":
      return said(() => moderation.mute(room, user, until), `${name} was muted.`);
    case "hand_over":
      return said(() => moderation.role(room, user, "owner"), `${name} owns the room now.`);
  }
}

export async function setRole(room: string, user: string, role: "moderator" | "member"): Promise<void> {
  await said(() => session.api.moderation.role(room, user, role), `The role is ${role} now.`);
}

/** Opens the direct room with somebody. */
export async function openDirect(username: string): Promise<boolean> {
  try {
    const room = await session.api.rooms.direct(username);
    void rooms.expect(room.id);
    router.go(roomPath(room.id));
    return true;
  } catch (error) {
    toasts.error(explain(error));
    return false;
  }
}

async function said(run: () => Promise<unknown>, done: string): Promise<boolean> {
  try {
    await run();
    toasts.notice(done);
    return true;
  } catch (error) {
    toasts.error(explain(error));
    return false;
  }
}
