import { writeFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { ReleaseRefused } from "../../agent/src/domain/release-refused.ts";
import { hostileAnswers, hostileRunner } from "../support/agent/hostile-runner.ts";
import { runnerFixture, runnerPids } from "../support/agent/runner-fixture.ts";
import { denseContract, stageModel } from "../support/agent/staged-model.ts";
import { eventually } from "../support/eventually.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const never = new AbortController().signal;
const memoryMax = 64 * 1024 * 1024;

/** What the supervisor says of each; the message names what was expected. */
const verdicts: Readonly<Record<keyof typeof hostileAnswers, string>> = {
  "another id": "RUNNER_CRASH expected the answer to 4, got 11",
  "no id": "RUNNER_CRASH expected the answer to 4, got 0",
  "something where nothing is": "RUNNER_CRASH expected zero before a frame's header, got 1",
  "a kind of its own": "RUNNER_CRASH expected an answer of a known kind",
  "a length that is no number": "RUNNER_CRASH expected bytes to be a whole number",
  "a length beyond the frame": "RUNNER_CRASH expected 8 bytes for tensor y, got 1099511627776",
  "dimensions whose product is no whole number": "RUNNER_CRASH bytes for tensor y, got 8",
  "ten thousand tensors": "RUNNER_CRASH expected a frame header of at most",
  "another output": "LOAD_FAILED expected the outputs asked for",
  "another element type": "LOAD_FAILED expected the outputs asked for",
  "no outputs": "LOAD_FAILED expected the outputs asked for",
  "a frame of four gigabytes": "RUNNER_CRASH expected a frame of at most",
  "bytes without end": "RUNNER_CRASH expected a frame of at most",
  "half a frame and silence": "WARMUP_TIMEOUT expected an answer within 3000 ms",
  "other bytes under the same header": "RUNNER_CRASH expected 8 bytes of tensors, got 16",
  "two answers": "RUNNER_CRASH expected the answer to",
};

test.each(
  Object.entries(verdicts),
)("a runner that answers with %s is ended, and its release refused", async (answer, verdict) => {
  await using folder = await temporaryFolder();
  const runnerPath = folder.inside("hostile.cjs");
  await writeFile(runnerPath, hostileRunner(hostileAnswers[answer as keyof typeof verdicts]));
  await using fixture = await runnerFixture({ runnerPath });
  const staged = await stageModel(fixture.folder.path, {
    onnx: Buffer.from("not read"),
    io: denseContract(4, 2),
    limits: { loadMs: 3_000, inferMs: 3_000 },
  });
  const before = process.memoryUsage().rss;

  const refused = await fixture.host.load(staged, never, "trial").then(
    () => "loaded",
    (error: unknown) =>
      error instanceof ReleaseRefused ? `${error.code} ${error.message}` : "another error",
  );

  const [code = "", ...words] = verdict.split(" ");
  expect(refused).toContain(`${code} `);
  expect(refused).toContain(words.join(" "));
  expect(process.memoryUsage().rss - before).toBeLessThan(memoryMax);
  await eventually(async () => expect(await runnerPids(fixture.folder.path)).toEqual([]));
});
