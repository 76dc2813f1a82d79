/// What admins do to people and rooms: it holds at once, before everybody whom it concerns, and is in the audit.

import type { Page } from "playwright-core";
import { describe, expect } from "vitest";
import { Room } from "./pages/room.js";
import { Shell } from "./pages/shell.js";
import { SignIn } from "./pages/sign-in.js";
import { Caller } from "./support/caller.js";
import { PASSWORD } from "./support/people.js";
import { ADMIN } from "./support/place.js";
import { PLACES } from "./support/places.js";
import { proof } from "./support/proof.js";
import { NOT_FOR_ONE } from "./support/watch.js";

/** What was just being asked when one was signed out, and the password that is of no use. */
const SIGNED_OUT_MEANWHILE = /said: (?:Failed to load resource: .*40[13] .*\/v1\/|WebSocket connection to )/;
/** A room that is no more, asked for all the same. */
const GONE = /said: Failed to load resource: .*410 .*\/v1\/rooms\//;

async function administer(page: Page, tab: "People" | "Rooms" | "What admins did"): Promise<void> {
  await page.getByRole("tab", { name: tab }).click();
}

describe.each(PLACES)("an admin, $kind", (place) => {
  proof("disables somebody, who is out at once, and lets them in again", async (people) => {
    const [keeper, bob] = [await people.signedIn(place, ADMIN.username), await people.person(place, "Bob Guilty")];
    bob.watch.expect(SIGNED_OUT_MEANWHILE);
    const his = new Room(bob.page);
    await his.open(await bob.caller.room("Hideout", "public"));
    await his.say("I am still here");
    await his.message("I am still here").waitFor();

    await keeper.page.goto("/");
    await new Shell(keeper.page).choose("Admin");
    await keeper.page.getByLabel("Username begins with").fill(bob.username.toUpperCase());
    const row = keeper.page.getByRole("list", { name: "People" }).getByRole("listitem");
    await expect.poll(() => row.count()).toBe(1);
    await row.getByText(bob.username).waitFor();
    await row.getByRole("button", { name: "Disable Bob Guilty" }).click();
    const dialog = keeper.page.getByRole("dialog", { name: "Disable Bob Guilty?" });
    await dialog.getByRole("button", { name: "Disable", exact: true }).click();
    await row.getByText("disabled", { exact: true }).waitFor();

    // His page ends by itself, and says why; he can't come back.
    const signIn = new SignIn(bob.page);
    await bob.page.getByText("This account can't be used any more").waitFor();
    await signIn.username.waitFor();
    await signIn.username.fill(bob.username);
    await signIn.password.fill(PASSWORD);
    await signIn.enter("Sign in");
    await bob.page
      .getByRole("alert")
      .filter({ hasText: /disabled/i })
      .waitFor();

    await row.getByRole("button", { name: "Enable Bob Guilty" }).click();
    await keeper.page.getByText("Bob Guilty may sign in again.").waitFor();
    await signIn.password.fill(PASSWORD);
    await signIn.enter("Sign in");
    await his
      .message("I am still here")
      .or(bob.page.getByRole("heading", { name: "Find rooms" }))
      .first()
      .waitFor();
  });

  proof("looks into a room, whose bans are lifted by its owner, and deletes it", async (people) => {
    const [keeper, ann] = [await people.signedIn(place, ADMIN.username), await people.person(place, "Ann")];
    ann.watch.expect(NOT_FOR_ONE, GONE);
    const bob = await Caller.register(place.url, "Bob Banned");
    const name = `Cellar ${ann.username}`;
    const id = await ann.caller.room(name, "public");
    await bob.caller.join(id);
    await ann.caller.ask("POST", `/v1/rooms/${id}/ban`, { user: bob.id });
    const hers = new Room(ann.page);
    await hers.open(id);

    await keeper.page.goto("/admin");
    await administer(keeper.page, "Rooms");
    const row = keeper.page.getByRole("list", { name: "Rooms" }).getByRole("listitem").filter({ hasText: id });
    await row.getByRole("button", { name: `Look into ${name}` }).click();
    const lists = keeper.page.getByRole("dialog", { name });
    await lists.getByRole("list", { name: "members" }).getByText("Ann").waitFor();
    await lists.getByRole("tab", { name: "Bans" }).click();
    await lists.getByText("Bob Banned").waitFor();
    await lists.getByText("for ever").waitFor();

    const members = await hers.openMembers();
    await members.getByRole("button", { name: "Unban" }).click();
    await expect.poll(() => members.getByText("Bob Banned").count()).toBe(0);
    await bob.caller.join(id);
    await lists.getByRole("tab", { name: "Members" }).click();
    await expect
      .poll(async () => {
        await lists.getByRole("tab", { name: "Bans" }).click();
        return lists.getByText("Nobody is banned").count();
      })
      .toBe(1);
    await keeper.page.keyboard.press("Escape");

    await row.getByRole("button", { name: `Delete ${name}` }).click();
    const dialog = keeper.page.getByRole("dialog", { name: "Delete this room?" });
    const button = dialog.getByRole("button", { name: "Delete the room" });
    await dialog.getByLabel(`Type ${name} to delete it`).fill("Cellar");
    expect(await button.isDisabled()).toBe(true);
    await dialog.getByLabel(`Type ${name} to delete it`).fill(name);
    await button.click();
    await row.getByText("deleted", { exact: true }).waitFor();
    await ann.page.getByText("This room was deleted").waitFor();
  });

  proof("finds in the audit what was just done, by whom, what and when", async (people) => {
    const keeper = await people.signedIn(place, ADMIN.username);
    const bob = await Caller.register(place.url, "Bob");
    const id = await bob.caller.room("Attic", "public");
    await keeper.caller.ask("POST", `/v1/admin/users/${bob.id}/disable`);
    await keeper.caller.ask("DELETE", `/v1/admin/rooms/${id}`);
    await keeper.page.goto("/admin");
    await administer(keeper.page, "What admins did");
    const acts = keeper.page.getByRole("list", { name: "What admins did" }).getByRole("listitem");
    const [deleted, disabled] = [acts.filter({ hasText: id }), acts.filter({ hasText: bob.username })];
    for (const act of [deleted, disabled]) await act.getByText(`by ${ADMIN.username}`).waitFor();
    expect(await acts.first().getByText(id).count(), "the latest comes first").toBe(1);

    const [word = ""] = await disabled.locator("strong").allInnerTexts();
    const action = keeper.page.getByLabel("Action");
    await action.selectOption({ label: word });
    await expect.poll(() => deleted.count()).toBe(0);
    expect(await disabled.count()).toBe(1);
    expect(new Set(await acts.locator("strong").allInnerTexts())).toEqual(new Set([word]));
    await action.selectOption("");

    // Whoever has done nothing, and a day on which nothing is done yet.
    const nothing = keeper.page.getByText("Nothing of that kind was done");
    const by = keeper.page.getByLabel("By username");
    await by.fill(bob.username);
    await nothing.waitFor();
    await by.fill(`@${ADMIN.username.toUpperCase()}`);
    await deleted.waitFor();
    const from = keeper.page.getByLabel("From");
    await from.fill("2999-01-01");
    await nothing.waitFor();
    await from.fill("");
    await keeper.page.getByLabel("To", { exact: true }).fill("2999-01-01");
    await deleted.waitFor();
  });
});
