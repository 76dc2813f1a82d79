/// Finding somebody by their username.

import { ask } from "../../state/ask.js";

/** Whoever has a username; rejects with `not_found` for nobody. */
export async function findPerson(username: string): Promise<{ readonly id: string; readonly name: string }> {
  const answer = await ask(`/v1/people/${encodeURIComponent(username)}`);
  const fields = new Map<string, unknown>(typeof answer === "object" && answer !== null ? Object.entries(answer) : []);
  const id = fields.get("id");
  const name = fields.get("display_name");
  if (typeof id !== "string") throw new Error("the server told of a person without an id");
  return { id, name: typeof name === "string" ? name : username };
}
