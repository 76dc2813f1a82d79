/// How the proofs are run: one after the other in one process, for two browsers at once would share two processors, and what
/// one measures the other would disturb.
import { defineConfig } from "vitest/config";

export default defineConfig({
  root: import.meta.dirname,
  test: {
    include: ["**/*.proof.ts"],
    environment: "node",
    globalSetup: ["support/global.ts"],
    fileParallelism: false,
    isolate: false,
    testTimeout: 120_000,
    hookTimeout: 300_000,
    expect: { poll: { timeout: 30_000, interval: 50 } },
  },
});
