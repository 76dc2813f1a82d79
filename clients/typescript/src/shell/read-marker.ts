/** One's own read marker of a room: what was read is gathered, and the last of it told until the server has it. */
import { ClientError } from '../errors.js';
import type { Outcome } from '../machine/types.js';

export class ReadMarker {
  private wanted = 0;
  private confirmed = 0;
  private asking = false;
  private closed = false;
  private timer: ReturnType<typeof setTimeout> | undefined;

  /** `ask` tells the server, and answers in the end. */
  constructor(
    private readonly gatherMs: number,
    private readonly ask: (seq: number, settled: (outcome: Outcome) => void) => void,
  ) {}

  /** All up to `seq` was read. */
  want(seq: number): void {
    if (seq <= this.wanted || this.closed) return;
    this.wanted = seq;
    this.timer ??= setTimeout(() => {
      this.timer = undefined;
      this.flush();
    }, this.gatherMs);
  }

  /** The server has it up to there, from wherever. */
  confirm(seq: number): void {
    this.confirmed = Math.max(this.confirmed, seq);
  }

  /** Tells what was not told yet; what gets lost with a connection is told again by the next call. */
  flush(): void {
    if (this.asking || this.wanted <= this.confirmed) return;
    const seq = this.wanted;
    this.asking = true;
    this.ask(seq, (outcome) => {
      this.asking = false;
      const isLost = 'error' in outcome && outcome.error instanceof ClientError;
      const isForNow = 'error' in outcome && !isLost && 'retryable' in outcome.error && outcome.error.retryable;
      if (isLost || this.closed) return;
      if (isForNow) {
        this.timer ??= setTimeout(() => {
          this.timer = undefined;
          this.flush();
        }, this.gatherMs * 10);
        return;
      }
      // What is refused for good is not asked again.
      this.confirm(seq);
      this.flush();
    });
  }

  /** Nothing more is told. */
  close(): void {
    this.closed = true;
    clearTimeout(this.timer);
    this.timer = undefined;
  }
}
