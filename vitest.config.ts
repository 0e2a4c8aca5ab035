import { defineConfig } from "vitest/config";

const RUNBOOKS = "test/system/{readme-by-hand,runbook-*}.test.ts";
const source = { ssr: { resolve: { conditions: ["modelfleet-source"] } } };

export default defineConfig({
  ...source,
  test: {
    projects: [
      {
        ...source, // Pure tests may share their modules: a third of the time saved.
        test: {
          name: "unit",
          include: ["test/unit/**/*.test.ts"],
          isolate: false,
          testTimeout: 30_000,
        },
      },
      {
        ...source,
        test: {
          name: "integration",
          include: ["test/integration/**/*.test.ts"],
          testTimeout: 30_000,
        },
      },
      {
        ...source,
        test: {
          name: "system",
          include: ["test/{system,faults}/**/*.test.ts"],
          exclude: [RUNBOOKS],
          testTimeout: 120_000,
          hookTimeout: 60_000,
          fileParallelism: false,
        },
      },
      {
        ...source, // What the README and operations.md tell people to type, done as it is printed.
        test: {
          name: "runbooks",
          include: [RUNBOOKS],
          testTimeout: 120_000,
          hookTimeout: 60_000,
          fileParallelism: false,
        },
      },
      {
        ...source, // Real programs of others: brokers, security modules.
        test: {
          name: "servers",
          include: ["test/servers/**/*.test.ts"],
          testTimeout: 120_000,
          hookTimeout: 60_000,
          fileParallelism: false,
        },
      },
    ],
  },
});
