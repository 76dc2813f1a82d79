import { describe, expect, it } from "vitest";
import { joined, MOST_ITEMS } from "./paging.js";

const same = (item: string): string => item;

describe("a list by pages", () => {
  it("grows without showing anybody twice", () => {
    const page = joined({ items: ["a", "b"], next: "b" }, { items: ["b", "c"], next: "c" }, same);
    expect(page).toEqual({ items: ["a", "b", "c"], next: "c" });
    expect(joined(page, { items: [], next: null }, same).next).toBeNull();
  });

  it("is bounded, and then has no next page", () => {
    const many = Array.from({ length: MOST_ITEMS }, (_, index) => String(index));
    const page = joined({ items: ["x"], next: "x" }, { items: many, next: "more" }, same);
    expect(page.items).toHaveLength(MOST_ITEMS);
    expect(page.next).toBeNull();
  });
});
