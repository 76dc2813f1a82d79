/** The lines of the README run, and say what they should. */
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import ts from 'typescript';
import { expect, it } from 'vitest';
import { Everybody } from '../support/people.js';
import { Server } from '../support/server.js';
import { until } from '../support/until.js';

const HERE = new URL('../../', import.meta.url).pathname;

it('the example of the README chats', async () => {
  const server = await Server.start();
  const everybody = new Everybody();
  const folder = await mkdtemp(join(tmpdir(), 'roomlog-readme-'));
  try {
    const readme = await readFile(join(HERE, 'README.md'), 'utf8');
    const lines = /```ts\n([\s\S]*?)```/.exec(readme)?.[1] ?? '';
    expect(lines).toBe(await readFile(join(HERE, 'examples/hello.ts'), 'utf8'));
    expect(lines.split('\n').filter((line) => line.trim() !== '').length).toBeLessThanOrEqual(15);

    // As whoever installs the package has it: by its name, from what is built.
    await promisify(execFile)('npm', ['run', '--silent', 'build'], { cwd: HERE });
    await symlink(join(HERE, 'node_modules'), join(folder, 'node_modules'));
    await writeFile(join(folder, 'package.json'), '{"type":"module"}');
    const compilerOptions = { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2022 };
    const self = lines.replace('@roomlog/client', join(HERE, 'dist/index.js'));
    await writeFile(join(folder, 'hello.js'), ts.transpileModule(self, { compilerOptions }).outputText);

    const ann = await everybody.person(server.url);
    const general = everybody.client(ann.api).open('a97685bd-efe0-5571-84e1-aa9bd8918750');
    await until('general is heard', () => general.view.status === 'live');
    const running = promisify(execFile)('node', [join(folder, 'hello.js'), server.url, 'guest']);
    let said = '';
    running.child.stdout?.on('data', (text: string) => (said += text));
    await until('it has said hello', () => /said as number \d+/.test(said));
    await until('others hear it', () => general.view.messages.some(({ text }) => text === 'hello'));
    // What it said itself may have been in its snapshot; from now on it hears all.
    await until('it is there', () => general.view.presence.count === 2);
    await general.send('hello guest').receipt;
    await until('it hears others', () => said.includes('hello guest'));
    running.child.kill();
    await running.catch(() => undefined);
    expect(said).toContain('(live)');
  } finally {
    everybody.goHome();
    await rm(folder, { recursive: true, force: true });
    await server.stop();
  }
});
