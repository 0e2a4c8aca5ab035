import type { DeviceFacts, OnnxScan, ReleaseDocument } from "@modelfleet/protocol";
import type { Failure } from "../../domain/install/failure.ts";
import { ReleaseRefused } from "../../domain/release-refused.ts";
import type { Clock } from "../../ports/clock.ts";
import type { FactsSource } from "../../ports/facts-source.ts";
import type { RunnerHost, StagedRelease } from "../../ports/runner-host.ts";
import { scanFile } from "./scan-file.ts";

export interface ScannedHostOptions {
  readonly host: RunnerHost;
  readonly facts: Pick<FactsSource, "read">;
  /** Why no runtime of this device takes a release of this operator set; null when one does. */
  readonly judge: (document: ReleaseDocument, facts: DeviceFacts) => Failure | null;
  readonly clock: Pick<Clock, "monotonicMs">;
}

/**
 * protocol.md 5.9: looks into a model file before any runtime is given it. What is no whole ONNX model, leads to another
 * file, or asks for what no runtime here has, never reaches native code.
 */
export function scannedHost({ host, facts, judge, clock }: ScannedHostOptions): RunnerHost {
  return {
    load: async (staged, signal, purpose) => {
      if (staged.document.format === "onnx") {
        const scan = await scanFile(entryOf(staged), signal, clock);
        const refused = judge(asScanned(staged.document, scan), await facts.read());
        if (refused !== null) throw new ReleaseRefused(refused.code, refused.detail);
      }
      return await host.load(staged, signal, purpose);
    },
  };
}

function asScanned(document: ReleaseDocument, { opset, ir }: OnnxScan): ReleaseDocument {
  return { ...document, compat: { ...document.compat, opset, ir } };
}

function entryOf({ document, files }: StagedRelease): {
  readonly path: string;
  readonly label: string;
} {
  const path = files.get(document.entry);
  if (path !== undefined) return { path, label: document.entry };
  throw new ReleaseRefused("FORMAT", `expected ${document.entry} among its files, got none`);
}
