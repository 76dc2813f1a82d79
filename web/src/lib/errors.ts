/// What people are told when something fails.

import { ClientError, ConnectionError, Malformed, RoomlogError } from "@roomlog/client";

/** One sentence for whatever was thrown. What the server says of a field or of a conflict is said as it is. */
export function explain(error: unknown): string {
  if (error instanceof ConnectionError) return "The server can't be reached. Check the connection and try again.";
  if (error instanceof ClientError) return sentence(error.message);
  if (error instanceof Malformed) return `The server's answer can't be read: ${sentence(error.message)}`;
  if (!(error instanceof RoomlogError)) return "Something went wrong. Load the page again if it stays so.";
  switch (error.kind) {
    case "unauthenticated":
      return sentence(error.message);
    case "rate_limited":
      return "That was too often. Wait a moment and try again.";
    case "overloaded":
    case "unavailable":
    case "behind":
      return "The server can't answer this now. Try again in a moment.";
    case "timeout":
      return "No answer came in time. Trying again is safe.";
    case "not_found":
      return "It is not there, or not for you to see.";
    case "banned":
      return "You are banned from this room.";
    case "muted":
      return "You are muted in this room.";
    case "room_deleted":
      return "This room was deleted.";
    case "not_a_member":
      return "You are not in this room. Join it first.";
    default:
      return sentence(error.message);
  }
}

/** The field of a form that an error is about; null for none. */
export function fieldOf(error: unknown): string | null {
  return error instanceof RoomlogError ? (error.field ?? null) : null;
}

function sentence(text: string): string {
  const first = text.charAt(0).toLocaleUpperCase() + text.slice(1);
  return /[.!?]$/.test(first) ? first : `${first}.`;
}
