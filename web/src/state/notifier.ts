/// Desktop notifications: shown where one asked for them here, the browser allows them, and the page is not looked at.

import type { RoomEvent } from "@roomlog/client";
import { noticeOf } from "../lib/notify.js";
import type { Entry } from "../lib/unread.js";
import { roomPath } from "../router/routes.js";
import { router } from "../router/router.svelte.js";
import { preferences } from "./preferences.svelte.js";
import { shown } from "./shown.svelte.js";

class Notifier {
  /** Whether this browser has them at all. */
  get possible(): boolean {
    return "Notification" in globalThis;
  }

  /** Whether the browser was told never to show them. */
  get refused(): boolean {
    return this.possible && Notification.permission === "denied";
  }

  /** Asks the browser, which asks the person: by a click alone. False where they are refused. */
  async ask(): Promise<boolean> {
    return this.possible && (await Notification.requestPermission()) === "granted";
  }

  /** An event of one of one's rooms. */
  heard(event: RoomEvent, entry: Entry, me: string): void {
    if (!preferences.notify || !this.possible || Notification.permission !== "granted") return;
    const looking = document.hasFocus() && !document.hidden;
    const notice = noticeOf(event, entry, me, looking && shown.model?.id === event.room);
    if (notice === null) return;
    const { title, body, tag, seq } = notice;
    const notification = new Notification(title, { body, tag });
    notification.addEventListener("click", () => {
      window.focus();
      router.go(roomPath(event.room, seq));
      notification.close();
    });
  }
}

export const notifier = new Notifier();
