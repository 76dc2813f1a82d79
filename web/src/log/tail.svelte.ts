/// The live end of the log: one stream of server-sent events, opened anew with backoff when it breaks.
///
/// What must hold: records that come in one frame are shown together; nothing grows with the log.

import { explain } from "../lib/errors.js";
import { Unreadable, parseTail, type TailRecord } from "./door.js";
import { waitMs } from "./polling.js";
import { renew, tailPath, type Filter } from "./source.js";
import { came, hold, MOST_RECORDS, NOTHING, passedOver, release, type Tailing } from "./tailing.js";

export type Flow = "opening" | "open" | "broken";

export class Tail {
  #tailing = $state.raw<Tailing>(NOTHING);
  #flow = $state<Flow>("opening");
  #failure = $state<string | null>(null);
  #stream: EventSource | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #frame: number | null = null;
  #came: TailRecord[] = [];
  #failures = 0;
  /** Which opening it is: what an older one still brings is not heard. */
  #opening = 0;

  get tailing(): Tailing {
    return this.#tailing;
  }

  get flow(): Flow {
    return this.#flow;
  }

  /** Why it broke, where that is known. */
  get failure(): string | null {
    return this.#failure;
  }

  /** Shows the records of a filter, from the latest on. */
  open(filter: Filter): void {
    this.close();
    this.#tailing = { ...NOTHING, held: this.#tailing.held };
    this.#flow = "opening";
    this.#failures = 0;
    void this.#connect(filter);
  }

  toggle(): void {
    this.#tailing = this.#tailing.held ? release(this.#tailing) : hold(this.#tailing);
  }

  close(): void {
    this.#opening += 1;
    this.#stream?.close();
    this.#stream = null;
    clearTimeout(this.#timer);
    if (this.#frame !== null) cancelAnimationFrame(this.#frame);
    this.#frame = null;
    this.#came = [];
  }

  async #connect(filter: Filter): Promise<void> {
    const opening = this.#opening;
    try {
      await renew();
    } catch (error) {
      if (opening === this.#opening) this.#broke(filter, explain(error));
      return;
    }
    if (opening !== this.#opening) return;
    const stream = new EventSource(tailPath(filter));
    this.#stream = stream;
    stream.onopen = () => {
      // A new stream begins with the latest records once more.
      this.#came = [];
      this.#tailing = { ...NOTHING, held: this.#tailing.held };
      this.#flow = "open";
      this.#failure = null;
      this.#failures = 0;
    };
    stream.onmessage = (event: MessageEvent<unknown>) => this.#heard(event.data);
    stream.addEventListener("passed_over", (event: MessageEvent<unknown>) => this.#heard(event.data));
    // Our own backoff, not the browser's: it would never ask who we are.
    stream.onerror = () => this.#broke(filter, null);
  }

  #broke(filter: Filter, failure: string | null): void {
    this.close();
    this.#flow = "broken";
    this.#failure = failure;
    this.#failures += 1;
    this.#timer = setTimeout(() => void this.#connect(filter), waitMs(this.#failures));
  }

  #heard(data: unknown): void {
    let record: TailRecord | number;
    try {
      record = parseTail(typeof data === "string" ? JSON.parse(data) : null);
    } catch (error) {
      this.#failure = error instanceof Unreadable ? error.message : explain(error);
      return;
    }
    if (typeof record === "number") {
      this.#tailing = passedOver(this.#tailing, record);
      return;
    }
    this.#came.push(record);
    if (this.#came.length >= MOST_RECORDS) this.#show();
    else this.#frame ??= requestAnimationFrame(() => this.#show());
  }

  #show(): void {
    if (this.#frame !== null) cancelAnimationFrame(this.#frame);
    this.#frame = null;
    this.#tailing = came(this.#tailing, this.#came);
    this.#came = [];
  }
}
