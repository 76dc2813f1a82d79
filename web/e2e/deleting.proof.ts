/// What is deleted for ever: a room, before all who are in it; an account, and with it whoever was signed in.

import { describe, expect } from "vitest";
import { Room } from "./pages/room.js";
import { Shell } from "./pages/shell.js";
import { SignIn } from "./pages/sign-in.js";
import { PASSWORD } from "./support/people.js";
import { PLACES } from "./support/places.js";
import { proof } from "./support/proof.js";
import { NOT_FOR_ONE } from "./support/watch.js";

/** A room that is no more, asked for all the same. */
const GONE = /said: Failed to load resource: .*410 .*\/v1\/rooms\//;
/** A password that is wrong, or of nobody. */
const REFUSED = /said: Failed to load resource: .*40[013] .*\/v1\/(?:me|auth\/login)\)/;

describe.each(PLACES)("deleting, $kind", (place) => {
  proof("takes a room from everybody's sight", async (people) => {
    const [ann, bob] = await Promise.all([people.person(place, "Ann"), people.person(place, "Bob")]);
    for (const { watch } of [ann, bob]) watch.expect(NOT_FOR_ONE, GONE);
    const id = await ann.caller.room("Sandcastle", "public");
    await bob.caller.join(id);
    const [hers, his] = [new Room(ann.page), new Room(bob.page)];
    await Promise.all([hers.open(id), his.open(id)]);
    await hers.about("About this room");
    const about = ann.page.getByRole("dialog", { name: "About this room" });
    await about.getByRole("button", { name: "Delete the room…" }).click();
    await about.getByRole("button", { name: "Delete it for good" }).click();
    await ann.page.getByText("The room was deleted.").waitFor();
    await bob.page.getByText("This room was deleted").waitFor();
    for (const { page } of [ann, bob]) await expect.poll(() => new Shell(page).room("Sandcastle").count()).toBe(0);
    await ann.page.goto(`/room/${id}`);
    await ann.page.getByText("This room can't be shown").or(ann.page.getByText("This room was deleted")).waitFor();
  });

  proof("takes an account with its name, after its password", async (people) => {
    const [ann, bob] = await Promise.all([people.person(place, "Ann"), people.person(place, "Bob")]);
    ann.watch.expect(REFUSED);
    const id = await bob.caller.room("Guest book", "public");
    await ann.caller.join(id);
    const seq = await ann.caller.say(id, "I was here");
    await ann.page.goto("/settings");
    await ann.page.getByRole("button", { name: "Delete my account…" }).click();
    const dialog = ann.page.getByRole("dialog", { name: "Delete your account?" });
    await dialog.getByLabel("Password").fill("not it at all");
    await dialog.getByRole("button", { name: "Delete for ever" }).click();
    await dialog.getByRole("alert").waitFor();
    await dialog.getByLabel("Password").fill(PASSWORD);
    await dialog.getByRole("button", { name: "Delete for ever" }).click();
    const signIn = new SignIn(ann.page);
    await signIn.username.fill(ann.username);
    await signIn.password.fill(PASSWORD);
    await signIn.enter("Sign in");
    await ann.page.getByRole("alert").first().waitFor();
    const his = new Room(bob.page);
    await his.open(id);
    await his.bySeq(seq).getByText("I was here").waitFor();
    await his.bySeq(seq).getByText("deleted user", { exact: true }).waitFor();
  });
});
