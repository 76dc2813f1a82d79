/**
 * Pages of messages that are on their way, and what happens in the room meanwhile.
 *
 * A page stands at some point after the one at which it was asked for (`min_seq`), and nobody says at which. So the room's events from
 * then on are kept, and given to the page when it comes: edits and deletions may be applied twice and are the same, a message may be
 * there already; and of messages with reactions meanwhile it is asked again how they stand.
 */
import type { Message } from '../generated/schema.js';
import type { RoomEvent } from '../protocol/event.js';

/** Something that must be asked for again: the room has jumped, or more has happened than is kept. */
export class Overtaken extends Error {
  override readonly name = 'Overtaken';
}

export class Loads {
  private readonly underWay = new Set<{ events: RoomEvent[]; overtaken: boolean }>();

  /** `most` events are kept. */
  constructor(private readonly most: number) {}

  /** Notes an event for every page that is on its way. */
  event(event: RoomEvent): void {
    for (const load of this.underWay) {
      if (load.events.length < this.most) load.events.push(event);
      else load.overtaken = true;
    }
  }

  /** What is on its way is of no use any more. */
  jump(): void {
    for (const load of this.underWay) load.overtaken = true;
  }

  /**
   * Loads, and answers with what happened since.
   *
   * @throws {@link Overtaken}, besides what `load` throws
   */
  async run<T>(load: () => Promise<T>): Promise<{ loaded: T; events: readonly RoomEvent[] }> {
    const mine = { events: [], overtaken: false };
    this.underWay.add(mine);
    try {
      const loaded = await load();
      if (mine.overtaken) throw new Overtaken('the room went on faster than its page came');
      return { loaded, events: mine.events };
    } finally {
      this.underWay.delete(mine);
    }
  }
}

/** The seqs of messages among these that somebody reacted to meanwhile. */
export function reactedTo(messages: readonly Message[], events: readonly RoomEvent[]): readonly number[] {
  const seqs = new Set(messages.map(({ seq }) => seq));
  const hit = events.flatMap((event) =>
    (event.type === 'reaction_added' || event.type === 'reaction_removed') && seqs.has(event.body.seq)
      ? [event.body.seq]
      : [],
  );
  return [...new Set(hit)];
}

/** Whether an event changes what a message is, in a way that may be applied twice. */
export function isRepeatable(event: RoomEvent): boolean {
  return event.type === 'message_edited' || event.type === 'message_deleted';
}
