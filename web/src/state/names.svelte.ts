/// What people are called, by their ids: as heard from messages, member lists and direct rooms. Bounded: what was heard first
/// is forgotten first.

import type { Member, MyRoom } from "@roomlog/client";
import { SvelteMap } from "svelte/reactivity";
import { session } from "./session.svelte.js";

/** Names kept. */
const MOST = 5_000;
/** Direct rooms whose other one is asked for at once. */
const ASKED = 50;

class Names {
  readonly #names = new SvelteMap<string, string>();
  readonly #usernames = new SvelteMap<string, string>();

  /** Forgets everybody. */
  clear(): void {
    this.#names.clear();
    this.#usernames.clear();
  }

  /** Undefined for who was not heard of. */
  of(id: string): string | undefined {
    return this.#names.get(id);
  }

  /** What somebody is named by, as far as a member list told. */
  usernameOf(id: string): string | undefined {
    return this.#usernames.get(id);
  }

  /** Who has a username, among those whom a member list told. */
  idOf(username: string): string | undefined {
    for (const [id, other] of this.#usernames) if (other === username) return id;
    return undefined;
  }

  /** Takes in a member list. */
  listed(members: readonly Member[]): void {
    for (const { id, username, display_name } of members) {
      if (display_name !== undefined) this.heard({ id, name: display_name });
      if (username === undefined) continue;
      this.#usernames.set(id, username);
      dropOldest(this.#usernames);
    }
  }

  heard(person: { readonly id: string; readonly name: string }): void {
    if (this.#names.get(person.id) === person.name) return;
    this.#names.set(person.id, person.name);
    dropOldest(this.#names);
  }

  /** Learns what the other ones of direct rooms are called: from what they said last, else from the room's members. */
  async learnPeers(mine: readonly MyRoom[], me: string): Promise<void> {
    const unknown: string[] = [];
    for (const { id, peer, last } of mine) {
      if (peer === undefined) continue;
      if (last && last.from.id !== me) this.heard(last.from);
      else if (!this.#names.has(peer)) unknown.push(id);
    }
    await Promise.all(unknown.slice(0, ASKED).map((room) => this.learnMembers(room)));
  }

  /** Learns the first members of a room; none where that fails, for a name may come otherwise. */
  async learnMembers(room: string): Promise<readonly Member[]> {
    try {
      const { members } = await session.api.rooms.members(room);
      this.listed(members);
      return members;
    } catch {
      return [];
    }
  }
}

function dropOldest(map: Map<string, string>): void {
  if (map.size <= MOST) return;
  for (const oldest of map.keys()) {
    map.delete(oldest);
    break;
  }
}

export const names = new Names();
