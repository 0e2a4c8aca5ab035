import { join } from "node:path";
import { defineConfig } from "vitest/config";

const root = join(import.meta.dirname, "../..");

/** The tests of the verification core, and the demand that they go every way through it. */
export default defineConfig({
  root,
  // Not by the workspace's link, so that a copy of the tree (mutation testing) tests its own sources.
  resolve: { alias: { "@modelfleet/protocol": join(root, "protocol/src/index.ts") } },
  test: {
    include: ["test/unit/protocol/trust/**/*.test.ts"],
    isolate: false,
    coverage: {
      enabled: true,
      provider: "v8",
      include: ["protocol/src/trust/core/**/*.ts"],
      reporter: ["text"],
      thresholds: { branches: 100, functions: 100, lines: 100, statements: 100 },
    },
  },
});
