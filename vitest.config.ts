import { defineConfig } from "vitest/config";

const RUNBOOKS = "test/system/{readme-by-hand,runbook-*}.test.ts";
/** Up to half a minute each, most of it waiting for real time: CI runs them, `npm test` does not. */
const LONG = [
  "test/system/{drift-alert,drift-expected,labels,learned-profile,simulator}.test.ts",
  "test/faults/{killed-in-the-middle,telemetry-exactly-once}.test.ts",
];
/** Each of these starts processes; see there. */
const setupFiles = ["test/support/no-process-left.ts"];
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
          setupFiles,
          include: ["test/integration/**/*.test.ts"],
          isolate: false,
          testTimeout: 30_000,
        },
      },
      {
        ...source,
        test: {
          name: "system",
          setupFiles,
          include: ["test/{system,faults}/**/*.test.ts"],
          exclude: [RUNBOOKS, ...LONG],
          testTimeout: 120_000,
          hookTimeout: 60_000,
        },
      },
      {
        ...source,
        test: {
          name: "long",
          setupFiles,
          include: LONG,
          testTimeout: 120_000,
          hookTimeout: 60_000,
        },
      },
      {
        ...source, // What the README and operations.md tell people to type, done as it is printed.
        test: {
          name: "runbooks",
          setupFiles,
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
          setupFiles,
          include: ["test/servers/**/*.test.ts"],
          testTimeout: 120_000,
          hookTimeout: 60_000,
          fileParallelism: false,
        },
      },
    ],
  },
});
