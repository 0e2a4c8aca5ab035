import { expect, test } from "vitest";
import { runProgram } from "../../controller/cli/program.ts";
import { recordedTerminal } from "../support/cli/recorded-terminal.ts";
import { startReceiver } from "../support/events/webhook-receiver.ts";
import { startFleetServer } from "../support/http/fleet-server.ts";

test("the command line adds, lists, tests and removes a webhook", async () => {
  await using receiver = await startReceiver();
  await using server = await startFleetServer();
  const env = { MODELFLEET_URL: server.url, MODELFLEET_API_KEY: server.adminKey };
  const run = async (...argv: readonly string[]) => {
    const recorded = recordedTerminal(env);
    const exitCode = await runProgram(["webhook", ...argv], recorded.terminal);
    return { exitCode, out: recorded.out(), err: recorded.err() };
  };

  const made = await run("add", receiver.url, "--type", "modelfleet.rollout.*");
  expect(made).toMatchObject({ exitCode: 0 });
  expect(made.out).toMatch(/^whsec_[A-Za-z0-9+/]{43}=\n$/);
  const id = /webhook ([0-9a-f]{16}) is added/.exec(made.err)?.[1] ?? "";
  expect((await run("list")).out).toMatch(/hook +modelfleet\.rollout\.\* +enabled +0 +0/);
  expect(await run("test", id)).toMatchObject({ exitCode: 0 });
  await server.deliveries.tick();
  const log = await run("deliveries", id);
  expect(log.out).toMatch(/test-[0-9a-f]{16} +modelfleet\.webhook\.test +.* delivered +1 +204/);
  const event = /test-[0-9a-f]{16}/.exec(log.out)?.[0] ?? "";
  expect(await run("redeliver", id, event)).toMatchObject({ exitCode: 0 });
  expect((await run("disable", id)).out).toContain("1 events wait");
  expect(await run("enable", id)).toMatchObject({ exitCode: 0 });
  expect(await run("remove", id)).toMatchObject({ exitCode: 0 });
  expect(await run("deliveries", id)).toMatchObject({ exitCode: 3 });
  const paused = await run("add", receiver.url, "--paused", "--json");
  expect(JSON.parse(paused.out)).toMatchObject({ webhook: { enabled: false } });
  expect(await run("remove", "nonsense")).toMatchObject({ exitCode: 2 });
  expect(await run("add", "http://10.0.0.1/x")).toMatchObject({ exitCode: 5 });
});
