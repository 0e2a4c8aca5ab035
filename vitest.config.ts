import { defineConfig } from "vitest/config";

const RUNBOOKS = "test/system/{readme-by-hand,runbook-*}.test.ts";
const source = { ssr: { resolve: { conditions: ["modelfleet-source"] } } };

export default defineConfig({
  ...source,
  test: {
    maxWorkers: "100%", // Half of what the tests take is waiting for others; vitest would leave one processor out.
    projects: [
      {
        ...source, // Files that share their modules save a third of the time; each closes what it opens.
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
          isolate: false,
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
