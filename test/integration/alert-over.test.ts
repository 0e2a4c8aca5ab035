import { AlertDetail, AlertList } from "@modelfleet/protocol";
import { expect, test } from "vitest";
import { runProgram } from "../../controller/cli/program.ts";
import { recordedTerminal } from "../support/cli/recorded-terminal.ts";
import { startDriftServer } from "../support/drift/drift-server.ts";
import { cellMs, driftStartMs } from "../support/drift/drift-world.ts";

test("an alert that is over is nobody's to take, and says since when", async () => {
  await using server = await startDriftServer();
  const { world } = server;
  const release = await world.publish();
  const camera = await world.device("cam-1");
  for (let cell = 0; cell < 7; cell++) {
    const startMs = driftStartMs + cell * cellMs;
    const shift = { feature: 0, by: cell < 3 ? 1 : 0 };
    await world.send(camera, [world.window(release, { startMs, shift })]);
    await world.judge(startMs);
  }
  const { alerts } = AlertList.parse(await (await server.ask("/v1/alerts")).json());
  const id = alerts.find(({ cohort }) => cohort === "fleet")?.id ?? "";
  const shown = async () => AlertDetail.parse(await (await server.ask(`/v1/alerts/${id}`)).json());
  const before = await shown();
  expect(before).toMatchObject({ state: "OK", signal: "feature:brightness" });

  const init = { method: "POST", headers: { "content-type": "application/json" }, body: "{}" };
  const refused = await server.ask(`/v1/alerts/${id}:ack`, init);
  const { terminal, err } = recordedTerminal({ MODELFLEET_URL: server.url });
  const code = await runProgram(["alert", "ack", id], terminal);

  const why = `this one is over (OK since ${new Date(driftStartMs + 6 * cellMs).toISOString()})`;
  expect(refused.status).toBe(409);
  const problem = await refused.text();
  expect(JSON.parse(problem)).toMatchObject({ code: "ALERT_STATE" });
  expect(problem).toContain(why);
  expect([code, err()]).toEqual([5, expect.stringContaining(why)]);
  expect(await shown()).toEqual(before);
  expect(world.defects).toEqual([]);
});
