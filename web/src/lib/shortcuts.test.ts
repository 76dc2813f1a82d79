import { describe, expect, it } from "vitest";
import { actionOf, MESSAGE_SHORTCUTS, messageActionOf, type Pressed, SHORTCUTS } from "./shortcuts.js";

const press = (key: string, more: Partial<Pressed> = {}): Pressed => ({
  key,
  ctrlKey: false,
  metaKey: false,
  altKey: false,
  writing: false,
  ...more,
});

describe("a key", () => {
  it.each([
    ["?", {}, "help"],
    ["k", { ctrlKey: true }, "go-to-room"],
    ["K", { metaKey: true, writing: true }, "go-to-room"],
    ["/", {}, "search"],
    ["ArrowUp", { altKey: true, writing: true }, "room-before"],
    ["ArrowDown", { altKey: true }, "room-after"],
    ["m", {}, "members"],
    ["Escape", { writing: true }, "close"],
  ] as const)("%s %o asks for %s", (key, more, action) => {
    expect(actionOf(press(key, more))).toBe(action);
  });
  it("is text where one writes", () => {
    expect(["?", "/", "m", "u", "j", "i"].map((key) => actionOf(press(key, { writing: true })))).toEqual(
      Array(6).fill(null),
    );
  });
  it("of the browser's is left to it", () => {
    expect(actionOf(press("m", { ctrlKey: true }))).toBeNull();
    expect(actionOf(press("ArrowLeft", { altKey: true }))).toBeNull();
    expect(actionOf(press("ArrowUp"))).toBeNull();
  });
});

describe("a key on a message", () => {
  it("does what the table says", () => {
    expect(
      ["r", "T", "+", "e", "l", "v", "Delete", "Backspace", "x"].map((key) => messageActionOf(press(key))),
    ).toEqual(["reply", "thread", "react", "edit", "copy-link", "receipt", "delete", "delete", null]);
  });
});

it("no key means two things", () => {
  const keys = [...SHORTCUTS, ...MESSAGE_SHORTCUTS].map((shortcut) => shortcut.keys.join("+"));
  expect(new Set(keys).size).toBe(keys.length);
});
