/// What somebody may do in a room: docs/permissions.md, so that nothing is offered that would be refused. The server judges
/// all the same. Pure.

import type { Kind, Role } from "@roomlog/client";

const RANK: Record<Role, number> = { member: 1, moderator: 2, owner: 3 };
const NOBODY = 0;

/** Who asks: their role, null for who is no member. In an open room everybody counts as a member. */
export interface Standing {
  readonly kind: Kind;
  readonly role: Role | null;
}

function rank({ kind, role }: Standing): number {
  if (role === null) return kind === "open" ? RANK.member : NOBODY;
  return RANK[role];
}

/** Says, reacts, edits what is one's own. */
export function maySpeak(who: Standing): boolean {
  return rank(who) >= RANK.member;
}

/** Takes back what another said. */
export function mayDeleteOthers(who: Standing): boolean {
  return who.kind !== "direct" && rank(who) >= RANK.moderator;
}

export function mayChangeRoom(who: Standing): boolean {
  return who.kind !== "direct" && rank(who) >= RANK.owner;
}

export function mayInvite(who: Standing): boolean {
  return (who.kind === "public" || who.kind === "private") && rank(who) >= RANK.member;
}

/** Bans and mutes, and sees who is. */
export function mayModerate(who: Standing): boolean {
  return who.kind !== "direct" && rank(who) >= RANK.moderator;
}

/** Whether one may leave: nobody leaves a direct room, an owner hands over first. */
export function mayLeave(who: Standing): boolean {
  return who.kind !== "direct" && who.role !== null && who.role !== "owner";
}

export type ModerationAct = "kick" | "ban" | "mute" | "make_moderator" | "make_member" | "hand_over";

/** What may be done to somebody of a role (null: not in the room): only to who is lower. */
export function actsTowards(who: Standing, target: Role | null): readonly ModerationAct[] {
  if (!mayModerate(who) || rank(who) <= rank({ kind: "private", role: target })) return [];
  const acts: ModerationAct[] = [];
  if (who.role === "owner" && target !== null) {
    acts.push(target === "moderator" ? "make_member" : "make_moderator", "hand_over");
  }
  acts.push("mute");
  if (who.kind !== "open" && target !== null) acts.push("kick");
  acts.push("ban");
  return acts;
}
