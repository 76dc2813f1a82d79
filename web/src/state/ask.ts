/// Questions to the server that the client has no words for yet: reads, as JSON, by cookie. Whoever asks parses the answer.

import { AskError } from "../lib/errors.js";
import { session } from "./session.svelte.js";

/**
 * The answer to a GET.
 *
 * @throws AskError where it is refused, TypeError where no server answers
 */
export async function ask(path: string, query: Readonly<Record<string, string | number>> = {}): Promise<unknown> {
  const search = new URLSearchParams(Object.entries(query).map(([name, value]) => [name, String(value)]));
  const address = search.size === 0 ? path : `${path}?${search.toString()}`;
  let response = await fetch(address);
  // The cookie has run out: the next one comes with a refresh.
  if (response.status === 401 && session.me !== null) {
    await session.api.auth.refresh();
    response = await fetch(address);
  }
  const answer: unknown = await response.json().catch(() => null);
  if (response.ok) return answer;
  const detail = new Map<string, unknown>(Object.entries(answer ?? {})).get("detail");
  throw new AskError(response.status, typeof detail === "string" ? detail : "the server refused that");
}
