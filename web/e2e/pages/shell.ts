/// What is around every view: one's rooms, the connection's state, dialogs of the whole page.

import type { Locator, Page } from "playwright-core";

export class Shell {
  /** One's rooms at the side, or in the drawer. */
  readonly rooms: Locator;
  /** What is said of the connection while it is not good. */
  readonly connection: Locator;

  constructor(readonly page: Page) {
    this.rooms = page.getByRole("navigation", { name: "Rooms" });
    this.connection = page.locator(".bar[role=status]");
  }

  /** A room's row at the side. */
  room(name: string): Locator {
    return this.rooms.getByRole("link", { name });
  }

  async makeRoom(name: string, kind: "Public" | "Private" | "Open" = "Public"): Promise<void> {
    await this.rooms.getByRole("button", { name: "New room" }).click();
    const dialog = this.page.getByRole("dialog", { name: "New room" });
    await dialog.getByLabel("Name").fill(name);
    await dialog.getByLabel(kind).check();
    await dialog.getByRole("button", { name: "Make the room" }).click();
    await this.page.getByRole("heading", { level: 1, name }).waitFor();
  }

  /** Opens the menu about oneself. */
  async openMenu(): Promise<void> {
    await this.page.getByRole("button", { name: "You", exact: true }).click();
    await this.page.getByRole("menuitem").first().waitFor();
  }

  /** Chooses something of it. */
  async choose(item: string): Promise<void> {
    await this.openMenu();
    await this.page.getByRole("menuitem", { name: item }).click();
  }
}
