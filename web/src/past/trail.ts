/// The states that a room was just shown in, so that a step back needs no question. Bounded: the oldest goes first. Pure.

import type { Happening } from "./happening.js";
import type { PastRoom } from "./room.js";

/** A state, and the record that led to it; null where the server told the state itself. */
export interface Step {
  readonly room: PastRoom;
  readonly happening: Happening | null;
}

/** States kept. */
export const MOST_STEPS = 256;

/** With more steps at its end. */
export function extended(trail: readonly Step[], steps: readonly Step[]): readonly Step[] {
  return [...trail, ...steps].slice(-MOST_STEPS);
}

/** How many steps back it is to the state after the event `seq`; null where that is not on the trail. */
export function stepsBackTo(trail: readonly Step[], seq: number): number | null {
  const index = trail.findLastIndex(({ room }) => room.seq === seq);
  if (index < 0) return null;
  // The first state of that seq: records that did not count may follow it.
  let first = index;
  while (trail[first - 1]?.room.seq === seq) first -= 1;
  return trail.length - 1 - first;
}
