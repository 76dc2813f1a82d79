import { describe, expect, it } from "vitest";
import { DEFAULT, parsePreferences } from "./preferences.js";

describe("what one likes", () => {
  it("is what was kept", () => {
    expect(parsePreferences('{"theme":"dark","notify":true}')).toEqual({ theme: "dark", notify: true });
  });

  it.each([null, "", "{", "7", "null", "[]", '{"theme":"pink","notify":"yes"}'])(
    "is the usual where %j stands there",
    (text) => {
      expect(parsePreferences(text)).toEqual(DEFAULT);
    },
  );
});
