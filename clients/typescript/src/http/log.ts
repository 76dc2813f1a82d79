/** A room's past: as it stood, and its events as they happened, over HTTP. */
import { ConnectionError, ofRefusal } from '../errors.js';
import type { Past, ReplayedEvent } from '../generated/schema.js';
import { read } from '../protocol/check.js';
import { objects } from './lines.js';
import type { Transport } from './transport.js';

/** One of the three. `epoch` and `partition` go with an offset that was kept with them. */
export interface At {
  readonly seq?: number;
  /** Milliseconds since 1970. */
  readonly time?: number;
  readonly offset?: number;
  readonly epoch?: string;
  readonly partition?: number;
}

/** From where to where; without an end, up to the log's end as it is now. */
export interface Span {
  readonly from_seq?: number;
  readonly from_time?: number;
  readonly from_offset?: number;
  readonly to_seq?: number;
  readonly to_time?: number;
  readonly to_offset?: number;
  readonly epoch?: string;
  readonly partition?: number;
  /** Whether each event comes with its Avro bytes, base64. */
  readonly datum?: boolean;
}

/** A record of the log, and the fold's word on it. */
export type { ReplayedEvent };

export class LogApi {
  constructor(private readonly transport: Transport) {}

  /** A room as it stood; `members_after` turns its pages of members. */
  async at(room: string, query: At & { readonly members_after?: string }): Promise<Past> {
    return await this.transport.call('GET /v1/rooms/{room}/at', { path: { room }, query: { ...query } }, 'Past');
  }

  /**
   * A room's records as they happened, over HTTP: read as fast as they are taken. `Client.replay` does the same over the socket, and goes
   * on by itself where a connection breaks.
   *
   * @throws `RoomlogError` where the replay can't go on, `ConnectionError` where the stream breaks off
   */
  async *events(room: string, span: Span): AsyncGenerator<ReplayedEvent, void, undefined> {
    const ending = new AbortController();
    const request = { path: { room }, query: { ...span }, signal: ending.signal, endless: true };
    const response = await this.transport.signed('GET /v1/rooms/{room}/events', request);
    try {
      if (response.status === 204 || response.body === null) return;
      for await (const json of objects(response.body)) {
        if ('done' in json) return;
        if ('error' in json) throw ofRefusal(read('Refusal', json.error));
        yield read('ReplayedEvent', json);
      }
      throw new ConnectionError('the replay broke off');
    } finally {
      ending.abort();
    }
  }
}
