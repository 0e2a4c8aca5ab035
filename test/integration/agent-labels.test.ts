import { digest8 } from "@modelfleet/protocol";
import { expect, test } from "vitest";
import { connect } from "../../agent/src/client/connect.ts";
import { publishClassifier } from "../support/agent/classifying-release.ts";
import { miniController } from "../support/agent/mini-controller.ts";
import { enrolledFolder, runningAgent } from "../support/agent/running-agent.ts";
import { eventually } from "../support/eventually.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

/** Rows in which the model is sure of these classes. */
function rowsOf(classes: readonly number[]) {
  const chances = classes.map((best) => [0, 1, 2].map((one) => (one === best ? 0.9 : 0.05)));
  return { data: Float32Array.from(chances.flat()), shape: [classes.length, 3] };
}

test("T23: labels that come after their window has closed reach the controller as increments of it, with the detectors' word", async () => {
  await using folder = await temporaryFolder();
  await using controller = await miniController();
  await enrolledFolder(folder.path, controller);
  const release = publishClassifier(controller);
  controller.want(release);
  await using agent = await runningAgent(folder.path);
  await eventually(() => controller.reports.some(({ items }) => items[0]?.step === "confirmed"), {
    withinMs: 20_000,
  });
  using client = connect({ socketPath: agent.socketPath });
  const model = client.model("digits");
  const windows = () => controller.telemetry.flatMap((batch) => batch.windows);
  const feedback = () => controller.telemetry.flatMap((batch) => batch.feedback);

  const classes = Array.from({ length: 600 }, (_, i) => i % 3);
  const { id: early = "" } = await model.infer({ x: rowsOf([1]) });
  const { id: many = "" } = await model.infer({ x: rowsOf(classes) }, { id: "batch 1" });
  await eventually(() => windows().reduce((sum, { requests }) => sum + requests, 0) === 2);
  const firstMs = Math.min(...windows().map(({ startMs }) => startMs));

  expect(many).toBe("batch 1");
  expect(await model.feedback(early, "worn")).toMatchObject({ labelled: 1, errors: 0 });
  await expect(model.feedback("never", 0)).rejects.toMatchObject({ code: "NOT_FOUND" });
  await expect(model.feedback(early, "rusty")).rejects.toMatchObject({ code: "FORMAT" });
  await expect(model.feedback(early, "good")).rejects.toMatchObject({ code: "LABELLED" });
  await expect(client.model("other").feedback(early, 1)).rejects.toMatchObject({
    code: "NOT_FOUND",
  });
  // The first 300 are right, of the others every second is wrong.
  const labels = classes.map((said, i) => (i >= 300 && i % 2 === 0 ? (said + 1) % 3 : said));
  expect(await model.feedback("batch 1", labels)).toMatchObject({ labelled: 600, errors: 150 });
  expect(await model.feedback("batch 1", labels)).toMatchObject({ labelled: 0, isRepeated: true });

  const labelled = () => feedback().reduce((sum, one) => sum + one.labelled, 0);
  await eventually(() => labelled() >= 601);
  expect(labelled()).toBe(601);
  expect(feedback().reduce((sum, one) => sum + one.errors, 0)).toBe(150);
  for (const increment of feedback()) {
    expect(increment).toMatchObject({ slot: "main", release: digest8(release), output: 0 });
    expect(increment.durationMs).toBe(1_000);
  }
  // Both requests fell into one window of a second, or into two that follow each other.
  const starts = feedback().map(({ startMs }) => startMs);
  expect(Math.min(...starts)).toBe(firstMs);
  expect(feedback().flatMap(({ drift }) => drift)).toContain("hddm_a");
  expect(await agent.status()).toMatchObject({
    labels: [{ slot: "main", release, labelled: 601, errors: 150, isDrifting: true }],
  });
});

test("labels that came just before the agent stops are told after it starts again; its predictions are forgotten", async () => {
  await using folder = await temporaryFolder();
  await using controller = await miniController();
  await enrolledFolder(folder.path, controller);
  controller.want(publishClassifier(controller));
  const first = await runningAgent(folder.path, 100, { windowMs: 3_600_000 });
  await eventually(() => controller.reports.some(({ items }) => items[0]?.step === "confirmed"), {
    withinMs: 20_000,
  });
  controller.acknowledge(false);
  // What was not acknowledged comes again, from the same place of its stream.
  const told = () => {
    const batches = controller.telemetry.map(
      (batch) => [`${batch.boot} ${batch.seq}`, batch] as const,
    );
    return [...new Map(batches).values()].flatMap((batch) => batch.feedback);
  };
  {
    using client = connect({ socketPath: first.socketPath });
    const model = client.model("digits");
    await model.infer({ x: rowsOf([1]) }, { id: "a" });
    await model.infer({ x: rowsOf([1]) }, { id: "b" });
    await model.feedback("a", 1);
    await first.close();
  }
  controller.acknowledge(true);
  await using again = await runningAgent(folder.path, 100, { windowMs: 3_600_000 });
  using client = connect({ socketPath: again.socketPath });

  await eventually(() => told().length > 0);
  expect(told()).toMatchObject([{ labelled: 1, errors: 0, durationMs: 3_600_000 }]);
  await eventually(() => client.ready(), { withinMs: 20_000 });
  await expect(client.model("digits").feedback("b", 1)).rejects.toMatchObject({
    code: "NOT_FOUND",
  });
});
