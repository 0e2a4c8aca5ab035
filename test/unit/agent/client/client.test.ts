import { createServer } from "node:net";
import { SlotName } from "@modelfleet/protocol";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type AgentClient, connect } from "../../../../agent/src/client/index.ts";
import { InferError } from "../../../../agent/src/domain/infer-error.ts";
import { type ApiFixture, apiFixture } from "../../../support/agent/api-fixture.ts";
import {
  type FakeModel,
  type FakeModelOptions,
  fakeModel,
} from "../../../support/agent/fake-model.ts";
import { floatTensor } from "../../../support/agent/floats.ts";
import { eventually } from "../../../support/eventually.ts";
import { temporaryFolder } from "../../../support/temporary-folder.ts";

const x = { data: Float32Array.of(1, 2), shape: [1, 2] };

let fixture: ApiFixture;
let client: AgentClient;
beforeEach(async () => {
  fixture = await apiFixture();
  client = connect(fixture.place as { socketPath: string });
});
afterEach(async () => {
  client.close();
  expect(fixture.defects).toEqual([]);
  await fixture[Symbol.asyncDispose]();
});

async function activate(changes: Partial<FakeModelOptions> = {}): Promise<FakeModel> {
  const model = fakeModel({ version: "1.0.0", ...changes });
  await fixture.activate(model);
  return model;
}

describe("an inference through the client", () => {
  test("gives typed tensors back, and names the release that answered", async () => {
    await activate({ reply: [floatTensor("y", [1, 2], [0.5, -0])] });

    const answer = await client.model("digits").infer({ x }, { id: "a" });

    expect(answer).toEqual({
      model: "digits",
      version: "1.0.0",
      id: "a",
      outputs: { y: { datatype: "FP32", shape: [1, 2], data: Float32Array.of(0.5, -0) } },
      isSequenceReset: false,
    });
  });

  test("sends the bits of a view, not those around it", async () => {
    const model = await activate({ answersAtOnce: false });
    const around = Float32Array.of(9, 1, 2, 9);

    const asked = client
      .model("digits")
      .infer({ x: { data: around.subarray(1, 3), shape: [1, 2] } });
    await eventually(() => model.waiting.length === 1);
    const bytes = Buffer.from(model.waiting[0]?.inputs[0]?.bytes ?? []);
    model.waiting[0]?.answer();
    await asked;

    expect(bytes).toEqual(Buffer.from(Float32Array.of(1, 2).buffer));
  });

  test("asks for the outputs, the version, the key and the sequence it is told", async () => {
    await activate();
    await fixture.router.canary(SlotName.parse("main"), {
      model: fakeModel({ version: "2.0.0", reply: [floatTensor("y", [1, 1], [2])] }),
      weightPercent: 100,
    });
    const sequence = { id: "u1", isStart: true };

    const asked = { outputs: ["y"], requestKey: "cam-3", sequence };
    const stable = await client.model("digits", "stable").infer({ x }, asked);
    const shared = await client.model("digits").infer({ x }, { requestKey: "cam-3" });

    expect([stable.version, shared.version]).toEqual(["1.0.0", "2.0.0"]);
  });

  test("that the agent refuses is an error with the agent's code and words", async () => {
    await activate();
    const wide = { data: Float32Array.of(1, 2, 3), shape: [1, 3] };

    await expect(client.model("digits").infer({ x: wide })).rejects.toMatchObject({
      name: "AgentError",
      code: "BAD_TENSOR",
      message: "input x: expected shape [-1,2], got [1,3]",
    });
    await expect(client.model("cats").infer({ x })).rejects.toMatchObject({
      code: "UNKNOWN_MODEL",
    });
  });

  test("that is one too many is refused at once, with when to come again", async () => {
    const model = await activate({ answersAtOnce: false });
    const asked = client.model("digits").infer({ x });
    await eventually(() => model.waiting.length === 1);

    model.waiting[0]?.fail(new InferError("OVERLOADED", "too many", { retryAfterMs: 40 }));

    await expect(asked).rejects.toMatchObject({ code: "OVERLOADED", retryAfterMs: 40 });
  });

  test("takes no longer than it may", async () => {
    const model = await activate({ answersAtOnce: false });

    const asked = client.model("digits").infer({ x }, { timeoutMs: 60 });

    await expect(asked).rejects.toMatchObject({ code: "DEADLINE_EXCEEDED" });
    model.waiting[0]?.answer();
  });

  test("ends when its caller gives up, with the caller's reason", async () => {
    const model = await activate({ answersAtOnce: false });
    const giveUp = new AbortController();

    const asked = client.model("digits").infer({ x }, { signal: giveUp.signal });
    await eventually(() => model.waiting.length === 1);
    giveUp.abort(new Error("the part has left the belt"));

    await expect(asked).rejects.toThrow("the part has left the belt");
    model.waiting[0]?.answer();
    const aborted = AbortSignal.abort(new Error("too late"));
    await expect(client.model("digits").infer({ x }, { signal: aborted })).rejects.toThrow(
      "too late",
    );
  });
});

describe("while the agent is not there", () => {
  test("an inference waits for it, through a restart and until the model is loaded", async () => {
    await using folder = await temporaryFolder();
    const socketPath = folder.inside("agent.sock");
    using waiting = connect({ socketPath });

    const asked = waiting.model("digits").infer({ x });
    await using agent = await apiFixture({ socketPath });
    await agent.activate(fakeModel({ version: "1.0.0" }));

    expect((await asked).version).toBe("1.0.0");
  });

  test("an inference whose connection breaks off is asked again of the agent that follows", async () => {
    await using folder = await temporaryFolder();
    const socketPath = folder.inside("agent.sock");
    const dying = createServer((socket) => socket.once("data", () => socket.destroy()));
    await new Promise<void>((resolve) => dying.listen(socketPath, resolve));
    using waiting = connect({ socketPath });
    let cuts = 0;
    dying.on("connection", () => {
      cuts += 1;
    });

    const asked = waiting.model("digits").infer({ x });
    await eventually(() => cuts > 1);
    await new Promise((resolve) => dying.close(resolve));
    await using agent = await apiFixture({ socketPath });
    await agent.activate(fakeModel({ version: "1.0.0" }));

    expect((await asked).version).toBe("1.0.0");
  });

  test("it says where it looked, once the time is over", async () => {
    using nobody = connect({ socketPath: "/nowhere/agent.sock", timeoutMs: 80 });

    await expect(nobody.model("digits").infer({ x })).rejects.toMatchObject({
      code: "UNREACHABLE",
      message: "expected the agent at /nowhere/agent.sock, got ENOENT",
    });
    expect(await nobody.ready()).toBe(false);
    expect(await nobody.model("digits").ready()).toBe(false);
  });

  test("a model that is never deployed is told as such, once the time is over", async () => {
    await expect(client.model("digits").infer({ x }, { timeoutMs: 80 })).rejects.toMatchObject({
      code: "NOT_READY",
      message: "no model runs on this device; deploy one",
    });
  });
});

describe("beside inferences", () => {
  test("a model's metadata, readiness, and the agent's status can be asked for", async () => {
    const model = await activate();

    expect(await client.model("digits").metadata()).toEqual({
      name: "digits",
      versions: ["1.0.0"],
      platform: "onnx_onnxruntime",
      inputs: [{ name: "x", datatype: "FP32", shape: [-1, 2] }],
      outputs: [{ name: "y", datatype: "FP32", shape: [-1, 1] }],
    });
    expect(await client.status()).toMatchObject({ device: "cam-0017" });
    expect([await client.ready(), await client.model("digits").ready()]).toEqual([true, true]);
    model.crash();
    await eventually(async () => !(await client.model("digits").ready()));
    expect(await client.ready()).toBe(false);
  });
});

describe("a swap", () => {
  test("is put off through the client, and asked about; a slot nobody has is named", async () => {
    const slot = SlotName.parse("main");
    let deferredMs = 0;
    const denied: string[] = [];
    const status = () => ({ slot, deferredMs, waiting: null });
    await using agent = await apiFixture({
      hasSlot: (name) => name === slot,
      holds: {
        status,
        defer: (_, recheckAfterMs) => {
          deferredMs = recheckAfterMs;
          return status();
        },
        deny: (_, release, reason) => {
          denied.push(`${release.slice(0, 1)} ${reason}`);
          return Promise.resolve(release.startsWith("2"));
        },
      },
    });
    using asking = connect(agent.place as { socketPath: string });

    const put = await asking.defer(200);

    expect([put.deferredMs, (await asking.deferred({ slot: "main" })).deferredMs]).toEqual([
      200, 200,
    ]);
    await expect(asking.defer(200, { slot: "other" })).rejects.toMatchObject({
      code: "NOT_FOUND",
      message: "expected a slot of this device, got other",
    });
    await expect(asking.defer(-1)).rejects.toMatchObject({ code: "FORMAT" });
    await asking.deny("2".repeat(64), { reason: "not now" });
    await expect(asking.deny("3".repeat(64))).rejects.toMatchObject({ code: "NOT_FOUND" });
    await expect(asking.deny("3")).rejects.toMatchObject({ code: "FORMAT" });
    expect(denied).toEqual(["2 not now", "3 an application said no"]);
  });
});
