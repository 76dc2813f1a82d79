/// What one sets about oneself: the name that others see, the password, where one is signed in, the colours.

import type { Page } from "playwright-core";
import { describe, expect } from "vitest";
import { Room } from "./pages/room.js";
import { Shell } from "./pages/shell.js";
import { SignIn } from "./pages/sign-in.js";
import { PASSWORD } from "./support/people.js";
import { placeOf } from "./support/places.js";
import { proof } from "./support/proof.js";

/** A password that is wrong. */
const REFUSED = /said: Failed to load resource: .*40[013] .*\/v1\/(?:me\/password|auth\/login)\)/;
/** What was just being asked when one was signed out elsewhere. */
const SIGNED_OUT_MEANWHILE = /said: (?:Failed to load resource: .*401 .*\/v1\/|WebSocket connection to )/;

async function settings(page: Page): Promise<void> {
  await page.goto("/");
  await new Shell(page).choose("Settings");
  await page.getByRole("heading", { name: "Settings" }).waitFor();
}

describe("settings", () => {
  const place = placeOf("embedded");

  proof("give one another name, and leave it on what was said before", async (people) => {
    const [ann, bob] = [await people.person(place, "Ann"), await people.person(place, "Bob")];
    const id = await ann.caller.room("Gallery", "public");
    await bob.caller.join(id);
    const before = await ann.caller.say(id, "before");
    const his = new Room(bob.page);
    await his.open(id);
    await settings(ann.page);
    const name = ann.page.getByLabel("Name that others see");
    const save = ann.page.getByRole("button", { name: "Save" });
    expect(await save.isDisabled(), "there is nothing to save").toBe(true);
    await name.fill("Annabel");
    await save.click();
    await ann.page.getByText("Your name was changed.").waitFor();

    const hers = new Room(ann.page);
    await new Shell(ann.page).room("Gallery").click();
    await hers.say("after");
    await his.message("after").getByText("Annabel").waitFor();
    expect(await his.bySeq(before).getByText("Ann", { exact: true }).count()).toBe(1);
  });

  proof("change the password, after the one that one has, and show every other device out", async (people) => {
    const ann = await people.person(place, "Ann");
    const elsewhere = await people.signedIn(place, ann.username);
    ann.watch.expect(REFUSED);
    elsewhere.watch.expect(REFUSED, SIGNED_OUT_MEANWHILE);
    const id = await ann.caller.room("Vault", "public");
    await new Room(elsewhere.page).open(id);
    await settings(ann.page);
    const [now, next] = [ann.page.getByLabel("Password now"), ann.page.getByLabel("New password")];
    const change = ann.page.getByRole("button", { name: "Change it" });
    await now.fill("not the one");
    await next.fill("staple battery horse");
    await change.click();
    await expect.poll(() => now.getAttribute("aria-invalid")).toBe("true");
    await now.fill(PASSWORD);
    await change.click();
    await ann.page.getByText("Your password was changed.").waitFor();

    const signIn = new SignIn(elsewhere.page);
    await elsewhere.page.getByRole("heading", { name: "Sign in" }).waitFor();
    await signIn.username.fill(ann.username);
    await signIn.password.fill(PASSWORD);
    await signIn.enter("Sign in");
    await elsewhere.page.getByRole("alert").first().waitFor();
    await signIn.password.fill("staple battery horse");
    await signIn.enter("Sign in");
    await new Shell(elsewhere.page).room("Vault").waitFor();
  });

  proof("show where one is signed in, and sign one out there", async (people) => {
    const ann = await people.person(place, "Ann");
    const elsewhere = await people.signedIn(place, ann.username);
    elsewhere.watch.expect(SIGNED_OUT_MEANWHILE);
    await new Room(elsewhere.page).open(await ann.caller.room("Attic", "public"));
    await settings(ann.page);
    const everywhere = ann.page.getByRole("button", { name: "Sign out everywhere else" });
    await everywhere.click();
    await ann.page.getByText("Signed out everywhere else.").waitFor();
    await elsewhere.page.getByRole("heading", { name: "Sign in" }).waitFor();
    await expect.poll(() => everywhere.count()).toBe(0);
    expect(await ann.page.getByText("(this one)").count()).toBe(1);
  });

  proof("colour the page as one likes, and keep it so", async (people) => {
    const { page } = await people.person(place, "Ann", { colorScheme: "light" });
    const ground = (): Promise<string> => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    await settings(page);
    const light = await ground();
    await page.getByLabel("Dark").check();
    await expect.poll(ground).not.toBe(light);
    const dark = await ground();
    await page.reload();
    await page.getByLabel("Dark").waitFor();
    expect(await ground()).toBe(dark);
    await page.getByLabel("As the system").check();
    await expect.poll(ground).toBe(light);
    await page.emulateMedia({ colorScheme: "dark" });
    await expect.poll(ground).toBe(dark);
  });
});
