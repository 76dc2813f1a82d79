import { expect, it } from "vitest";
import { matching } from "./matching.js";

const ALL = ["Big plans", "Plans for 2027", "Ärger", "planet"].map((name) => ({ name }));
const found = (words: string): string[] => matching(ALL, words).map(({ name }) => name);

it("names are found by the beginnings of their words, those that begin so first", () => {
  expect(found("plan")).toEqual(["Plans for 2027", "planet", "Big plans"]);
  expect(found("PLANS 20")).toEqual(["Plans for 2027"]);
  expect(found("är")).toEqual(["Ärger"]);
  expect(found("lan")).toEqual([]);
  expect(found(" ")).toHaveLength(4);
});
