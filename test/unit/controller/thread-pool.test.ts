import { availableParallelism } from "node:os";
import { expect, test } from "vitest";
import { sizeThreadPool } from "../../../controller/src/thread-pool.ts";

test("a controller has as many threads as cores, and at least two", () => {
  const env: NodeJS.ProcessEnv = {};

  sizeThreadPool(env);

  expect(env["UV_THREADPOOL_SIZE"]).toBe(String(Math.max(2, availableParallelism())));
});

test("what its operator has set is kept", () => {
  const env: NodeJS.ProcessEnv = { UV_THREADPOOL_SIZE: "9" };

  sizeThreadPool(env);

  expect(env["UV_THREADPOOL_SIZE"]).toBe("9");
});
