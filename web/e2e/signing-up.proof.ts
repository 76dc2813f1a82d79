/// From nothing to a first message: what a person has to do, counted, for on a busy machine a clock proves nothing.

import { describe, expect } from "vitest";
import { Room } from "./pages/room.js";
import { Shell } from "./pages/shell.js";
import { SignIn } from "./pages/sign-in.js";
import { startEmbedded } from "./support/embedded.js";
import { PASSWORD, type Visitor } from "./support/people.js";
import type { Place } from "./support/place.js";
import { PLACES, placeOf } from "./support/places.js";
import { proof } from "./support/proof.js";

/** A person takes 2 to 5 seconds for a field or a button: twelve of them are less than a minute. */
const MOST_STEPS = 12;

describe.each(PLACES)("signing up, $kind", (place) => {
  proof("leads to a first message in a dozen steps", async (people) => {
    const steps = await signUpAndSpeak(place, await people.visitor(place));
    expect(steps).toBeLessThanOrEqual(MOST_STEPS);
  });
});

// A cluster lets no guests in by itself.
describe("coming in as a guest", () => {
  proof("leads to general without an account or a room", async (people) => {
    const { page } = await people.visitor(placeOf("embedded"));
    const signIn = new SignIn(page);
    await signIn.open();
    await signIn.turn("Come in as a guest");
    await signIn.name.fill("Passing By");
    await signIn.enter("Come in");
    await page.getByRole("main").getByRole("link", { name: "general" }).click();
    const room = new Room(page);
    await room.say("I only wanted to say hello");
    await room.message("I only wanted to say hello").waitFor();
  });
});

describe("signing up, on an empty server", () => {
  proof("leads to a first message as well", async (people) => {
    const { place, stop } = await startEmbedded();
    try {
      await signUpAndSpeak(place, await people.visitor(place));
    } finally {
      await people.leave();
      await stop();
    }
  });
});

/** How many fields and buttons that took. */
async function signUpAndSpeak(place: Place, { page }: Visitor): Promise<number> {
  let steps = 0;
  const step = async (what: Promise<void>): Promise<void> => {
    steps += 1;
    await what;
  };
  const signIn = new SignIn(page);
  const room = new Room(page);
  await step(signIn.open());
  await step(signIn.turn("Make an account"));
  await step(signIn.username.fill(`first${Date.now().toString(36)}`));
  await step(signIn.password.fill(PASSWORD));
  await step(signIn.enter("Make the account"));
  const { rooms } = new Shell(page);
  await step(rooms.getByRole("button", { name: "New room" }).click());
  const dialog = page.getByRole("dialog", { name: "New room" });
  await step(dialog.getByLabel("Name").fill(`A beginning (${place.kind})`));
  await step(dialog.getByRole("button", { name: "Make the room" }).click());
  await step(room.composer.fill("The first word"));
  await step(room.composer.press("Enter"));
  await room.message("The first word").waitFor();
  return steps;
}
