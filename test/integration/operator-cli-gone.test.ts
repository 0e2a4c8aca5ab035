import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { rolloutLimits } from "@modelfleet/protocol";
import { afterEach, expect, test } from "vitest";
import { contextOf } from "../../controller/cli/context.ts";
import { followRollout } from "../../controller/cli/follow-rollout.ts";
import { runProgram } from "../../controller/cli/program.ts";
import { serve, stopServing } from "../support/cli/fake-controller.ts";
import { recordedTerminal } from "../support/cli/recorded-terminal.ts";
import { percent } from "../support/rollout/rollout-questions.ts";
import { startRolloutServer } from "../support/rollout/rollout-server.ts";

const program = join(import.meta.dirname, "../../modelfleet/bin/modelfleet.js");

afterEach(stopServing);

test("a rollout that is followed into `head` is followed no more when head has gone", async () => {
  await using server = await startRolloutServer({ devices: 4 });
  await server.world.publish("1.0.0");
  const stages = [percent(25, { review: true }), percent(50, { review: true }), percent(100)];
  const { id } = await server.start({ stages }, { version: "1.0.0" });
  const child = spawn(process.execPath, [program, "rollout", "watch", id], {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, MODELFLEET_URL: server.url },
  });
  const [said, ended] = [text(child.stderr), once(child, "close")];
  await once(child.stdout, "data");

  child.stdout.destroy();
  await server.say(id, "promote");

  expect(await ended).toEqual([130, null]);
  expect(await said).toContain(`rollout ${id} `);
  expect((await server.world.show(id)).state).not.toBe("completed");
  await server.say(id, "abort", { devices: "keep" });
});

test("what a controller says no with cannot steer the terminal", async () => {
  const url = await serve((_, outgoing) => {
    outgoing.writeHead(500, { "content-type": "text/plain" }).end("\u001b[2J\rall is well");
  });
  const { terminal, err } = recordedTerminal({ MODELFLEET_URL: url });

  expect(await runProgram(["rollout", "show", "cdd1af82d510d185"], terminal)).toBe(1);
  expect(err()).toBe("error: the controller answered 500: \u{fffd}[2J\u{fffd}all is well\n");
});

test("a controller that ends each stream at once and asks for no pause is not asked without one", async () => {
  let streams = 0;
  const url = await serve((_, outgoing) => {
    streams += 1;
    outgoing.writeHead(200, { "content-type": "text/event-stream" }).end("retry: 0\n\n");
  });
  const { terminal } = recordedTerminal({ MODELFLEET_URL: url });
  const stop = new AbortController();
  const pauses: number[] = [];
  const sleep = (ms: number) => {
    pauses.push(ms);
    if (pauses.length === 3) stop.abort();
    return Promise.resolve();
  };
  const context = contextOf({ ...terminal, sleep }, {});

  const events = followRollout(context, { id: "r-1", after: 0, signal: stop.signal });

  expect(await events.next()).toMatchObject({ done: true });
  expect(streams).toBe(3);
  expect(pauses).toEqual(pauses.map(() => rolloutLimits.watchPollMs));
});
