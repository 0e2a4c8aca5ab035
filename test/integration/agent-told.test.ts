import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { connect } from "../../agent/src/client/index.ts";
import { askHttp } from "../support/agent/ask-http.ts";
import { miniController } from "../support/agent/mini-controller.ts";
import { enrolledFolder, runningAgent } from "../support/agent/running-agent.ts";
import { eventually } from "../support/eventually.ts";
import { parsePrometheusText } from "../support/prometheus-text.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

/** Read by the library while it loads, which in these tests may be this process. */
process.env["ORT_DISABLE_TELEMETRY"] = "1";

const patience = { withinMs: 20_000 };
const x = { data: Float32Array.of(3, 4), shape: [1, 2] };

describe.each(["process", "inline"] as const)("an agent with releases held %s", (isolation) => {
  const stack = new AsyncDisposableStack();
  let agent: Awaited<ReturnType<typeof runningAgent>>;
  let controller: Awaited<ReturnType<typeof miniController>>;
  const confirmed = (release: string) =>
    eventually(
      () =>
        controller.reports.some(({ items }) =>
          items.some((item) => item.step === "confirmed" && item.release === release),
        ),
      patience,
    );

  beforeAll(async () => {
    const folder = stack.use(await temporaryFolder());
    controller = stack.use(await miniController());
    await enrolledFolder(folder.path, controller);
    // Before the agent says its hello, which may be soon: the answer to it is the order.
    const first = controller.release("1.0.0");
    controller.want(first);
    agent = stack.use(await runningAgent(folder.path, 100, { isolation }));
    await confirmed(first);
  });
  afterAll(() => stack.disposeAsync());

  test("answers an application's client, swaps, and tells what holds each release", async () => {
    using client = connect({ socketPath: agent.socketPath });
    const before = await client.model("digits").infer({ x });
    const second = controller.release("2.0.0", {}, 2);
    controller.want(second);
    await controller.order();

    await confirmed(second);
    const after = await client.model("digits").infer({ x });
    const status = await client.status();

    expect([before.version, after.version]).toEqual(["1.0.0", "2.0.0"]);
    expect(after.outputs["y"]?.data).toEqual(x.data);
    expect(status).toMatchObject({
      isolation,
      runtimes: [{ slot: "main", release: second, id: "onnxruntime-node" }],
      queues: [{ slot: "main", waiting: 0, running: 0, max: 64, policy: "reject" }],
    });
    const serving = status.held?.find(({ role }) => role === "serving");
    expect(serving).toMatchObject({ slot: "main", version: "2.0.0", goldenCases: 0 });
    expect(serving?.memoryBytes).toBeGreaterThan(10_000_000);
    expect(agent.events.some(({ event }) => event === "agent.inline")).toBe(isolation === "inline");
  });

  test("keeps the one that serves when the next is refused, and says why to whoever asks", async () => {
    const compat = { classes: ["*"], runtime: "onnxruntime>=9.0", minMemoryMiB: 16 };
    const third = controller.release("3.0.0", { compat });
    controller.want(third);
    await controller.order();
    const asked = { path: "/v2/repository/index", method: "POST" };
    const index = async () => (await askHttp({ socketPath: agent.socketPath }, asked)).json();

    await eventually(async () => {
      expect(await index()).toEqual([
        { name: "digits", version: "2.0.0", state: "READY", reason: "" },
        { name: "digits", version: "1.0.0", state: "UNAVAILABLE", reason: "unloaded" },
        {
          name: "digits",
          version: "3.0.0",
          state: "UNAVAILABLE",
          reason: expect.stringMatching(/^UNSUPPORTED_RUNTIME: .*onnxruntime >=9[.]0/) as string,
        },
      ]);
    }, patience);
    const body = { ready: true };
    const ready = await askHttp({ socketPath: agent.socketPath }, { ...asked, body });
    const load = { path: "/v2/repository/models/digits/load", method: "POST" };
    const refused = await askHttp({ socketPath: agent.socketPath }, load);

    expect(ready.json()).toEqual([
      { name: "digits", version: "2.0.0", state: "READY", reason: "" },
    ]);
    expect([refused.status, refused.headers["modelfleet-error"]]).toEqual([403, "OWNED"]);
  });

  test("counts all of it for monitoring", async () => {
    const bad = await agent.infer([1]);

    const reply = await askHttp({ socketPath: agent.socketPath }, { path: "/metrics" });
    const metrics = parsePrometheusText(reply.bytes.toString());
    const figure = (name: string, labels: object) =>
      metrics
        .find((metric) => metric.name === `modelfleet_${name}`)
        ?.samples.find((sample) =>
          Object.entries(labels).every(([label, value]) => sample.labels[label] === value),
        )?.value;

    expect(bad.status).toBe(400);
    expect(reply.headers["content-type"]).toMatch(/^text\/plain; version=0.0.4/);
    const one = { slot: "main", model: "digits", version: "1.0.0" };
    const two = { ...one, version: "2.0.0" };
    expect(figure("request_success_total", one)).toBe(1);
    expect(figure("request_success_total", two)).toBe(1);
    expect(figure("inference_count", { slot: "main" })).toBe(2);
    expect(figure("execution_count", { slot: "main" })).toBe(2);
    expect(figure("swap_total", { slot: "main", result: "activated" })).toBe(2);
    expect(figure("swap_total", { slot: "main", result: "refused" })).toBe(1);
    expect(figure("swap_prepare_ms", { slot: "main" })).toBeGreaterThan(0);
    expect(figure("runner_restarts_total", { slot: "main" })).toBe(0);
    expect(figure("runner_pss_bytes", two)).toBeGreaterThan(10_000_000);
    expect(figure("standby", { slot: "main" })).toBe(0);
  });
});
