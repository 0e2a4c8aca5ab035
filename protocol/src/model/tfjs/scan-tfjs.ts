import * as z from "zod";
import { ReleasePath } from "../../units.ts";
import { ModelFormatError } from "../onnx/model-format-error.ts";
import type { TensorSpec } from "../tensor-spec.ts";
import { graphIo } from "./graph-io.ts";
import { layersIo, type TfjsOutput } from "./layers-io.ts";
import { beside, type TfjsRelease, WeightsManifest, weightFiles } from "./weight-files.ts";

export type { TfjsOutput } from "./layers-io.ts";
export type { TfjsRelease } from "./weight-files.ts";

/** What a `model.json` of TensorFlow.js says about itself. */
export interface TfjsScan {
  readonly layout: "layers-model" | "graph-model";
  /** Release paths of the files of weights, in the order the model reads them. */
  readonly weightFiles: readonly string[];
  readonly inputs: readonly TensorSpec[];
  readonly outputs: readonly TfjsOutput[];
}

const ModelJson = z.object({
  format: z.enum(["layers-model", "graph-model"]).optional(),
  modelTopology: z.record(z.string(), z.unknown()),
  weightsManifest: WeightsManifest,
  signature: z.unknown().optional(),
  userDefinedMetadata: z.record(z.string(), z.unknown()).optional(),
});

/**
 * Looks into the model file of a release without loading it: whether it names only files of the release, whether these
 * are exactly as long as the weights it declares, and what it takes and gives.
 *
 * @param json the parsed file
 * @throws ModelFormatError EXTERNAL_DATA when it names a file the release does not list; else MODEL_FORMAT
 */
export function scanTfjs(json: unknown, release: TfjsRelease): TfjsScan {
  const parsed = ModelJson.safeParse(json);
  if (!parsed.success) throw misshapen(parsed.error.issues[0]);
  const model = parsed.data;
  // A file without the word is of the days when there were only layers.
  const layout = model.format ?? "layers-model";
  const files = weightFiles(model.weightsManifest, release);
  const io = layout === "graph-model" ? graphIo(model) : layersIo(model.modelTopology);
  return { layout, weightFiles: files, ...io };
}

/** Release paths of what a model file seems to name, for whoever puts its release together; nothing is checked. */
export function namedWeights(json: unknown, entry: string): readonly ReleasePath[] {
  const manifest = PathsOnly.safeParse(json);
  if (!manifest.success) return [];
  const paths = manifest.data.weightsManifest.flatMap((group) => group.paths);
  return paths.flatMap((path) => {
    const label = ReleasePath.safeParse(beside(entry, path));
    return label.success ? [label.data] : [];
  });
}

const PathsOnly = z.object({
  weightsManifest: z.array(z.object({ paths: z.array(z.string()) })),
});

function misshapen(issue: z.core.$ZodIssue | undefined): ModelFormatError {
  const at = issue?.path.join(".").slice(0, 120) ?? "";
  return new ModelFormatError(
    "MODEL_FORMAT",
    `expected a model.json of TensorFlow.js: ${at}${at === "" ? "" : ": "}${issue?.message ?? "?"}`,
  );
}
