/// What breaks while people chat: an edge, the network, the server. Whatever was said is there once, in the log's order, for
/// everybody, and the page says how its connection is.

import { describe, expect } from "vitest";
import { Room } from "./pages/room.js";
import { Shell } from "./pages/shell.js";
import { EDGES, part, sessionsOf } from "./support/cluster.js";
import { startEmbedded } from "./support/embedded.js";
import type { People, Person } from "./support/people.js";
import type { Place } from "./support/place.js";
import { placeOf } from "./support/places.js";
import { proof } from "./support/proof.js";
import { NO_SERVER } from "./support/watch.js";

interface Pair {
  readonly id: string;
  readonly ann: Person;
  readonly bob: Person;
  readonly hers: Room;
  readonly his: Room;
}

async function pair(people: People, place: Place): Promise<Pair> {
  const [ann, bob] = await Promise.all([people.person(place, "Ann"), people.person(place, "Bob")]);
  for (const { watch } of [ann, bob]) watch.expect(NO_SERVER);
  const id = await ann.caller.room("Bridge", "open");
  const [hers, his] = [new Room(ann.page), new Room(bob.page)];
  await Promise.all([hers.open(id), his.open(id)]);
  return { id, ann, bob, hers, his };
}

/** Both show exactly this, in one order. */
async function bothShow({ hers, his }: Pair, texts: readonly string[]): Promise<void> {
  for (const room of [hers, his]) await expect.poll(() => room.texts()).toEqual(texts);
  expect(await hers.shown()).toEqual(await his.shown());
  for (const room of [hers, his]) expect(await room.pending.count()).toBe(0);
}

describe("an edge that is killed", () => {
  proof("with a message in flight: it is there once, in order, for both", async (people) => {
    const cluster = placeOf("cluster");
    const two = await pair(people, cluster);
    await two.hers.say("before");
    await two.his.message("before").waitFor();
    const busiest = await edgeWithSessions(cluster);
    try {
      // In flight: the message has left the page, and the edge dies before anybody could have seen it answered.
      const killed = part(cluster, "kill", busiest);
      await two.hers.say("in flight");
      await two.his.say("in flight too");
      await killed;
      await two.hers.saying("in flight").waitFor();
      await two.his.saying("in flight too").waitFor();
    } finally {
      await part(cluster, "start", busiest);
    }
    await two.his.say("after");
    await two.hers.message("after").waitFor();
    const order = (await two.hers.texts()).slice(1, 3);
    expect(order.toSorted()).toEqual(["in flight", "in flight too"]);
    await bothShow(two, ["before", ...order, "after"]);
  });
});

async function edgeWithSessions(cluster: Place): Promise<(typeof EDGES)[number]> {
  const [first, second] = await Promise.all([sessionsOf(cluster, "edge1"), sessionsOf(cluster, "edge2")]);
  return first >= second ? "edge1" : "edge2";
}

describe("a network that goes away", () => {
  proof("keeps what is said until it is back, and says that it is away", async (people) => {
    const two = await pair(people, placeOf("embedded"));
    const { connection } = new Shell(two.ann.page);
    await two.ann.context.setOffline(true);
    await connection.getByText("You are offline").waitFor();
    await two.hers.say("said offline");
    await two.hers.say("and this");
    await expect.poll(() => two.hers.pending.count()).toBe(2);
    await two.his.say("meanwhile");
    await two.his.message("meanwhile").waitFor();
    expect(await two.his.messages.getByText("said offline").count()).toBe(0);
    await two.ann.context.setOffline(false);
    await bothShow(two, ["meanwhile", "said offline", "and this"]);
    await expect.poll(() => connection.textContent()).toMatch(/^\s*$/);
  });
});

describe("a server that is stopped and started", () => {
  proof("gets what was said meanwhile, once", async (people) => {
    const { place, server, stop } = await startEmbedded();
    try {
      const two = await pair(people, place);
      await two.hers.say("before");
      await two.his.message("before").waitFor();
      await server.kill();
      const { connection } = new Shell(two.ann.page);
      await connection.getByText(/No connection|Reconnecting/).waitFor();
      await two.hers.say("while it was away");
      await two.hers.pending.getByText("while it was away").waitFor();
      await server.restart();
      await bothShow(two, ["before", "while it was away"]);
    } finally {
      await people.leave();
      await stop();
    }
  });
});
