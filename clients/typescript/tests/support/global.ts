/** What the tests against a server need is looked for once, so that its absence is said in one sentence. */
import { existsSync } from 'node:fs';

export default function setup(): void {
  const binary = process.env.ROOMLOG_TEST_BIN;
  if (binary === undefined || !existsSync(binary)) {
    throw new Error('ROOMLOG_TEST_BIN names no binary of roomlog: run `make test-web`, or build one and name it');
  }
}
