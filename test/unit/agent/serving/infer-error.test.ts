import { expect, test } from "vitest";
import { InferError } from "../../../../agent/src/domain/infer-error.ts";

test("an inference without an answer tells its code and its reason, and costs nobody a stack", () => {
  const cause = new TypeError("a defect");

  const error = new InferError("OVERLOADED", "send it again later", { cause, retryAfterMs: 7 });

  expect(error).toMatchObject({ name: "InferError", code: "OVERLOADED", retryAfterMs: 7, cause });
  expect(error.stack).toBe("InferError: send it again later");
});

test("every other error keeps its stack, also those made after one without", () => {
  const before = Error.stackTraceLimit;

  const error = new InferError("BAD_TENSOR", "input x: expected it, got none");

  expect(error.message).toBe("input x: expected it, got none");
  expect(Error.stackTraceLimit).toBe(before);
  expect(new TypeError("a defect").stack).toContain("infer-error.test.ts");
});
