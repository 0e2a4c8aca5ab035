import { join } from "node:path";
import { DIGIT_PIXELS, type Digit } from "./digits.ts";

/** What each version answers to each digit when nothing of ModelFleet is in between: [version][digit] → 10 probabilities. */
export type OfflineAnswers = ReadonlyMap<string, readonly Float32Array[]>;

/**
 * Runs bare ONNX Runtime over the published model files. The runtime must not phone home: it reads
 * ORT_DISABLE_TELEMETRY when it loads, so the caller sets that before this module's first call.
 */
export async function offlineAnswers(
  releasesFolder: string,
  versions: readonly string[],
  digits: readonly Digit[],
): Promise<OfflineAnswers> {
  const { InferenceSession, Tensor } = await import("onnxruntime-node");
  const answers = new Map<string, Float32Array[]>();
  for (const version of versions) {
    const session = await InferenceSession.create(join(releasesFolder, version, "model.onnx"));
    const rows: Float32Array[] = [];
    for (const digit of digits) {
      const output = await session.run({ x: new Tensor("float32", digit.ink, [1, DIGIT_PIXELS]) });
      const data = output["y"]?.data;
      if (!(data instanceof Float32Array))
        throw new TypeError(`expected float32 output y from version ${version}`);
      rows.push(data);
    }
    await session.release();
    answers.set(version, rows);
  }
  return answers;
}
