/// The places that were started before the first proof.

import { inject } from "vitest";
import type { Place } from "./place.js";

/** Both ways to run, for proofs that must hold in each. */
export const PLACES = inject("places");

/** The place of a kind. */
export function placeOf(kind: Place["kind"]): Place {
  const place = PLACES.find((one) => one.kind === kind);
  if (place === undefined) throw new Error(`no ${kind} place was started`);
  return place;
}
