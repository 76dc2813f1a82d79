/// What admins see of the log.

import type { Locator, Page } from "playwright-core";
import { Shell } from "./shell.js";

/** Columns of the table of partitions. */
export type Column = "Start" | "End" | "A second" | "Last minutes" | "History behind" | "Live behind";

export class Log {
  readonly partitions: Locator;
  readonly letters: Locator;
  /** What is appended, the newest first. */
  readonly records: Locator;

  constructor(readonly page: Page) {
    this.partitions = page.getByRole("table");
    this.letters = page.getByRole("group", { name: "Dead letters" }).getByRole("listitem");
    this.records = page.getByRole("group", { name: "Records, the newest first" }).getByRole("listitem");
  }

  /** Opens it by the menu about oneself, until it has been asked and its stream is open. */
  async open(): Promise<void> {
    await this.page.goto("/");
    await new Shell(this.page).choose("The log");
    await this.partitions.waitFor();
    await this.page.getByText("Live.", { exact: true }).waitFor();
  }

  /** A number of a partition's. */
  async cell(partition: number, column: Column): Promise<string> {
    const heads = await this.partitions.getByRole("columnheader").allTextContents();
    const row = this.partitions
      .getByRole("row")
      .filter({ has: this.page.getByRole("rowheader", { name: String(partition), exact: true }) });
    // The row's own head is no cell.
    return row
      .getByRole("cell")
      .nth(heads.indexOf(column) - 1)
      .innerText();
  }

  /** What is said of a projection: "level with the log", "3 behind". */
  async lag(projection: "History" | "Live views"): Promise<string> {
    const box = this.page.locator(".lag").filter({ has: this.page.getByRole("heading", { name: projection }) });
    return box.locator(".figure").innerText();
  }
}
