/// The clock of a replay, as a machine: the room's time runs `speed` times as fast as ours, and an event is due when it has
/// come to the event's append time. Pure: our time comes in with every tick.
///
/// What must hold: the room's time never goes beyond what is known (an event that is not here yet could be before it),
/// and a page that stood still (another tab, a closed lid) does not leap.

export const SPEEDS = [1, 2, 5, 10, 20, 50, 100] as const;
export type Speed = (typeof SPEEDS)[number];

export interface Player {
  readonly playing: boolean;
  readonly speed: Speed;
  /** Whether a silence is cut short. */
  readonly skip: boolean;
  /** The room's time, milliseconds since 1970. */
  readonly time: number;
  /** Our time at the last tick; null before the first since it plays. */
  readonly ticked: number | null;
}

/** What comes next: an event at a time, one that is still on its way, or nothing more. */
export type Next =
  { readonly kind: "event"; readonly at: number } | { readonly kind: "waiting" } | { readonly kind: "end" };

/** The longest step of our time that counts, milliseconds. */
export const MOST_STEP_MS = 250;
/** How much of a silence is kept where silences are skipped, milliseconds of ours. */
export const KEPT_SILENCE_MS = 1_500;

/** A player that stands still at a time of the room. */
export function playerAt(time: number, speed: Speed = 1, skip = true): Player {
  return { playing: false, speed, skip, time, ticked: null };
}

export function play(player: Player): Player {
  return { ...player, playing: true, ticked: null };
}

export function pause(player: Player): Player {
  return { ...player, playing: false, ticked: null };
}

/** Puts the room's time somewhere else; it goes on playing if it did. */
export function moved(player: Player, time: number): Player {
  return { ...player, time, ticked: null };
}

/** Lets the room's time run on to our time `now`. */
export function tick(player: Player, now: number, next: Next): Player {
  if (!player.playing) return player;
  if (next.kind === "end") return pause(player);
  const step = player.ticked === null ? 0 : Math.min(Math.max(now - player.ticked, 0), MOST_STEP_MS);
  const ticked = { ...player, ticked: now };
  if (next.kind === "waiting") return ticked;
  const time = player.time + step * player.speed;
  return { ...ticked, time: player.skip ? Math.max(time, next.at - KEPT_SILENCE_MS * player.speed) : time };
}

/** How long the silence before the next event still is, milliseconds of ours; 0 where it is due. */
export function silence(player: Player, next: Next): number {
  return next.kind === "event" ? Math.max(0, (next.at - player.time) / player.speed) : 0;
}

/** How many of the events that wait, in order of their times, are due: at most `most`. */
export function due(waiting: readonly { readonly at: number }[], time: number, most: number): number {
  let count = 0;
  for (const { at } of waiting) {
    if (count === most || at > time) break;
    count += 1;
  }
  return count;
}
