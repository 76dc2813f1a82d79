/** A real server in one process, its data in a folder of its own, on a port that the kernel chose. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { until } from './until.js';

/** Settings as `ROOMLOG_…` variables. */
export type Settings = Readonly<Record<string, string>>;

export class Server {
  private constructor(
    readonly url: string,
    private readonly folder: string,
    private readonly settings: Settings,
    private process: ChildProcess,
  ) {}

  static async start(settings: Settings = {}): Promise<Server> {
    const folder = await mkdtemp(join(tmpdir(), 'roomlog-client-'));
    const port = await freePort();
    const own = { ROOMLOG_LISTEN: `127.0.0.1:${port}`, ROOMLOG_DATA_DIR: join(folder, 'data'), ...settings };
    const server = new Server(`http://127.0.0.1:${port}`, folder, own, launch(own));
    await server.ready();
    return server;
  }

  /** Ends at once, as by `kill -9`, and leaves its data. */
  async kill(): Promise<void> {
    if (this.process.exitCode !== null || this.process.signalCode !== null) return;
    const gone = once(this.process, 'exit');
    this.process.kill('SIGKILL');
    await gone;
  }

  /** Comes back at the same address, with the data that it left. */
  async restart(): Promise<void> {
    await this.kill();
    this.process = launch(this.settings);
    await this.ready();
  }

  /** Comes back at the same address with a log that has never been: another epoch. People stay who they are. */
  async restartWithNewLog(): Promise<void> {
    await this.kill();
    const data = join(this.folder, 'data');
    for (const name of ['log.db', 'history.db']) {
      for (const end of ['', '-wal', '-shm']) await rm(join(data, name + end), { force: true });
    }
    this.process = launch(this.settings);
    await this.ready();
  }

  /** Makes somebody an admin, as it is done: by a command beside the server, which stands still meanwhile. */
  async makeAdmin(username: string, password: string): Promise<void> {
    await this.kill();
    const made = launch({ ...this.settings, ROOMLOG_ADMIN_PASSWORD: password }, [
      'admin',
      'create',
      '--username',
      username,
    ]);
    await once(made, 'exit');
    if (made.exitCode !== 0) throw new Error(`no admin was made: ${made.exitCode}`);
    await this.restart();
  }

  /** Ends, and takes its data along. */
  async stop(): Promise<void> {
    await this.kill();
    await rm(this.folder, { recursive: true, force: true });
  }

  private async ready(): Promise<void> {
    await until(`${this.url} is ready`, async () => {
      if (this.process.exitCode !== null) throw new Error(`the server ended with ${this.process.exitCode}`);
      return (await fetch(`${this.url}/readyz`).catch(() => undefined))?.ok === true;
    });
  }
}

function launch(settings: Settings, words: readonly string[] = ['serve']): ChildProcess {
  const binary = process.env.ROOMLOG_TEST_BIN;
  if (binary === undefined) throw new Error('ROOMLOG_TEST_BIN names no binary');
  const kept = Object.entries(process.env).filter(([name]) => !/^ROOMLOG_(?!RUN$)/.test(name));
  return spawn(binary, words, { env: { ...Object.fromEntries(kept), ...settings }, stdio: 'ignore' });
}

/** A port that nobody listens on. Between this and its use somebody may take it: then the server does not start, and says so. */
async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const address = probe.address();
  probe.close();
  await once(probe, 'close');
  if (address === null || typeof address === 'string') throw new Error('the kernel gave no port');
  return address.port;
}
