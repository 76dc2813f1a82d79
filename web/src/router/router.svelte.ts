/// Where the page is, in the browser's history. Links are ordinary `<a href="/…">`: a plain click is taken here, every other
/// (a new tab, a download, another host) is the browser's.

import { parseRoute, type Route } from "./routes.js";

class Router {
  #route = $state.raw<Route>(parseRoute(location.pathname, location.search));

  /** Where one is. */
  get route(): Route {
    return this.#route;
  }

  /** Goes to a path; `replace` leaves no step to come back to. */
  go(path: string, options: { readonly replace?: boolean } = {}): void {
    if (options.replace === true) history.replaceState(null, "", path);
    else history.pushState(null, "", path);
    this.#read();
  }

  /** Listens to the browser until the answer is called. */
  start(): () => void {
    const listening = new AbortController();
    const { signal } = listening;
    addEventListener("popstate", () => this.#read(), { signal });
    document.addEventListener("click", (event) => this.#take(event), { signal });
    return () => listening.abort();
  }

  #read(): void {
    this.#route = parseRoute(location.pathname, location.search);
  }

  #take(event: MouseEvent): void {
    if (event.defaultPrevented || event.button !== 0) return;
    if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    const link = event.target instanceof Element ? event.target.closest("a") : null;
    if (!(link instanceof HTMLAnchorElement) || link.target !== "" || link.hasAttribute("download")) return;
    const url = new URL(link.href, location.href);
    if (url.origin !== location.origin || parseRoute(url.pathname, url.search).name === "nowhere") return;
    event.preventDefault();
    this.go(url.pathname + url.search);
  }
}

export const router = new Router();
