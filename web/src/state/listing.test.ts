import { ConnectionError } from "@roomlog/client";
import { describe, expect, it } from "vitest";
import type { Page } from "../lib/paging.js";
import { Listing } from "./listing.svelte.js";

const FIRST: Page<string> = { items: ["a", "b"], next: "b" };
const SECOND: Page<string> = { items: ["c"], next: null };

/** A list whose answers the test gives, in whatever order. */
function asked(): {
  list: Listing<string>;
  afters: (string | null)[];
  answer: (index: number, page: Page<string> | null) => Promise<void>;
} {
  const afters: (string | null)[] = [];
  const settle: ((page: Page<string> | null) => void)[] = [];
  const list = new Listing<string>(
    (item) => item,
    (after) => {
      afters.push(after);
      return new Promise((resolve, reject) => {
        settle.push((page) => (page === null ? reject(new ConnectionError("nobody")) : resolve(page)));
      });
    },
  );
  const answer = async (index: number, page: Page<string> | null): Promise<void> => {
    settle[index]?.(page);
    await new Promise((resolve) => setTimeout(resolve));
  };
  return { list, afters, answer };
}

describe("a list by pages", () => {
  it("goes on where the page before ended, and knows its end", async () => {
    const { list, afters, answer } = asked();
    void list.load();
    expect([list.items, list.busy]).toEqual([null, true]);
    await answer(0, FIRST);
    expect([list.items, list.hasMore, list.busy]).toEqual([["a", "b"], true, false]);
    void list.more();
    void list.more();
    await answer(1, SECOND);
    expect([list.items, list.hasMore]).toEqual([["a", "b", "c"], false]);
    expect(afters).toEqual([null, "b"]);
  });

  it("takes no answer to an older question", async () => {
    const { list, answer } = asked();
    void list.load();
    void list.load();
    await answer(1, SECOND);
    await answer(0, FIRST);
    expect([list.items, list.busy]).toEqual([["c"], false]);
  });

  it("keeps what it has where a page fails, and asks for that page again", async () => {
    const { list, afters, answer } = asked();
    void list.load();
    await answer(0, FIRST);
    void list.more();
    await answer(1, null);
    expect(list.items).toEqual(["a", "b"]);
    expect(list.failure).toMatch(/can't be reached/);
    void list.again();
    expect(list.failure).toBeNull();
    await answer(2, SECOND);
    void list.load();
    await answer(3, null);
    void list.again();
    await answer(4, FIRST);
    expect(list.items).toEqual(["a", "b"]);
    expect(afters).toEqual([null, "b", "b", null, null]);
  });
});
