import { expect } from "vitest";

/** In an expected value: any text that contains this, or matches it. */
export function textLike(pattern: string | RegExp): unknown {
  return typeof pattern === "string"
    ? expect.stringContaining(pattern)
    : expect.stringMatching(pattern);
}
