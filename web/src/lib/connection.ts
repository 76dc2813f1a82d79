/// The state of the connection in words. Pure.

import type { ConnectionState } from "@roomlog/client";

export interface ConnectionLine {
  readonly kind: "busy" | "down";
  readonly text: string;
  /** Whether one can have it tried at once. */
  readonly retry: boolean;
}

/** The close code of whose account is disabled or deleted. */
const ACCOUNT_GONE = 4003;

/** Whether it ended because the account can't be used any more. */
export function isAccountGone(state: ConnectionState): boolean {
  return state.kind === "ended" && state.code === ACCOUNT_GONE;
}

/** What is said; null while all is well. `elapsedMs` is how long ago the state was told. */
export function connectionLine(state: ConnectionState, elapsedMs: number): ConnectionLine | null {
  switch (state.kind) {
    case "live":
    case "idle":
      return null;
    case "connecting":
      return { kind: "busy", text: state.attempt > 1 ? "Reconnecting…" : "Connecting…", retry: false };
    case "waiting": {
      const seconds = Math.max(0, Math.ceil((state.inMs - elapsedMs) / 1_000));
      const when = seconds === 0 ? "now" : `in ${seconds} s`;
      return { kind: "down", text: `No connection. Trying again ${when}.`, retry: true };
    }
    case "offline":
      return { kind: "down", text: "You are offline. What you write is sent when you are back.", retry: true };
    case "ended":
      return { kind: "down", text: endedText(state), retry: state.why !== "signed_out" };
  }
}

function endedText(state: Extract<ConnectionState, { kind: "ended" }>): string {
  if (state.why === "signed_out") return "You are signed out.";
  return state.why === "refused"
    ? `The server ended the connection${state.reason ? `: ${state.reason}` : ""}.`
    : "Disconnected.";
}
