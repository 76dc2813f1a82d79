import { expect, it } from "vitest";
import { nameOf, parseUsername, typingLine } from "./people.js";

it("who is listed is called by the name that others see, else by the username", () => {
  expect(nameOf({ display_name: "Ann", username: "ann" })).toBe("Ann");
  expect(nameOf({ username: "bob" })).toBe("bob");
  expect(nameOf({})).toBeNull();
});

it.each([
  ["ann", "ann"],
  ["  @Ann ", "ann"],
  ["@", ""],
  ["", ""],
])("who types %j means the username %j", (typed, username) => expect(parseUsername(typed)).toBe(username));

it.each([
  [[], ""],
  [["Ann"], "Ann is typing…"],
  [["Ann", "Bob"], "Ann and Bob are typing…"],
  [["Ann", "Bob", "Cy"], "Ann, Bob and Cy are typing…"],
  [["a", "b", "c", "d"], "Several people are typing…"],
])("%j are told to be typing: %s", (names, line) => expect(typingLine(names)).toBe(line));
