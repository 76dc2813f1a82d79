import { defineConfig } from 'vitest/config';

/** The machine by itself needs nothing; what is in `tests/server` needs a server's binary and, for the cluster, services. */
export default defineConfig({
  test: {
    globals: false,
    environment: 'node',
    projects: [
      { test: { name: 'unit', include: ['src/**/*.test.ts', 'tests/unit/**/*.test.ts'] } },
      {
        test: {
          name: 'server',
          include: ['tests/server/**/*.test.ts'],
          globalSetup: ['tests/support/global.ts'],
          testTimeout: 60_000,
          hookTimeout: 240_000,
          maxWorkers: 2,
          // After the unit tests: servers take the processors that timers of tests need.
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
