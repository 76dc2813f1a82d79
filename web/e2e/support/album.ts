/// Pictures that are kept where ROOMLOG_TEST_IMAGES names a folder (`docs/images`); without it one look is gone through, and the
/// checkout stays as it was. They are WebP, made by the browser itself: a fifth of the same picture as PNG, every browser shows
/// it, and nothing has to be installed to make it.

import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { pathNamed } from "./command.js";
import type { Look } from "./looks.js";

const FOLDER = pathNamed("ROOMLOG_TEST_IMAGES");
/** The looks that are gone through: every one where pictures are kept, else the one that has least room. */
export const PICTURED: readonly Look[] = FOLDER === null ? ["phone"] : ["light", "dark", "phone"];
/** Of 100. Letters keep their edges. */
const QUALITY = 88;

export class Album {
  #bytes = 0;

  /** What all pictures so far weigh together. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Takes a picture of what the window shows, without the blinking caret. */
  async keep(page: Page, name: string): Promise<void> {
    // The page's policy lets nobody put a stylesheet into its markup; a constructed one is none of it.
    await page.evaluate(() => {
      const sheet = new CSSStyleSheet();
      sheet.replaceSync("* { caret-color: transparent !important; }");
      document.adoptedStyleSheets = [sheet];
      return document.fonts.ready.then(() => new Promise((drawn) => requestAnimationFrame(drawn)));
    });
    const session = await page.context().newCDPSession(page);
    const { data } = await session.send("Page.captureScreenshot", { format: "webp", quality: QUALITY });
    await session.detach();
    const picture = Buffer.from(data, "base64");
    this.#bytes += picture.length;
    if (FOLDER === null) return;
    await mkdir(FOLDER, { recursive: true });
    await writeFile(join(FOLDER, `${name}.webp`), picture);
  }
}
