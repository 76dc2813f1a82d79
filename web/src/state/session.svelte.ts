/// Who one is here, and the one connection of this page. Who one is stands in cookies that no script can read; what is kept
/// here is forgotten with the page.

import { type About, Api, Client, type ConnectionState, RoomlogError, type User } from "@roomlog/client";
import { isAccountGone } from "../lib/connection.js";
import { explain } from "../lib/errors.js";
import { drafts } from "./drafts.js";
import { emptyOutbox, TabOutbox } from "./outbox.js";
import { toasts } from "./toasts.svelte.js";

export interface Me {
  readonly id: string;
  /** Guests and people of an outside issuer have none. */
  readonly username: string | null;
  readonly display_name: string;
  /** Null until the server has said it. */
  readonly admin: boolean | null;
}

/** `unreachable`: it can't be told, for the server does not answer. */
export type SessionStatus = "starting" | "signed_out" | "signed_in" | "unreachable";

const OFFLINE: ConnectionState = { kind: "offline" };

class Session {
  readonly api = new Api({ auth: "cookie" });
  #status = $state<SessionStatus>("starting");
  #me = $state.raw<Me | null>(null);
  #about = $state.raw<About | null>(null);
  #client = $state.raw<Client | null>(null);
  #outbox: TabOutbox | null = null;
  #connection = $state.raw<ConnectionState>({ kind: "idle" });
  #connectionAt = $state(0);
  #online = $state(navigator.onLine);

  get status(): SessionStatus {
    return this.#status;
  }

  /** Null while signed out. */
  get me(): Me | null {
    return this.#me;
  }

  /** What this server allows; null as long as it was not heard. */
  get about(): About | null {
    return this.#about;
  }

  /** The one socket. Only views that are shown while signed in may ask for it. */
  get client(): Client {
    if (this.#client === null) throw new Error("the connection was asked for while nobody is signed in");
    return this.#client;
  }

  /** How the connection is. A socket may not have noticed yet that the network is gone; the browser has. */
  get connection(): ConnectionState {
    return this.#online || this.#connection.kind === "ended" ? this.#connection : OFFLINE;
  }

  /** When that was said, milliseconds of `performance.now()`. */
  get connectionAt(): number {
    return this.#connectionAt;
  }

  constructor() {
    // As long as the page lives.
    addEventListener("online", () => (this.#online = true));
    addEventListener("offline", () => (this.#online = false));
    this.api.on("user", (user) => this.#turned(user));
  }

  /** Finds out who one is. */
  async start(): Promise<void> {
    this.#status = "starting";
    void this.#learnAbout();
    try {
      const user = await this.api.auth.refresh();
      if (user === null) this.leave();
      else this.enter(user);
    } catch (error) {
      const nobody = error instanceof RoomlogError && error.kind === "unauthenticated";
      if (nobody) this.leave();
      else this.#status = "unreachable";
    }
  }

  /** Somebody is signed in: connects. */
  enter({ id, username, display_name }: User): void {
    this.#me = { id, username: username ?? null, display_name, admin: null };
    if (this.#client === null) this.#client = this.#connect(id);
    else void this.#learnAdmin();
    this.#status = "signed_in";
  }

  /** Another name for others to see. */
  renamed(displayName: string): void {
    if (this.#me !== null) this.#me = { ...this.#me, display_name: displayName };
  }

  /** Signs out here; false where that fails, which is said. */
  async signOut(): Promise<boolean> {
    try {
      await this.api.auth.logout();
    } catch (error) {
      toasts.error(`You are still signed in. ${explain(error)}`);
      return false;
    }
    this.leave();
    return true;
  }

  /** Forgets everything of whoever was signed in. */
  leave(): void {
    this.#client?.close();
    this.#client = null;
    // Behind the client, which may have something to keep as it closes.
    this.#outbox?.end();
    this.#outbox = null;
    emptyOutbox();
    drafts.clear();
    this.#me = null;
    this.#connection = { kind: "idle" };
    this.#status = "signed_out";
  }

  #connect(user: string): Client {
    this.#outbox = new TabOutbox(user);
    const client = new Client({ api: this.api, outbox: this.#outbox });
    client.on("state", (state) => this.#said(state));
    client.connect();
    this.#said(client.state);
    return client;
  }

  #said(state: ConnectionState): void {
    this.#connection = state;
    this.#connectionAt = performance.now();
    // Not known yet, or it could not be asked before.
    if (state.kind === "live" && this.#me?.admin === null) void this.#learnAdmin();
    if (!isAccountGone(state)) return;
    this.leave();
    toasts.notice("This account can't be used any more: it was disabled or deleted.");
  }

  /** Somebody else is signed in, or nobody any more: here, in another tab, or by the server's word. */
  #turned(user: User | null): void {
    if (this.#me === null || user?.id === this.#me.id) return;
    this.leave();
    if (user === null) toasts.notice("You were signed out.");
    else this.enter(user);
  }

  async #learnAbout(): Promise<void> {
    try {
      this.#about = await this.api.about();
    } catch {
      // The sign-in page then offers what every server may allow, and shows what it answers.
    }
  }

  /** Signing in tells no rights. */
  async #learnAdmin(): Promise<void> {
    try {
      const { id, admin } = await this.api.me.get();
      if (this.#me?.id === id) this.#me = { ...this.#me, admin };
    } catch {
      // It is asked again when the connection has come back.
    }
  }
}

export const session = new Session();
