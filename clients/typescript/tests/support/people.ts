/** People on a real server, each with an api and as many clients as a test wants. */
import WebSocket from 'ws';
import { Api, Client, type ApiOptions, type ClientOptions, type Room } from '../../src/index.js';

/** What is opened by a test, and closed behind it. */
export class Everybody {
  private readonly clients: Client[] = [];
  private readonly apis: Api[] = [];
  private count = 0;

  /** Somebody new. */
  async person(url: string, options: Partial<ApiOptions> = {}): Promise<Person> {
    this.count += 1;
    const username = `p${this.count}-${crypto.randomUUID().slice(0, 8)}`;
    const api = this.keep(new Api({ url, auth: 'bearer', ...options }));
    const { user } = await api.auth.register({ username, password: PASSWORD });
    return { api, id: user.id, username };
  }

  /** Another device of theirs: another login. */
  async device(person: Person, options: Partial<ApiOptions> = {}): Promise<Person> {
    const api = this.keep(new Api({ url: person.api.url, auth: 'bearer', ...options }));
    await api.auth.login({ username: person.username, password: PASSWORD });
    return { ...person, api };
  }

  keep(api: Api): Api {
    this.apis.push(api);
    return api;
  }

  /** A client of theirs; it comes back fast, so that tests need not wait. */
  client(api: Api, options: Partial<ClientOptions> = {}): Client {
    const limits = { backoffFirstMs: 20, backoffMostMs: 500, readGatherMs: 10, ...options.limits };
    const client = new Client({ webSocket: WebSocket, ...options, api, limits });
    this.clients.push(client);
    client.connect();
    return client;
  }

  /** Closes whatever was opened. */
  goHome(): void {
    for (const client of this.clients.splice(0)) client.close();
    for (const api of this.apis.splice(0)) api.close();
  }
}

export interface Person {
  readonly api: Api;
  readonly id: string;
  readonly username: string;
}

export const PASSWORD = 'correct horse battery';

/** What is shown of a room, as texts, sent and pending. */
export function texts(room: Room): string[] {
  return [...room.view.messages, ...room.view.pending].map(({ text }) => text);
}
