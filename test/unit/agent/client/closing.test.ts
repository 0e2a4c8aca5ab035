import { getEventListeners } from "node:events";
import { createServer } from "node:net";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type AgentClient, connect } from "../../../../agent/src/client/index.ts";
import { type ApiFixture, apiFixture } from "../../../support/agent/api-fixture.ts";
import { fakeModel } from "../../../support/agent/fake-model.ts";
import { eventually } from "../../../support/eventually.ts";
import { temporaryFolder } from "../../../support/temporary-folder.ts";

const x = { data: Float32Array.of(1, 2), shape: [1, 2] };

let fixture: ApiFixture;
let client: AgentClient;
beforeEach(async () => {
  fixture = await apiFixture();
  client = connect({ socketPath: fixture.api.socketPath, connectionsMax: 1 });
});
afterEach(async () => {
  client.close();
  expect(fixture.defects).toEqual([]);
  await fixture[Symbol.asyncDispose]();
});

test("a closed client fails what waits for an answer or for a connection, and asks nothing again", async () => {
  const model = fakeModel({ version: "1.0.0", answersAtOnce: false });
  await fixture.activate(model);
  const asked = [1, 2, 3].map(() => client.model("digits").infer({ x }));
  await eventually(() => model.waiting.length === 1);

  client.close();

  const outcomes = await Promise.allSettled([...asked, client.model("digits").infer({ x })]);
  expect(outcomes.map(({ status }) => status)).toEqual(Array(4).fill("rejected"));
  expect(outcomes[0]).toMatchObject({
    reason: { code: "UNREACHABLE", message: "expected an open client, got one that is closed" },
  });
  expect(model.waiting).toHaveLength(1);
  model.waiting[0]?.answer();
});

test("a closed client waits no longer for an agent that is not there", async () => {
  const waiting = connect({ socketPath: "/nowhere/agent.sock" });
  const asked = waiting.model("digits").infer({ x });

  waiting.close();

  await expect(asked).rejects.toMatchObject({
    message: "expected an open client, got one that is closed",
  });
});

test("a request of a sequence whose connection broke off is not asked twice, any other is", async () => {
  await using folder = await temporaryFolder();
  const socketPath = folder.inside("agent.sock");
  let heard = 0;
  const dying = createServer((socket) => {
    socket
      .on("error", () => undefined)
      .once("data", () => {
        heard += 1;
        socket.destroy();
      });
  });
  await new Promise<void>((resolve) => dying.listen(socketPath, resolve));
  const model = connect({ socketPath }).model("digits");

  await expect(model.infer({ x }, { sequence: { id: "u1" } })).rejects.toMatchObject({
    code: "UNREACHABLE",
  });

  expect(heard).toBe(1);
  await expect(model.infer({ x }, { timeoutMs: 200 })).rejects.toThrow();
  expect(heard).toBeGreaterThan(2);
  await new Promise((resolve) => dying.close(resolve));
});

test("a request of a sequence waits for an agent that is not there yet", async () => {
  await using folder = await temporaryFolder();
  const socketPath = folder.inside("agent.sock");
  using waiting = connect({ socketPath });

  const asked = waiting.model("digits").infer({ x }, { sequence: { id: "u1", isStart: true } });
  await using agent = await apiFixture({ socketPath });
  await agent.activate(fakeModel({ version: "1.0.0" }));

  expect((await asked).version).toBe("1.0.0");
});

test("many questions leave no listener at the signal of their caller", async () => {
  await fixture.activate(fakeModel({ version: "1.0.0" }));
  const { signal } = new AbortController();

  for (let i = 0; i < 20; i++) await client.model("digits").infer({ x }, { signal });

  expect(getEventListeners(signal, "abort")).toHaveLength(0);
});

test("a body the agent does not take is refused with its words, however large", async () => {
  await fixture.activate(fakeModel({ version: "1.0.0" }));
  const data = new Float32Array(17 * 1024 * 1024);

  const asked = client.model("digits").infer({ x: { data, shape: [data.length / 2, 2] } });

  await expect(asked).rejects.toMatchObject({ code: "TOO_LARGE" });
});
