/// Finding somebody by their username.

import { names } from "../../state/names.svelte.js";
import { session } from "../../state/session.svelte.js";

/**
 * Whoever has a username; rejects with `not_found` for nobody. Who is in no room of one's own is found by the direct room with
 * them, which is begun if there is none: the server tells an id by a name in no other way.
 */
export async function findPerson(username: string): Promise<{ readonly id: string; readonly name: string }> {
  const known = names.idOf(username);
  if (known !== undefined) return { id: known, name: names.of(known) ?? username };
  const room = await session.api.rooms.direct(username);
  const { members } = await session.api.rooms.members(room.id);
  names.listed(members);
  const person = members.find((member) => member.username === username);
  if (person === undefined) throw new Error("the direct room lacks the person it was begun with");
  return { id: person.id, name: person.display_name ?? username };
}
