import { createServer, type Server } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { RolloutEventPage, rolloutLimits } from "@modelfleet/protocol";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { runProgram } from "../../controller/cli/program.ts";
import { renderEvent } from "../../controller/cli/render/rollout-event.ts";
import type { Terminal } from "../../controller/cli/terminal.ts";
import { recordedTerminal } from "../support/cli/recorded-terminal.ts";
import { eventually } from "../support/eventually.ts";
import { type CuttingProxy, startCuttingProxy } from "../support/http/cutting-proxy.ts";
import { answerOf } from "../support/http/fleet-server.ts";
import { percent } from "../support/rollout/rollout-questions.ts";
import { type RolloutServer, startRolloutServer } from "../support/rollout/rollout-server.ts";

let server: RolloutServer;
let proxy: CuttingProxy;
let versions = 0;
/** The rollout of the test. */
let id = "";

beforeAll(async () => {
  server = await startRolloutServer({ devices: 4 });
  proxy = await startCuttingProxy(server.url);
});
afterAll(async () => {
  expect(server.defects).toEqual([]);
  await proxy[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
});

/** A command in real time, through the proxy. */
function watching(changes: Partial<Terminal> = {}, url = proxy.url) {
  const recorded = recordedTerminal({ MODELFLEET_URL: url });
  const terminal: Terminal = {
    ...recorded.terminal,
    nowMs: Date.now,
    sleep: async (ms, signal) => {
      await sleep(ms, undefined, signal === undefined ? {} : { signal }).catch(() => undefined);
    },
    ...changes,
  };
  return { ...recorded, ended: runProgram(["rollout", "watch", id], terminal) };
}

// Waits for a person after its first device.
beforeEach(async () => {
  versions += 1;
  const version = `${versions}.0.0`;
  await server.world.publish(version);
  const stages = [percent(25, { review: true }), percent(100)];
  ({ id } = await server.start({ stages }, { version }));
});
afterEach(async () => {
  const { state } = await server.world.show(id);
  if (state !== "completed") await server.say(id, "abort", { devices: "keep" });
});

const toldOf = async () => {
  const page = await server.ask(`/v1/rollouts/${id}/events`);
  return (await answerOf(page, RolloutEventPage)).events;
};
const linesOf = (out: string) => out.split("\n").filter((line) => /^\d{4}-\d\d-/.test(line));

test("a stream that breaks off is opened behind the last event that was heard; nothing is told twice, nothing missed", async () => {
  const before = await toldOf();
  const first = proxy.lastEventIds.length;
  proxy.cuts = 1;

  const command = watching();
  await eventually(() => expect(proxy.lastEventIds.length).toBe(first + 2), { withinMs: 20_000 });
  await server.say(id, "promote");

  expect(await command.ended).toBe(0);
  const all = await toldOf();
  expect(linesOf(command.out())).toEqual(all.map(renderEvent));
  const [none, ...later] = proxy.lastEventIds.slice(first, first + 2);
  expect(none).toBeUndefined();
  expect(before.map(({ seq }) => String(seq))).toContain(later[0]);
});

test("what happens is told as it happens, long before the command would look by itself", async () => {
  const command = watching();
  await eventually(() => expect(command.out()).toContain("stage.awaiting-review"));
  const askedAtMs = performance.now();

  await server.say(id, "promote");
  const exitCode = await command.ended;

  expect(exitCode).toBe(0);
  expect(performance.now() - askedAtMs).toBeLessThan(rolloutLimits.watchRefreshMs / 2);
});

test("on a screen the funnel follows what happens, and is wiped away for the last one", async () => {
  const command = watching({ screen: () => ({ columns: 90, rows: 30 }) });
  await eventually(() => expect(command.err()).toContain("stage 1  awaiting-review"));

  await server.say(id, "promote");

  expect(await command.ended).toBe(0);
  expect(command.err()).toContain("confirmed");
  expect(command.err().endsWith("\u001b[J")).toBe(true);
  expect(linesOf(command.out())).toEqual([]);
  expect(command.out()).toContain("3 of 3 confirmed, 0 failed");
});

test("a controller that is away for a while is waited for", async () => {
  const command = watching();
  await eventually(() => expect(command.out()).toContain("stage.awaiting-review"));
  proxy.leave();
  await server.say(id, "promote");
  await eventually(() => expect(proxy.missed()).toBeGreaterThan(1));
  proxy.comeBack();

  expect(await command.ended).toBe(0);
  expect(linesOf(command.out())).toEqual((await toldOf()).map(renderEvent));
});

test("Ctrl-C ends the command at once, and leaves the rollout as it is", async () => {
  const command = watching();
  await eventually(() => expect(command.out()).toContain("stage.awaiting-review"));

  expect(command.interrupt()).toBe(true);

  expect(await command.ended).toBe(130);
  expect(command.err()).toContain(`rollout ${id} goes on without this command`);
  expect(command.err()).not.toContain("rollout pause");
  expect((await server.world.show(id)).paused).toBe("review");
});

test.each([
  ["an event without an end", `data: ${"x".repeat(rolloutLimits.eventLengthMax)}`],
  ["an event of many lines", "data: x\n".repeat(rolloutLimits.eventLengthMax / 4)],
  ["an event that is none", "data: {}\n\n"],
])("%s ends the command with exit code 1", async (_, text) => {
  const rollout = await (await server.ask(`/v1/rollouts/${id}`)).text();
  await using other = await answering((path) =>
    path.includes("/events")
      ? { type: "text/event-stream", text }
      : { type: "application/json", text: rollout },
  );

  const command = watching({}, other.url);

  expect(await command.ended).toBe(1);
  expect(command.err()).toMatch(/expected an event of at most|unexpected event/);
});

/** A server that answers each path with the same text, and keeps streams open. */
async function answering(
  answerTo: (path: string) => { readonly type: string; readonly text: string },
) {
  const server: Server = createServer((request, response) => {
    const { type, text } = answerTo(request.url ?? "");
    response.writeHead(200, { "content-type": type });
    if (type === "text/event-stream") response.write(text);
    else response.end(text);
  });
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("expected a port");
  return {
    url: `http://127.0.0.1:${address.port}`,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise<void>((resolve) => void server.close(() => resolve()));
    },
  };
}
