/// What goes wrong in a browser while a proof runs: errors said in the console (a refusal by the content security policy among
/// them), errors that nobody caught, dialogs, requests to anybody but the page's own server. Each fails the proof, unless
/// the proof has said before that it belongs to what it does.

import type { BrowserContext } from "playwright-core";

export class Watch {
  readonly #found: string[] = [];
  readonly #expected: RegExp[] = [];

  constructor(context: BrowserContext, url: string) {
    const { host } = new URL(url);
    context.on("console", (message) => {
      if (message.type() === "error") this.#note(`said: ${message.text()} (${message.location().url})`);
    });
    context.on("weberror", (error) => this.#note(`threw: ${error.error().stack ?? error.error().message}`));
    context.on("dialog", (dialog) => {
      this.#note(`asked by a dialog: ${dialog.message()}`);
      void dialog.dismiss();
    });
    context.on("request", (request) => {
      const asked = new URL(request.url());
      if (asked.protocol.startsWith("http") && asked.host !== host) this.#note(`asked elsewhere: ${request.url()}`);
    });
  }

  /** From now on this is no fault. */
  expect(...patterns: readonly RegExp[]): void {
    this.#expected.push(...patterns);
  }

  /** What was found and not expected. */
  get faults(): readonly string[] {
    return this.#found;
  }

  #note(what: string): void {
    if (!this.#expected.some((pattern) => pattern.test(what))) this.#found.push(what);
  }
}

/** What a browser says where a request finds no server; nobody can keep it from doing so. */
export const NO_SERVER = /said: (?:Failed to load resource: net::ERR_|WebSocket connection to )/;
/** A question who one is, answered: nobody. */
export const SIGNED_OUT = /said: Failed to load resource: .*401 .*\/v1\/(?:me|auth\/refresh)\)/;
/** A room that one may not see, asked for all the same. */
export const NOT_FOR_ONE = /said: Failed to load resource: .*40[34] .*\/v1\/rooms\//;
