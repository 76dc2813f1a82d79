/// What the receipt asks of the server: one event, and a room's chain.

import type { ReplayedEvent } from "@roomlog/client";
import { session } from "../state/session.svelte.js";

/** A sequenced event as the log has it; the newest things about it (edits, reactions) are events of their own. */
export async function readEvent(room: string, seq: number, signal: AbortSignal): Promise<ReplayedEvent> {
  for await (const record of session.api.log.events(room, { from_seq: seq, to_seq: seq })) {
    signal.throwIfAborted();
    if (record.seq === seq) return record;
  }
  throw new Error(`The server's answer had no event ${seq}.`);
}

/** The records whose chain leads from the event after `after` to `to`, with their bytes. Leaving the loop ends the reading. */
export function readChain(room: string, after: number, to: number): AsyncIterable<ReplayedEvent> {
  return session.api.log.events(room, { from_seq: after + 1, to_seq: to, datum: true });
}

/** BLAKE3, brought when it is first needed. */
export async function loadHash(): Promise<(bytes: Uint8Array) => Uint8Array> {
  const { blake3 } = await import("@noble/hashes/blake3.js");
  return (bytes) => blake3(bytes);
}
