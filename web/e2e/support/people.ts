/// People with browsers of their own. They are made over HTTP where signing up is not what is proven, so that a proof begins
/// where it has something to say.

import { type Browser, type BrowserContext, type BrowserContextOptions, chromium, type Page } from "playwright-core";
import { inject } from "vitest";
import { Caller } from "./caller.js";
import type { Place } from "./place.js";
import { SIGNED_OUT, Watch } from "./watch.js";

export const PASSWORD = "correct horse battery";
/** Nothing takes so long when all is well, milliseconds. */
export const PATIENCE_MS = 30_000;

/** Somebody before a browser. */
export interface Visitor {
  readonly context: BrowserContext;
  readonly page: Page;
  readonly watch: Watch;
}

/** Somebody before a browser who is signed in, and what they can ask the server without it. */
export interface Person extends Visitor {
  readonly id: string;
  readonly username: string;
  readonly name: string;
  readonly caller: Caller;
}

/** Everybody of one proof; their browsers are closed with it. */
export class People {
  readonly #visitors: Visitor[] = [];

  private constructor(private readonly browser: Browser) {}

  static async gather(): Promise<People> {
    return new People(await chromium.connect(inject("browser")));
  }

  /** Somebody whom the server doesn't know. */
  async visitor(place: Place, options: BrowserContextOptions = {}): Promise<Visitor> {
    const context = await this.browser.newContext({
      baseURL: place.url,
      locale: "en-GB",
      timezoneId: "UTC",
      ...options,
    });
    context.setDefaultTimeout(PATIENCE_MS);
    const watch = new Watch(context, place.url);
    watch.expect(SIGNED_OUT);
    const visitor = { context, watch, page: await context.newPage() };
    this.#visitors.push(visitor);
    return visitor;
  }

  /** Somebody new, signed in; `name` is what others see. Their username is made of it. */
  async person(place: Place, name: string, options: BrowserContextOptions = {}): Promise<Person> {
    const visitor = await this.visitor(place, options);
    const account = await Caller.register(place.url, name);
    await this.#signIn(visitor, place, account.username);
    return { ...visitor, ...account, name };
  }

  /** Signs somebody in who has an account with a password like everybody's. */
  async signedIn(place: Place, username: string, options: BrowserContextOptions = {}): Promise<Person> {
    const visitor = await this.visitor(place, options);
    const account = await Caller.login(place.url, username);
    await this.#signIn(visitor, place, username);
    return { ...visitor, ...account };
  }

  async #signIn({ context }: Visitor, place: Place, username: string): Promise<void> {
    // The context keeps the cookies that come with the answer.
    const data = { username, password: PASSWORD };
    const answer = await context.request.post(`${place.url}/v1/auth/login`, { data });
    if (!answer.ok()) throw new Error(`signing ${username} in: ${answer.status()} ${await answer.text()}`);
  }

  /** What went wrong in any of their browsers. */
  get faults(): readonly string[] {
    return this.#visitors.flatMap(({ watch }) => watch.faults);
  }

  /** Pictures of what each sees. */
  async pictures(): Promise<readonly Buffer[]> {
    const pages = this.#visitors.flatMap(({ context }) => context.pages());
    return Promise.all(pages.map((page) => page.screenshot()));
  }

  async leave(): Promise<void> {
    for (const { context } of this.#visitors) await context.close();
    await this.browser.close();
  }
}
