/// A room's past as one sees it: the room as it stood, and what plays it.

import type { Locator, Page } from "playwright-core";

/** A message as it stood; `text` is null where none is shown, `note` what is said instead or beside it. */
export interface Stood {
  readonly seq: number;
  readonly text: string | null;
  readonly edited: boolean;
  readonly reactions: readonly string[];
}

export class Past {
  readonly messages: Locator;
  /** Name, topic and people of then. */
  readonly room: Locator;
  /** Where one is, and what remains. */
  readonly time: Locator;
  readonly slider: Locator;

  constructor(readonly page: Page) {
    this.messages = page.getByRole("region", { name: "Messages as they stood" });
    this.room = page.getByRole("group").filter({ hasText: "The room as it stood" });
    this.time = page.getByRole("region", { name: "Time", exact: true });
    this.slider = page.getByRole("slider", { name: "Moment of the room" });
  }

  /** Goes to a room's past after an event of it, to its end if none is named. */
  async open(room: string, seq?: number): Promise<void> {
    await this.page.goto(`/room/${room}/past${seq === undefined ? "" : `?seq=${seq}`}`);
    await this.slider.waitFor();
  }

  /** Goes to a moment by what one types: a time as the field has it (2026-11-27T14:05:09), a seq, an offset. */
  async goTo(by: "Time" | "Seq" | "Offset", text: string): Promise<void> {
    await this.page.getByRole("button", { name: "Go to …" }).click();
    const dialog = this.page.getByRole("dialog", { name: "Go to a moment" });
    await dialog.getByRole("radio", { name: by }).check();
    await dialog.getByLabel(by, { exact: true }).and(dialog.locator(".field")).fill(text);
    await dialog.getByRole("button", { name: "Go", exact: true }).click();
  }

  /** The event that one is at. */
  async seq(): Promise<number> {
    return Number(await this.slider.inputValue());
  }

  async press(
    button: "Play" | "Pause" | "Play from the beginning" | "One event back" | "One event forward",
  ): Promise<void> {
    await this.time.getByRole("button", { name: button, exact: true }).click();
  }

  async speed(times: number): Promise<void> {
    await this.time.getByLabel("Speed").selectOption({ label: `${times}×` });
  }

  /** What is shown of the messages, oldest first. */
  stood(): Promise<readonly Stood[]> {
    return this.messages.locator("ol > li").evaluateAll((rows) =>
      rows.map((row) => ({
        seq: Number(row.querySelector(".seq")?.textContent.replaceAll(/\D/g, "")),
        text: row.querySelector(".text")?.textContent.trim() ?? null,
        edited: [...row.querySelectorAll("p")].some((line) => line.textContent === "edited"),
        reactions: [...row.querySelectorAll("[aria-label=Reactions] li")].map((one) => one.textContent),
      })),
    );
  }
}
