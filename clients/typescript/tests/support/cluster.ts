/** Two edges and both projectors on real services, by the project's own scripts. */
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const SCRIPT = new URL('../../../../scripts/cluster', import.meta.url).pathname;
const PARTS = ['haproxy', 'edge1', 'edge2', 'history', 'live'];

export class Cluster {
  private constructor(
    private readonly folder: string,
    /** Whether its services are others' too. */
    private readonly shares: boolean,
    readonly edges: readonly [string, string],
  ) {}

  /** On the services that `scripts/with-services` has started, if it has; else on some of its own. */
  static async up(): Promise<Cluster> {
    const folder = await mkdtemp(join(tmpdir(), 'roomlog-cluster-'));
    const services = process.env.ROOMLOG_TEST_SERVICES;
    await mkdir(folder, { recursive: true });
    if (services !== undefined) await symlink(services, join(folder, 'services'));
    await run('up', folder);
    const edges = await Promise.all(['edge1', 'edge2'].map((edge) => address(edge, folder)));
    return new Cluster(folder, services !== undefined, [edges[0] ?? '', edges[1] ?? '']);
  }

  /** Ends an edge at once, as by `kill -9`. */
  async kill(edge: 1 | 2): Promise<void> {
    await run('kill', `edge${edge}`, this.folder);
  }

  async start(edge: 1 | 2): Promise<void> {
    await run('start', `edge${edge}`, this.folder);
  }

  async wipe(): Promise<void> {
    if (this.shares) for (const part of PARTS) await run('kill', part, this.folder);
    else await run('wipe', this.folder);
    await rm(this.folder, { recursive: true, force: true });
  }
}

async function run(...words: string[]): Promise<string> {
  const binary = process.env.ROOMLOG_TEST_BIN ?? '';
  const { stdout } = await promisify(execFile)(SCRIPT, words, { env: { ...process.env, ROOMLOG_BIN: binary } });
  return stdout;
}

async function address(edge: string, folder: string): Promise<string> {
  const listen = /ROOMLOG_LISTEN=(\S+)/.exec(await run('env', edge, folder))?.[1];
  if (listen === undefined) throw new Error(`${edge} has no address`);
  return `http://${listen}`;
}
