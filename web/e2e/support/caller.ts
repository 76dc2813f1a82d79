/// A person's way to the server beside the browser, to make in a moment what a proof needs and isn't about.

import { randomUUID } from "node:crypto";
import { vi } from "vitest";
import { PASSWORD, PATIENCE_MS } from "./people.js";
import { PLACES } from "./places.js";

/** How often an edge is asked whether it has heard of something, milliseconds. */
const ASK_AGAIN_MS = 20;

/** What the server knows of an account. */
export interface Account {
  readonly id: string;
  readonly username: string;
  readonly name: string;
  readonly caller: Caller;
}

/** An event of a room as the log has it; `at` in milliseconds since 1970. */
export interface Recorded {
  readonly id: string;
  readonly at: number;
  readonly digest: string;
  readonly trace: string;
  readonly partition: number;
  readonly offset: number;
  readonly epoch: string;
}

export type RoomKind = "open" | "public" | "private";

export class Caller {
  private constructor(
    private readonly url: string,
    private readonly token: string,
  ) {}

  /** Makes an account; `name` is what others see. Without a username it gets one that nobody has. */
  static async register(url: string, name: string, username = unusedOf(name)): Promise<Account> {
    const body = { username, password: PASSWORD, display_name: name };
    return accountOf(url, username, await ask(url, null, "POST", "/v1/auth/register", body));
  }

  static async login(url: string, username: string): Promise<Account> {
    return accountOf(url, username, await ask(url, null, "POST", "/v1/auth/login", { username, password: PASSWORD }));
  }

  static of(url: string, token: string): Caller {
    return new Caller(url, token);
  }

  /** Asks; throws where that is refused. */
  ask(method: string, path: string, body?: unknown): Promise<unknown> {
    return ask(this.url, this.token, method, path, body);
  }

  /** A new room's id. */
  async room(name: string, kind: RoomKind, topic?: string): Promise<string> {
    const made = await this.ask("POST", "/v1/rooms", { name, kind, ...(topic === undefined ? {} : { topic }) });
    const id = text(made, "id");
    await this.#known(id, 1);
    return id;
  }

  async join(room: string): Promise<void> {
    await this.#write("POST", room, "join", {});
  }

  /** The id of the direct room with somebody, who is named by their username. */
  async direct(username: string): Promise<string> {
    return text(await this.ask("POST", `/v1/direct/${username}`), "id");
  }

  /** Says something; its seq. */
  async say(
    room: string,
    said: string,
    more: { reply_to?: number; mentions?: readonly string[] } = {},
  ): Promise<number> {
    return this.#write("POST", room, "messages", { text: said, ...more });
  }

  /** How a room stands in the list of one's own. */
  async mine(room: string): Promise<{ readonly unread: number; readonly mentions: number }> {
    const rooms = field(await this.ask("GET", "/v1/rooms?limit=200"), "rooms");
    const found: unknown = Array.isArray(rooms) ? rooms.find((one) => text(one, "id") === room) : undefined;
    return { unread: number(found, "unread"), mentions: number(found, "mentions") };
  }

  /** All that was said in a room as it stands, from its beginning; deleted messages are empty. */
  async texts(room: string): Promise<readonly string[]> {
    const said: string[] = [];
    let after: number | null = 0;
    while (after !== null) {
      const page = await this.ask("GET", `/v1/rooms/${room}/messages?after=${after}&limit=200`);
      const messages = field(page, "messages");
      if (!Array.isArray(messages)) throw new Error("messages of an answer are no list");
      said.push(...messages.map((message) => text(message, "text")));
      after = field(page, "after") === null ? null : number(page, "after");
    }
    return said;
  }

  async react(room: string, seq: number, emoji: string): Promise<void> {
    await this.#write("POST", room, `messages/${seq}/react`, { emoji });
  }

  async edit(room: string, seq: number, said: string): Promise<void> {
    await this.#write("PATCH", room, `messages/${seq}`, { text: said });
  }

  async delete(room: string, seq: number): Promise<void> {
    await this.#write("DELETE", room, `messages/${seq}`);
  }

  /** Appends an event to a room; its seq, once every edge knows it: the next request may come to any of them. */
  async #write(method: string, room: string, path: string, body?: unknown): Promise<number> {
    const seq = number(await this.ask(method, `/v1/rooms/${room}/${path}`, body), "seq");
    await this.#known(room, seq);
    return seq;
  }

  async #known(room: string, seq: number): Promise<void> {
    const edges = PLACES.find(({ url }) => url === this.url)?.edges ?? [];
    const patience = { timeout: PATIENCE_MS, interval: ASK_AGAIN_MS };
    for (const edge of edges) await vi.waitUntil(async () => (await headOf(edge, this.token, room)) >= seq, patience);
  }

  /** A room's event as the log has it. */
  async event(room: string, seq: number): Promise<Recorded> {
    const path = `/v1/rooms/${room}/events?from_seq=${seq}&to_seq=${seq}`;
    const lines = (await read(this.url, this.token, "GET", path, undefined)).split("\n");
    const record: unknown = JSON.parse(lines[0] ?? "");
    const pos = field(record, "pos");
    return {
      id: text(record, "event_id"),
      at: number(record, "at"),
      digest: text(record, "digest"),
      trace: text(record, "trace_id"),
      partition: number(pos, "partition"),
      offset: number(pos, "offset"),
      epoch: text(pos, "epoch"),
    };
  }
}

/** A room's last event as an edge knows it; none where the edge does not know the room. */
async function headOf(edge: string, token: string, room: string): Promise<number> {
  const answer = await fetch(`${edge}/v1/rooms/${room}`, { headers: { Authorization: `Bearer ${token}` } });
  return answer.ok ? number(field(await answer.json(), "head"), "seq") : 0;
}

function unusedOf(name: string): string {
  const letters = name.toLowerCase().replaceAll(/[^a-z]/g, "");
  return letters.slice(0, 12) + randomUUID().slice(0, 8);
}

function accountOf(url: string, username: string, answer: unknown): Account {
  const user = field(answer, "user");
  return {
    id: text(user, "id"),
    username,
    name: text(user, "display_name"),
    caller: Caller.of(url, text(answer, "access_token")),
  };
}

async function ask(url: string, token: string | null, method: string, path: string, body: unknown): Promise<unknown> {
  const said = await read(url, token, method, path, body);
  return said === "" ? null : JSON.parse(said);
}

/** The text of an answer. */
async function read(url: string, token: string | null, method: string, path: string, body: unknown): Promise<string> {
  const headers = {
    ...(body === undefined ? {} : { "Content-Type": "application/json" }),
    ...(token === null ? {} : { Authorization: `Bearer ${token}` }),
  };
  const answer = await fetch(url + path, {
    method,
    headers,
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const said = await answer.text();
  if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${said}`);
  return said;
}

/** A field of an answer; throws where it isn't there. */
export function field(answer: unknown, name: string): unknown {
  if (typeof answer !== "object" || answer === null || !(name in answer)) throw new Error(`no ${name} in an answer`);
  return Object.entries(answer).find(([key]) => key === name)?.[1];
}

export function text(answer: unknown, name: string): string {
  const value = field(answer, name);
  if (typeof value !== "string") throw new Error(`${name} of an answer is no text`);
  return value;
}

export function number(answer: unknown, name: string): number {
  const value = field(answer, name);
  if (typeof value !== "number") throw new Error(`${name} of an answer is no number`);
  return value;
}
