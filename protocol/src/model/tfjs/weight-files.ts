import * as z from "zod";
import { tfjsLimits } from "../../limits.ts";
import type { ReleaseFile } from "../../trust/release-document.ts";
import { ReleasePath } from "../../units.ts";
import { ModelFormatError } from "../onnx/model-format-error.ts";

/** The release a model belongs to: nothing outside it exists for the model. */
export interface TfjsRelease {
  /** Path of the model file; what it names is beside it. */
  readonly entry: string;
  readonly files: readonly Pick<ReleaseFile, "path" | "size">[];
}

const Weight = z.object({
  name: z.string().min(1).max(tfjsLimits.nameLengthMax),
  shape: z.array(z.int().min(0)).max(tfjsLimits.rankMax),
  dtype: z.enum(["float32", "int32", "bool", "string", "complex64"]),
  quantization: z
    .object({
      dtype: z.enum(["uint8", "uint16", "float16"]),
      scale: z.number().optional(),
      min: z.number().optional(),
    })
    .optional(),
});

export const WeightsManifest = z
  .array(
    z.object({
      paths: z.array(z.string()).min(1).max(tfjsLimits.filesMax),
      weights: z.array(Weight).max(tfjsLimits.weightsMax),
    }),
  )
  .max(tfjsLimits.filesMax);
export type WeightsManifest = z.infer<typeof WeightsManifest>;

const elementBytes = {
  float32: 4,
  int32: 4,
  bool: 1,
  complex64: 8,
  uint8: 1,
  uint16: 2,
  float16: 2,
  /** The length before each; the text itself is not known without the file. */
  string: 4,
} as const;

/**
 * The files of weights a model names, each of which the release lists, and each as long as what is to be read from it.
 *
 * @returns release paths, in the order the model reads them
 * @throws ModelFormatError EXTERNAL_DATA | MODEL_FORMAT
 */
export function weightFiles(manifest: WeightsManifest, release: TfjsRelease): readonly string[] {
  const sizes = new Map<string, number>(release.files.map(({ path, size }) => [path, size]));
  const paths = manifest.map((group) =>
    group.paths.map((path) => listedPath(path, release, sizes)),
  );
  const all = paths.flat();
  if (new Set(all).size !== all.length) {
    throw new ModelFormatError("MODEL_FORMAT", "expected each file of weights once, got one twice");
  }
  const names = manifest.flatMap(({ weights }) => weights.map(({ name }) => name));
  if (new Set(names).size !== names.length) {
    throw new ModelFormatError("MODEL_FORMAT", "expected each weight once, got one twice");
  }
  manifest.forEach((group, i) => {
    const got = (paths[i] ?? []).reduce((sum, path) => sum + (sizes.get(path) ?? 0), 0);
    refuseLength(group, got);
  });
  return all;
}

/**
 * A name is a name: no way out of the folder, no address, nothing that is not signed (cases.md F42).
 * It is never resolved, only looked up among the paths of the release.
 */
function listedPath(
  path: string,
  { entry }: TfjsRelease,
  sizes: ReadonlyMap<string, number>,
): string {
  const label = ReleasePath.safeParse(beside(entry, path));
  if (label.success && label.data !== entry && sizes.has(label.data)) return label.data;
  throw new ModelFormatError(
    "EXTERNAL_DATA",
    `expected weights in files of the release, got ${JSON.stringify(path.slice(0, 80))}: each path of weightsManifest is the name of a file beside the model.json`,
  );
}

/** What would be the path of a file beside the model file. */
export function beside(entry: string, path: string): string {
  return entry.slice(0, entry.lastIndexOf("/") + 1) + path;
}

function refuseLength({ paths, weights }: WeightsManifest[number], got: number): void {
  const expected = weights.reduce((sum, weight) => sum + bytesOf(weight), 0);
  const hasTexts = weights.some((weight) => weight.dtype === "string");
  if (hasTexts ? got >= expected : got === expected) return;
  const least = hasTexts ? "at least " : "";
  const [first = ""] = paths;
  throw new ModelFormatError(
    "MODEL_FORMAT",
    `expected ${least}${expected} bytes of weights in ${first.slice(0, 80)} and those with it, got ${got}: the model.json is of other weights, or a file is cut`,
  );
}

function bytesOf({ shape, dtype, quantization }: z.infer<typeof Weight>): number {
  if (quantization !== undefined) refuseQuantization(dtype, quantization);
  return shape.reduce(
    (product, size) => product * size,
    elementBytes[quantization?.dtype ?? dtype],
  );
}

function refuseQuantization(
  dtype: z.infer<typeof Weight>["dtype"],
  { dtype: stored, scale, min }: NonNullable<z.infer<typeof Weight>["quantization"]>,
): void {
  const isHalf = stored === "float16" && dtype === "float32";
  const isScaled =
    stored !== "float16" &&
    (dtype === "float32" || dtype === "int32") &&
    scale !== undefined &&
    min !== undefined;
  if (isHalf || isScaled) return;
  throw new ModelFormatError(
    "MODEL_FORMAT",
    `expected quantization that says how to read ${dtype} from ${stored}`,
  );
}
