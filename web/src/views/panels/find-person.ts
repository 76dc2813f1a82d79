/// Finding somebody by their username.

import { names } from "../../state/names.svelte.js";
import { session } from "../../state/session.svelte.js";

/** Whoever has a username; rejects with `not_found` for nobody. Who is in a room of one's own may be known already. */
export async function findPerson(username: string): Promise<{ readonly id: string; readonly name: string }> {
  const known = names.idOf(username);
  if (known !== undefined) return { id: known, name: names.of(known) ?? username };
  const { id, display_name: name } = await session.api.people.get(username);
  names.heard({ id, name });
  return { id, name };
}
