/// Desktop notifications as a browser without a desktop has them: it makes and shows them, and here they are kept to be
/// looked at. And looking away: a page is in front of its person unless its tab is behind another.

import type { Page } from "playwright-core";
import type { Visitor } from "./people.js";

declare global {
  /** Those that the page has made, oldest first. */
  var notices: (Notification & { wasShown?: boolean })[] | undefined;
}

export interface Notice {
  readonly title: string;
  readonly body: string;
  readonly tag: string;
  /** Whether the browser said that it shows it. */
  readonly shown: boolean;
}

/** Keeps what a page makes from its next load on. The notifications themselves are the browser's own. */
export async function heedNotices(page: Page): Promise<void> {
  await page.addInitScript(() => {
    globalThis.notices = [];
    globalThis.Notification = class extends Notification {
      wasShown = false;

      constructor(title: string, options?: NotificationOptions) {
        super(title, options);
        this.addEventListener("show", () => (this.wasShown = true));
        globalThis.notices?.push(this);
      }
    };
  });
}

export function noticesOf(page: Page): Promise<readonly Notice[]> {
  return page.evaluate(() =>
    (globalThis.notices ?? []).map(({ title, body, tag, wasShown }) => ({
      title,
      body,
      tag,
      shown: wasShown === true,
    })),
  );
}

/** Somebody looks at another tab. By itself a driven browser lets every page believe that it has the focus. */
export async function lookElsewhere({ context, page }: Visitor): Promise<void> {
  const session = await context.newCDPSession(page);
  await session.send("Emulation.setFocusEmulationEnabled", { enabled: false });
  const other = await context.newPage();
  await other.bringToFront();
  await page.waitForFunction(() => !document.hasFocus());
}

export async function lookBack({ page }: Visitor): Promise<void> {
  await page.bringToFront();
  await page.waitForFunction(() => document.hasFocus());
}
