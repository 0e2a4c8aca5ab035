import { describe, expect, test } from "vitest";
import { lastWords } from "../../../../agent/src/adapters/runner-process/last-words.ts";

/** What Node 24 and the libraries really write, shortened only where they repeat themselves. */
const heapLimit = `
<--- Last few GCs --->

[26620:0x2ed02000]      354 ms: Mark-Compact 23.4 (31.9) -> 21.2 (53.8) MB, allocation failure; scavenge might not succeed

FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory
----- Native stack trace -----

 1: 0x931db0  [/opt/modelfleet/bin/node]
 2: 0x75968e node::OOMErrorHandler(char const*, v8::OOMDetails const&) [/opt/modelfleet/bin/node]
`;
const reserved = `

#
# Fatal process out of memory: Failed to reserve virtual memory for CodeRange
#
----- Native stack trace -----

 1: 0x9dde61  [/opt/modelfleet/bin/node]
`;
const thrown = `file:///opt/modelfleet/agent/dist/runner/main.js:50
      throw new TypeError("expected a model");
      ^

TypeError: expected a model in /var/lib/modelfleet/blobs/0a1b
    at main (file:///opt/modelfleet/agent/dist/runner/main.js:50:13)
    at ModuleJob.run (node:internal/modules/esm/module_job:343:25) {
  code: 'ERR'
}

Node.js v24.21.0
`;

describe("what a process says at its end is told", () => {
  test.each([
    [
      "of V8's own limit",
      heapLimit,
      "out of memory: FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory",
    ],
    [
      "of the system's limit",
      reserved,
      "out of memory: Fatal process out of memory: Failed to reserve virtual memory for CodeRange",
    ],
    [
      "of the allocator",
      "terminate called after throwing an instance of 'std::bad_alloc'\n  what():  std::bad_alloc\n",
      "out of memory: what(): std::bad_alloc",
    ],
    [
      "of a thrown error, without the folders of the device",
      thrown,
      "TypeError: expected a model in 0a1b",
    ],
    ["of the C library", "hello\nfree(): invalid pointer\n", "free(): invalid pointer"],
    [
      "of the program that starts it",
      "setpriv: failed to execute /nowhere/node: No such file or directory\n",
      "setpriv: failed to execute node: No such file or directory",
    ],
    [
      "in colours",
      "\u001b[1;31m2026 [E:onnxruntime:] no kernel\u001b[m\n",
      "2026 [E:onnxruntime:] no kernel",
    ],
    ["that is nothing", " \n\n", ""],
  ])("%s", (_, stderr, words) => {
    expect(lastWords(stderr)).toBe(words);
  });
});

test("a long line is told up to two hundred characters", () => {
  const hostile = `${"Assertion ".repeat(1_000)}\n${"/a".repeat(4_000)}\n${"x".repeat(8_000)}`;

  expect(lastWords(hostile)).toBe(`${"x".repeat(199)}…`);
});
