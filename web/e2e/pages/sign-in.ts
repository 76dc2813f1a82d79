/// Where one comes in.

import type { Locator, Page } from "playwright-core";

export class SignIn {
  readonly username: Locator;
  readonly password: Locator;
  readonly name: Locator;

  constructor(readonly page: Page) {
    this.username = page.getByLabel("Username", { exact: true });
    this.password = page.getByLabel("Password", { exact: true });
    this.name = page.getByLabel("Name that others see");
  }

  async open(): Promise<void> {
    await this.page.goto("/");
    await this.page.getByRole("heading", { name: "Sign in" }).waitFor();
  }

  /** Opens the form of another way in: "Make an account", "Come in as a guest". */
  async turn(way: string): Promise<void> {
    await this.page.getByRole("button", { name: way }).click();
  }

  /** Presses the form's own button. */
  async enter(words: string): Promise<void> {
    await this.page.getByRole("button", { name: words, exact: true }).click();
  }
}
