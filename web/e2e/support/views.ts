/// Every view of the page, for what must hold on each, and a room with something of everything in it.

import type { Locator, Page } from "playwright-core";
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
const message = ({ room, seq }: Furnished): string => `/room/${room}/${seq}`;

/** Views of whoever is signed in as an admin. */
export const VIEWS: readonly View[] = [
  { name: "home", path: () => "/" },
  { name: "room", path: room },
  {
    name: "discover",
    path: () => "/",
    open: async (page) => {
      await page.getByRole("searchbox", { name: /^Find a room/ }).fill("b");
    },
  },
  { name: "room at a message", path: message },
  {
    name: "members",
    path: room,
    open: async (page) => {
      await page.getByRole("button", { name: /^Members/ }).click();
      await page.getByRole("complementary", { name: "Members" }).getByRole("listitem").first().waitFor();
    },
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
    path: message,
    open: (page, { seq }) =>
      page.locator(`article[data-seq="${seq}"]`).getByRole("button", { name: /repl/ }).first().click(),
  },
  {
    name: "receipt",
    path: message,
    open: async (page, at) => {
      await choose(page, at, "Receipt");
      const receipt = page.getByRole("dialog", { name: /^Receipt/ });
      await receipt.getByRole("button", { name: "Verify" }).click();
      await receipt.getByText("The chain holds").waitFor();
    },
  },
  { name: "settings", path: () => "/settings" },
  { name: "past", path: ({ room, seq }) => `/room/${room}/past?seq=${seq}` },
  { name: "log", path: () => "/log" },
  { name: "admin", path: () => "/admin" },
  {
    name: "rooms of an admin",
    path: () => "/admin",
    open: (page) => page.getByRole("tab", { name: "Rooms" }).click(),
  },
  {
    name: "audit",
    path: () => "/admin",
    open: (page) => page.getByRole("tab", { name: "What admins did" }).click(),
  },
];

const OVER: readonly View[] = [
  { name: "new room", path: () => "/", open: (page) => press(page.getByRole("main").locator(".."), "New room") },
  { name: "go to", path: () => "/", open: (page) => page.keyboard.press("Control+k") },
  { name: "shortcuts", path: () => "/", open: (page) => page.keyboard.press("?") },
  {
    name: "new direct message",
    path: () => "/",
    open: async (page) => {
      await openSide(page);
      await press(page.getByRole("navigation", { name: "Rooms" }), "New direct message");
    },
  },
  {
    name: "menu about oneself",
    path: () => "/",
    open: async (page) => {
      await openSide(page);
      await page.getByRole("button", { name: "You", exact: true }).click();
    },
  },
  { name: "about the room", path: room, open: (page) => aboutRoom(page, "About this room") },
  { name: "jump to a day", path: room, open: (page) => aboutRoom(page, "Jump to a day") },
  {
    name: "invite",
    path: room,
    open: async (page) => {
      await page.getByRole("button", { name: /^Members/ }).click();
      await press(page.getByRole("complementary", { name: "Members" }), "Invite");
    },
  },
  { name: "a message's menu", path: message, open: (page, at) => openMenu(page, at) },
  { name: "seen by", path: message, open: (page, at) => choose(page, at, "Seen by") },
  { name: "delete", path: message, open: (page, at) => choose(page, at, "Delete") },
  {
    name: "emoji",
    path: room,
    open: async (page) => {
      await page.getByRole("button", { name: "Emoji", exact: true }).click();
      await page.getByRole("dialog", { name: "Emoji" }).getByRole("button").first().waitFor();
    },
  },
];

/** What stands over a view: dialogs, menus, the emoji. */
export const OVERLAYS: readonly View[] = OVER.map((view) => ({
  ...view,
  open: async (page, at) => {
    await view.open?.(page, at);
    // Its code may have to be loaded first.
    await page.locator("dialog[open], :popover-open").first().waitFor();
  },
}));

/** Goes to a view, and waits until nothing of it is being loaded any more. */
export async function openView(page: Page, view: View, at: Furnished): Promise<void> {
  await page.goto(view.path(at));
  await settle(page);
  await view.open?.(page, at);
  await settle(page);
}

async function press(within: Locator, button: string): Promise<void> {
  await within.getByRole("button", { name: button, exact: true }).click();
}

/** One's rooms; a phone keeps them in a drawer. */
export async function openSide(page: Page): Promise<void> {
  const drawer = page.getByRole("button", { name: "Rooms", exact: true });
  if (await drawer.isVisible()) await drawer.click();
}

async function aboutRoom(page: Page, item: string): Promise<void> {
  await press(page.locator("body"), "More about the room");
  await page.getByRole("menuitem", { name: item }).click();
}

async function openMenu(page: Page, { seq }: Furnished): Promise<void> {
  const message = page.locator(`article[data-seq="${seq}"]`);
  // The focus shows what a message offers, with a pointer and without.
  await message.focus();
  await press(message, "More");
}

async function choose(page: Page, at: Furnished, item: string): Promise<void> {
  await openMenu(page, at);
  await page.getByRole("menuitem", { name: item }).click();
}

async function settle(page: Page): Promise<void> {
  await page.getByRole("main").waitFor();
  await page.locator("[aria-busy=true]").first().waitFor({ state: "detached" });
}

/** A room with something of everything: two people, an answer, a reaction, an edit, a deletion, code, a link. */
export async function furnish(owner: Caller, guest: Caller): Promise<Furnished> {
  const id = await owner.room("The soup kitchen", "public", "What simmers, and who brings bread");
  await guest.join(id);
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
