import {
  type FeedbackWindow,
  mainSlot,
  OutputProfile,
  ReleaseDocument,
  Sha256,
} from "@modelfleet/protocol";
import { LabelDesk } from "../../../agent/src/app/feedback/label-desk.ts";
import { parseLabelRequest } from "../../../agent/src/domain/feedback/label-request.ts";
import { rows } from "../telemetry/observations.ts";
import { fixtureFleet } from "../trust-fixtures.ts";
import { manualClock } from "./manual-clock.ts";

export const windowMs = 60_000;

/** An output of three classes in the tensor `y`. */
export function threeClasses(name = "kind", classes = ["good", "worn", "broken"]): OutputProfile {
  return OutputProfile.parse({
    ...{ name, source: { tensor: "y" }, kind: "classification", classes },
    ...{ counts: classes.map(() => 10), confidence: { edges: [0.5], counts: [10, 20] } },
  });
}

/** A release that classifies, as the router names it. */
export function classifier(model = "bearing", version = "1.0.0") {
  const release = Sha256.parse(
    Buffer.from(`${model} ${version}`).toString("hex").padEnd(64, "0").slice(0, 64),
  );
  const document = ReleaseDocument.parse({
    ...{ type: "release", spec: 1, fleet: fixtureFleet, createdAt: "2026-11-01T00:00:00Z" },
    ...{ model, version, securityVersion: 0, format: "onnx", entry: "model.onnx" },
    compat: { classes: ["*"], runtime: "onnxruntime>=1.20", minMemoryMiB: 64 },
    limits: { memoryMiB: 64, loadMs: 1_000, inferMs: 1_000 },
    files: [{ path: "model.onnx", size: 1, sha256: "0".repeat(64) }],
    digest: "0".repeat(64),
    io: {
      inputs: [{ name: "x", dtype: "float32", shape: [-1, 2] }],
      outputs: [{ name: "y", dtype: "float32", shape: [-1, 3] }],
    },
  });
  return { release, document };
}

/** A label desk at a clock that the test moves, and what it told. */
export function labelRig(outputs: readonly OutputProfile[] = [threeClasses()]) {
  const told: FeedbackWindow[] = [];
  const events: Record<string, unknown>[] = [];
  const manual = manualClock();
  const startMs = 1_800_000_000_000;
  let aheadMs = 0;
  const clock = {
    ...manual,
    nowMs: () => startMs + manual.monotonicMs() + aheadMs,
    chance: () => 0,
    randomBytes: (length: number) => new Uint8Array(length),
  };
  const note = (event: Record<string, unknown>) => void events.push(event);
  const desk = new LabelDesk({
    ...{ clock, windowMs, outputsOf: () => outputs, tell: (feedback) => told.push(feedback) },
    log: { info: note, warn: note, error: note },
  });
  const staged = classifier();
  return {
    ...{ desk, clock, told, events, staged, startMs },
    /** The wall clock is set. */
    set: (ms: number) => {
      aheadMs += ms;
    },
    /** The model says these classes, one a row. */
    predict: (id: string, classes: readonly number[], of = staged) => {
      const y = classes.map((best) => [0, 1, 2].map((one) => (one === best ? 0.8 : 0.1)));
      desk.observe({ slot: mainSlot, staged: of, id, outputs: [rows("y", y)] });
    },
    give: (body: object, model = "bearing", version?: string) =>
      desk.give({ model, version, request: parseLabelRequest(body) }),
  };
}
