/// What one began to write, by room, as long as one is signed in and the page lives. Bounded.

/** Drafts kept. */
const MOST = 100;

class Drafts {
  readonly #texts = new Map<string, string>();

  get(room: string): string {
    return this.#texts.get(room) ?? "";
  }

  /** Forgets them all: whoever signs in next is somebody else. */
  clear(): void {
    this.#texts.clear();
  }

  keep(room: string, text: string): void {
    this.#texts.delete(room);
    if (text.trim() === "") return;
    this.#texts.set(room, text);
    for (const oldest of this.#texts.keys()) {
      if (this.#texts.size <= MOST) break;
      this.#texts.delete(oldest);
    }
  }
}

export const drafts = new Drafts();
