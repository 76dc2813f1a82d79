/// A room as one sees it: its messages, where one writes, what opens beside and over them.

import type { Locator, Page } from "playwright-core";

/** A message as it is shown. */
export interface Shown {
  readonly seq: number;
  readonly text: string;
}

export class Room {
  readonly composer: Locator;
  /** What scrolls. */
  readonly messages: Locator;

  constructor(readonly page: Page) {
    this.composer = page.getByRole("textbox", { name: /^Message / });
    this.messages = page.getByRole("region", { name: "Messages" });
  }

  /** Goes to a room by its address, at a message if one is named, until its messages are there and one can write. */
  async open(room: string, seq?: number): Promise<void> {
    await this.page.goto(seq === undefined ? `/room/${room}` : `/room/${room}/${seq}`);
    await this.messages.waitFor();
    await this.composer.waitFor();
  }

  async say(text: string): Promise<void> {
    await this.composer.fill(text);
    await this.composer.press("Enter");
  }

  /** The message that says something, once the log has taken it. */
  message(text: string | RegExp): Locator {
    return this.messages.locator("article[data-seq]").filter({ hasText: text });
  }

  /** The message that says this and nothing more. */
  saying(text: string): Locator {
    const words = this.page.getByText(text, { exact: true });
    return this.messages.locator("article[data-seq]").filter({ has: words });
  }

  bySeq(seq: number): Locator {
    return this.messages.locator(`article[data-seq="${seq}"]`);
  }

  /** What one said that the log has not confirmed. */
  get pending(): Locator {
    return this.messages.getByRole("article", { name: /(?:being|not) sent$/ });
  }

  /** What is drawn, from top to bottom. */
  shown(): Promise<readonly Shown[]> {
    return this.messages.locator("article[data-seq]").evaluateAll((rows) =>
      rows.map((row) => ({
        seq: Number(row.getAttribute("data-seq")),
        text: row.querySelector(".text")?.textContent.trim() ?? "",
      })),
    );
  }

  async texts(): Promise<readonly string[]> {
    return (await this.shown()).map(({ text }) => text);
  }

  /** Presses one of the buttons that a message shows while it is pointed at. */
  async press(message: Locator, button: "React" | "Reply" | "More"): Promise<void> {
    await message.hover();
    await message.getByRole("button", { name: button, exact: true }).click();
  }

  /** Chooses something of a message's menu. */
  async choose(message: Locator, item: string): Promise<void> {
    await this.press(message, "More");
    await this.page.getByRole("menuitem", { name: item, exact: true }).click();
  }

  async react(message: Locator, emoji: string): Promise<void> {
    await this.press(message, "React");
    const picker = this.page.getByRole("dialog", { name: "Emoji" });
    await picker.getByRole("searchbox").fill(emoji);
    await picker.getByRole("button", { name: emoji, exact: true }).first().click();
  }

  async about(item: string): Promise<void> {
    await this.page.getByRole("button", { name: "More about the room" }).click();
    await this.page.getByRole("menuitem", { name: item }).click();
  }

  /** A panel beside the messages. */
  panel(title: string): Locator {
    return this.page.getByRole("complementary", { name: title });
  }

  async openMembers(): Promise<Locator> {
    await this.page.getByRole("button", { name: /^Members/ }).click();
    return this.panel("Members");
  }
}
