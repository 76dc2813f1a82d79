/// The room that is on the screen, for what stands over all views: keys, the window's title, notifications.

import type { RoomActions } from "./actions.svelte.js";
import type { RoomModel } from "./room.svelte.js";

class Shown {
  #model = $state.raw<RoomModel | null>(null);
  #actions = $state.raw<RoomActions | null>(null);

  get model(): RoomModel | null {
    return this.#model;
  }

  get actions(): RoomActions | null {
    return this.#actions;
  }

  enter(model: RoomModel, actions: RoomActions): void {
    this.#model = model;
    this.#actions = actions;
  }

  leave(model: RoomModel): void {
    // The next room may have come before this one went.
    if (this.#model !== model) return;
    this.#model = null;
    this.#actions = null;
  }
}

export const shown = new Shown();
