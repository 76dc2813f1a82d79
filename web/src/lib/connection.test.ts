import { describe, expect, it } from "vitest";
import { connectionLine, isAccountGone } from "./connection.js";

describe("the connection", () => {
  it("is not spoken of while it is good", () => {
    expect(connectionLine({ kind: "live" }, 0)).toBeNull();
    expect(connectionLine({ kind: "idle" }, 0)).toBeNull();
  });
  it("says whether it is tried for the first time", () => {
    expect(connectionLine({ kind: "connecting", attempt: 1 }, 0)?.text).toBe("Connecting…");
    expect(connectionLine({ kind: "connecting", attempt: 2 }, 0)?.text).toBe("Reconnecting…");
  });
  it("counts down to the next try, and never below", () => {
    const waiting = { kind: "waiting", attempt: 3, inMs: 5_000, why: "unreachable" } as const;
    expect(connectionLine(waiting, 200)).toMatchObject({ text: "No connection. Trying again in 5 s.", retry: true });
    expect(connectionLine(waiting, 6_000)?.text).toBe("No connection. Trying again now.");
  });
  it("says when there is none, and why it ended", () => {
    expect(connectionLine({ kind: "offline" }, 0)?.kind).toBe("down");
    expect(connectionLine({ kind: "ended", why: "refused", reason: "version" }, 0)?.text).toContain("version");
    expect(connectionLine({ kind: "ended", why: "signed_out" }, 0)?.retry).toBe(false);
  });
  it("says whether it ended with the account", () => {
    expect(isAccountGone({ kind: "ended", why: "refused", code: 4003 })).toBe(true);
    expect(isAccountGone({ kind: "ended", why: "refused", code: 4005 })).toBe(false);
    expect(isAccountGone({ kind: "live" })).toBe(false);
  });
});
