/// Every view of the page, for what must hold on each, and a room with something of everything in it.

import type { Page } from "playwright-core";
import type { Caller } from "./caller.js";

export interface Furnished {
  readonly room: string;
  /** A message in it that has been answered, reacted to and edited. */
  readonly seq: number;
  /** What is searched for there, and found. */
  readonly word: string;
}

export interface View {
  readonly name: string;
  readonly path: (at: Furnished) => string;
  /** What is done there before one looks. */
  readonly open?: (page: Page, at: Furnished) => Promise<void>;
}

const room = ({ room }: Furnished): string => `/room/${room}`;

/** Views of whoever is signed in as an admin. */
export const VIEWS: readonly View[] = [
  { name: "home", path: () => "/" },
  { name: "room", path: room },
  { name: "room at a message", path: ({ room, seq }) => `/room/${room}/${seq}` },
  {
    name: "members",
    path: room,
    open: (page) => page.getByRole("button", { name: /^Members/ }).click(),
  },
  {
    name: "search",
    path: room,
    open: async (page, { word }) => {
      await page.getByRole("button", { name: "Search", exact: true }).click();
      await page.getByRole("complementary", { name: "Search" }).getByRole("searchbox").fill(word);
      await page.locator("mark").first().waitFor();
    },
  },
  {
    name: "thread",
    path: room,
    open: (page, { seq }) =>
      page.locator(`article[data-seq="${seq}"]`).getByRole("button", { name: /repl/ }).first().click(),
  },
  {
    name: "receipt",
    path: room,
    open: async (page, { seq }) => {
      const message = page.locator(`article[data-seq="${seq}"]`);
      // The focus shows what a message offers, with a pointer and without.
      await message.focus();
      await message.getByRole("button", { name: "More", exact: true }).click();
      await page.getByRole("menuitem", { name: "Receipt" }).click();
      const receipt = page.getByRole("dialog", { name: /^Receipt/ });
      await receipt.getByRole("button", { name: "Verify" }).click();
      await receipt.getByText("The chain holds").waitFor();
    },
  },
  { name: "settings", path: () => "/settings" },
  { name: "past", path: ({ room, seq }) => `/room/${room}/past?seq=${seq}` },
  { name: "log", path: () => "/log" },
  { name: "admin", path: () => "/admin" },
];

/** Goes to a view, and waits until nothing of it is being loaded any more. */
export async function openView(page: Page, view: View, at: Furnished): Promise<void> {
  await page.goto(view.path(at));
  await settle(page);
  await view.open?.(page, at);
  await settle(page);
}

async function settle(page: Page): Promise<void> {
  await page.getByRole("main").waitFor();
  await page.locator("[aria-busy=true]").first().waitFor({ state: "detached" });
}

/** A room with something of everything: two people, an answer, a reaction, an edit, a deletion, code, a link. */
export async function furnish(owner: Caller, guest: Caller): Promise<Furnished> {
  const id = await owner.room("The soup kitchen", "open", "What simmers, and who brings bread");
  const seq = await owner.say(id, "Who knows a soup for **twelve**?");
  await guest.say(id, "I do: leeks, potatoes, cream", { reply_to: seq });
  await guest.react(id, seq, "👍");
  await owner.react(id, seq, "❤️");
  await owner.ask("PATCH", `/v1/rooms/${id}/messages/${seq}`, { text: "Who knows a soup for **twelve** people?" });
  const gone = await owner.say(id, "a slip");
  await owner.ask("DELETE", `/v1/rooms/${id}/messages/${gone}`);
  await guest.say(id, "```\nfor (const leek of leeks) chop(leek);\n```");
  await guest.say(id, "> with cream\nsee https://example.org/soup");
  return { room: id, seq, word: "soup" };
}
