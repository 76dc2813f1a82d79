/** Every bound of the client, with its default. Times are milliseconds. */
export interface Limits {
  /** A connection that has not been greeted for so long is given up. */
  readonly connectTimeoutMs: number;
  /** How much longer than the server's heartbeat a connection may be silent before it is given up. */
  readonly silenceGraceMs: number;
  /** When the network has gone or come back, a connection that is silent for so long is given up. */
  readonly probeTimeoutMs: number;
  /** A frame without an answer for so long ends the connection; a server answers within 10 s whatever happens behind it. */
  readonly answerTimeoutMs: number;
  /** The bound of the first pause before coming back; each further one in a row doubles it. The pause is anything below it. */
  readonly backoffFirstMs: number;
  /** The largest such bound. */
  readonly backoffMostMs: number;
  /** A connection that held for so long was a good one: the next pause is a first one again. */
  readonly stableMs: number;
  /** Commands without an outcome, sent or not: what is asked beyond it fails at once (`full`). */
  readonly commandsWaiting: number;
  /** Commands sent and unanswered at once, of the 64 that the server lets wait. */
  readonly commandsSent: number;
  /** Subscriptions asked for at once; with `commandsSent` below what the server lets wait. */
  readonly subscriptionsAsked: number;
  /** How often a write that the server refuses for now is tried before it counts as failed. */
  readonly commandTries: number;
  /** The bound of the pause before it is tried again, where the server names none; doubled each time, at most `backoffMostMs`. */
  readonly retryFirstMs: number;
  /** A token is replaced so long before it expires, or at half its life if that is later. */
  readonly refreshBeforeMs: number;
  /** How often the server's time is asked for. */
  readonly clockIntervalMs: number;
  /** At most one `typing` of a room in this time. */
  readonly typingIntervalMs: number;
  /** Who was heard typing is forgotten after this. */
  readonly typingExpiryMs: number;
  /** Typing of somebody that is heard within this after their message was on its way before it, and doesn't count. */
  readonly typingLateMs: number;
  /** How long read markers of a room are gathered before the last of them is told. */
  readonly readGatherMs: number;
  /** Messages of a room, and of each window of it, that are kept at most; the oldest, or in a window the farthest, go first. */
  readonly messagesKept: number;
  /** Messages said and not yet in the room, of one room; what is said beyond it fails at once. */
  readonly pendingMost: number;
  /** Events of a room remembered while a page of its history is on its way. */
  readonly eventsKept: number;
  /** Rooms with at most so many people there ask for a message again whose reactions may be miscounted. */
  readonly settleAudience: number;
  /** How long such a question is put off at most, so that not all ask at once. */
  readonly settleWithinMs: number;
  /** Violations kept in full; beyond that they are counted. */
  readonly violationsKept: number;
  /** A request over HTTP without an answer for so long is given up. */
  readonly requestTimeoutMs: number;
  /** A stream over HTTP without a sign of life for so long is given up; a server gives one every 15 s. */
  readonly streamSilenceMs: number;
  /** How often a request over HTTP that may be repeated is tried in all. */
  readonly requestTries: number;
}

/** What is in force where nothing else is said. */
export const DEFAULT_LIMITS: Limits = {
  connectTimeoutMs: 10_000,
  silenceGraceMs: 15_000,
  probeTimeoutMs: 4_000,
  answerTimeoutMs: 15_000,
  backoffFirstMs: 250,
  backoffMostMs: 10_000,
  stableMs: 10_000,
  commandsWaiting: 1_000,
  commandsSent: 40,
  subscriptionsAsked: 16,
  commandTries: 6,
  retryFirstMs: 250,
  refreshBeforeMs: 60_000,
  clockIntervalMs: 300_000,
  typingIntervalMs: 2_500,
  typingExpiryMs: 6_000,
  typingLateMs: 1_500,
  readGatherMs: 300,
  messagesKept: 20_000,
  pendingMost: 200,
  eventsKept: 10_000,
  settleAudience: 50,
  settleWithinMs: 3_000,
  violationsKept: 100,
  requestTimeoutMs: 20_000,
  streamSilenceMs: 40_000,
  requestTries: 3,
};
