import { setTimeout as wait } from "node:timers/promises";
import { mainSlot } from "@modelfleet/protocol";
import { ReleaseRefused } from "../../../agent/src/domain/release-refused.ts";
import { Router } from "../../../agent/src/domain/serving/router.ts";
import type { LoadedModel } from "../../../agent/src/ports/runner-host.ts";
import { badReleases, goodRelease } from "./bad-releases.ts";
import { floatTensor } from "./floats.ts";
import { realClock, runnerFixture } from "./runner-fixture.ts";
import { scanning } from "./scanning.ts";
import { stageModel } from "./staged-model.ts";

/**
 * A device that is given one bad release after the other while an application asks the good one without a pause. Says
 * at the end, as JSON, what became of each, of the answers, and of its own memory.
 */
await using fixture = await runnerFixture();
const host = scanning(fixture.host);
const router = new Router<LoadedModel>({ clock: realClock });
const never = new AbortController().signal;
const x = floatTensor("x", [1, 4], [0.1, 0.2, 0.3, 0.4]);

const good = await host.load(await stageModel(fixture.folder.path, goodRelease), never, "trial");
await router.activate(mainSlot, good);
const asking = new AbortController();
const answers = new Map<string, number>();
const failures: string[] = [];
const done = ask();
// What both ways to a refusal need of this process once is not counted.
await verdictOf("an unknown operator");
await verdictOf("zeros");
globalThis.gc?.();
const beforeBytes = process.memoryUsage.rss();
let grownBytes = 0;
const sample = setInterval(() => {
  grownBytes = Math.max(grownBytes, process.memoryUsage.rss() - beforeBytes);
}, 10);
const verdicts: Record<string, string> = {};
for (const name of Object.keys(badReleases)) {
  verdicts[name] = await verdictOf(name);
}
clearInterval(sample);
asking.abort();
await done;
await good.stop();
console.log(JSON.stringify({ verdicts, failures, answers: [...answers], grownBytes }));

async function ask(): Promise<void> {
  while (!asking.signal.aborted) {
    try {
      const { outputs } = await router.infer({ slot: mainSlot, inputs: [x], timeoutMs: 10_000 });
      const bits = Buffer.from(outputs[0]?.bytes ?? []).toString("hex");
      answers.set(bits, (answers.get(bits) ?? 0) + 1);
    } catch (error) {
      failures.push(String(error));
    }
    await wait(1);
  }
}

async function verdictOf(name: string): Promise<string> {
  const bad = badReleases[name];
  if (bad === undefined) throw new TypeError(`expected a known bad release, got ${name}`);
  const staged = await stageModel(fixture.folder.path, bad);
  try {
    const model = await host.load(staged, never, "trial");
    await model.stop();
    return "loaded";
  } catch (error) {
    if (!(error instanceof ReleaseRefused)) return `a defect: ${String(error)}`;
    return `${error.code} ${error.message}`;
  }
}
