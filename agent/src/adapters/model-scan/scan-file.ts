import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { setImmediate as letOthersWork } from "node:timers/promises";
import {
  ModelFormatError,
  type OnnxScan,
  onnxLimits,
  type ReadBytes,
  type RefusalCode,
  scanOnnxSteps,
} from "@modelfleet/protocol";
import { ReleaseRefused } from "../../domain/release-refused.ts";
import { StoreError } from "../../domain/store-error.ts";
import type { Clock } from "../../ports/clock.ts";

const refusalCodes: Readonly<Record<ModelFormatError["code"], RefusalCode>> = {
  MODEL_FORMAT: "FORMAT",
  EXTERNAL_DATA: "EXTERNAL_DATA",
  OPERATOR: "UNSUPPORTED_OPSET",
};

/**
 * Scans a model file in short stretches, between which requests are answered.
 *
 * Its windows are read at once and not by turns of the thread pool: few are needed, for weights are passed over.
 *
 * @throws ReleaseRefused FORMAT | EXTERNAL_DATA | UNSUPPORTED_OPSET
 */
export async function scanFile(
  { path, label }: { readonly path: string; readonly label: string },
  signal: AbortSignal,
  { monotonicMs }: Pick<Clock, "monotonicMs">,
): Promise<OnnxScan> {
  const untilMs = monotonicMs() + onnxLimits.scanMsMax;
  const file = fromDisk(() => openSync(path, "r"));
  try {
    const scanning = scanOnnxSteps(
      fromDisk(() => fstatSync(file).size),
      windowsOf(file),
    );
    for (;;) {
      const step = scanning.next();
      if (step.done === true) return step.value;
      await letOthersWork();
      signal.throwIfAborted();
      if (monotonicMs() > untilMs) throw tooLong(label);
    }
  } catch (cause) {
    if (!(cause instanceof ModelFormatError)) throw cause;
    throw new ReleaseRefused(refusalCodes[cause.code], `${label}: ${cause.message}`, { cause });
  } finally {
    closeSync(file);
  }
}

function windowsOf(file: number): ReadBytes {
  return (offset, length) => {
    const bytes = new Uint8Array(length);
    return bytes.subarray(
      0,
      fromDisk(() => readSync(file, bytes, 0, length, offset)),
    );
  };
}

/** @throws StoreError STORE_FAILED; a disk that fails now says nothing of the release */
function fromDisk<T>(read: () => T): T {
  try {
    return read();
  } catch (cause) {
    const came = cause instanceof Error ? cause.message : "an unknown failure";
    throw new StoreError("STORE_FAILED", `expected to read a model file, got ${came}`, { cause });
  }
}

function tooLong(label: string): ReleaseRefused {
  const limit = `${label}: expected a file that is looked through within ${onnxLimits.scanMsMax} ms`;
  return new ReleaseRefused("FORMAT", `${limit}, got a longer one`);
}
