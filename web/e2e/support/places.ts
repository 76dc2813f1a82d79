/// The places that were started before the first proof.

import { inject } from "vitest";
import type { Place } from "./place.js";

/** Both ways to run, for proofs that must hold in each. */
export const PLACES = inject("places");

/** Those with parts that can be stopped and services of their own; none where one works on a proof without a cluster. */
export const CLUSTERS = PLACES.filter(({ kind }) => kind === "cluster");

/** The place of a kind. */
export function placeOf(kind: Place["kind"]): Place {
  const place = PLACES.find((one) => one.kind === kind);
  if (place === undefined) throw new Error(`no ${kind} place was started`);
  return place;
}

/** The cluster if it was started, else the one process: for what holds in both and has more to show in a cluster. */
export function largestPlace(): Place {
  const place = PLACES.find((one) => one.kind === "cluster") ?? PLACES[0];
  if (place === undefined) throw new Error("no place was started");
  return place;
}
