/// Pictures of the page for the documentation, with people in them who talk as people do: each main view in light, in dark and
/// on a phone. In a cluster if there is one, for its log has more to show.

import type { Page } from "playwright-core";
import { describe, expect } from "vitest";
import { Room } from "./pages/room.js";
import { SignIn } from "./pages/sign-in.js";
import { Album, PICTURED } from "./support/album.js";
import { type Look, LOOKS } from "./support/looks.js";
import type { People, Person } from "./support/people.js";
import { ADMIN } from "./support/place.js";
import { largestPlace } from "./support/places.js";
import { proof } from "./support/proof.js";
import { type Scene, setScene } from "./support/scene.js";
import { openView, VIEWS } from "./support/views.js";

/** What the pictures of a look may weigh together: the checkout carries them for ever. */
const MOST_BYTES = 850_000;
/** The views that are kept, by their names. */
const KEPT = [
  ...["home", "discover", "room", "members", "thread", "search", "receipt", "past", "settings"],
  ...["log", "admin", "audit"],
];
/** Who runs the server looks at these. */
const KEEPERS = ["log", "admin", "audit"];

describe("a room that people use", () => {
  const place = largestPlace();

  let scene: Promise<Scene> | null = null;

  for (const look of PICTURED) {
    proof(`looks as it should: ${look}`, async (people) => {
      scene ??= setScene(place);
      const album = new Album();
      await shoot(people, await scene, look, album);
      expect(album.bytes, "bytes of all pictures").toBeLessThan(MOST_BYTES);
    });
  }

  async function shoot(people: People, scene: Scene, look: Look, album: Album): Promise<void> {
    const grace = await people.signedIn(place, scene.grace.username);
    await new Room(grace.page).open(scene.room);
    const visitor = await people.visitor(place, LOOKS[look]);
    await new SignIn(visitor.page).open();
    await album.keep(visitor.page, `sign-in-${look}`);
    const ines = await people.signedIn(place, scene.ines.username, LOOKS[look]);
    const keeper = await people.signedIn(place, ADMIN.username, LOOKS[look]);
    for (const view of VIEWS.filter(({ name }) => KEPT.includes(name))) {
      const { page }: Person = KEEPERS.includes(view.name) ? keeper : ines;
      await openView(page, view, view.name === "past" ? { ...scene, seq: scene.middle } : scene);
      await expectWhole(page, view.name, scene);
      await album.keep(page, `${view.name}-${look}`);
    }
  }
});

/** What comes after the first drawing is there too. */
async function expectWhole(page: Page, view: string, { last }: Scene): Promise<void> {
  if (view === "room") {
    await new Room(page).bySeq(last).waitFor();
    await page.getByRole("button", { name: /^Members, [2-9] here now$/ }).waitFor();
  } else if (view === "log") {
    await expect.poll(() => page.getByText("level with the log").count()).toBe(2);
    await page.locator("polyline[points*=',']").first().waitFor({ state: "attached" });
  }
}
